package dev.rollcall;

/**
 * A look-up found no instance to return. The message says why: how many are known, in which health,
 * and how fresh that knowledge is, so that "there is none" and "nothing is known yet" read
 * differently.
 *
 * @since 0.1.0
 */
public final class NoInstanceException extends RegistryException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates a failure.
   *
   * @param message why there is none
   */
  public NoInstanceException(String message) {
    super(Kind.UNAVAILABLE, message, null);
  }
}
