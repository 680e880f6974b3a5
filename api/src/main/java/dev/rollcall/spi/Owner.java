package dev.rollcall.spi;

import static java.util.Objects.requireNonNull;

/**
 * Who put an instance into the store, and for which time in a row.
 *
 * @param id a UUID that no other registration has, in any process; empty only in {@link #ANY}
 * @param epoch 1 for the first registration, growing with each re-registration of the same owner
 * @since 0.1.0
 */
public record Owner(String id, long epoch) {
  /** Stands for any owner: what an operator names to remove an instance of another process. */
  public static final Owner ANY = new Owner("", 0);

  /**
   * Checks that the id is not null.
   *
   * @param id as the record says
   * @param epoch as the record says
   */
  public Owner {
    requireNonNull(id, "id");
  }

  /**
   * Tells whether this names the owner of an instance.
   *
   * @param ownerId the id that stands in the store
   * @return true where the ids are equal, and always for {@link #ANY}
   */
  public boolean names(String ownerId) {
    return id.isEmpty() || id.equals(ownerId);
  }
}
