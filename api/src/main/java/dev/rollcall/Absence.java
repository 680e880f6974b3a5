package dev.rollcall;

/**
 * Why a look-up finds no instance to return, see {@link Snapshot#explain()}. Immutable.
 *
 * @param reason for a program
 * @param text for a person: which service, how many instances are known and in which health, and
 *     how far that can be trusted
 * @since 0.1.0
 */
public record Absence(Reason reason, String text) {

  /**
   * Checks that nothing is null.
   *
   * @param reason as the record says
   * @param text as the record says
   */
  public Absence {
    Arguments.notNull("reason", reason, "");
    Arguments.notNull("text", text, "");
  }

  /**
   * The sorts of reasons. Staleness is not one: a stale state has one of these as well. {@link
   * Snapshot#freshness()} tells of it, and so does the text.
   */
  public enum Reason {
    /** No state was read from the store yet, so nothing is known; the text says why. */
    NOT_LOADED,
    /** The store holds no instance of the service. */
    NOT_REGISTERED,
    /** The service has instances, and the view's filter selects none of them. */
    FILTERED,
    /** There are instances, and none of them passes. */
    NONE_PASSING,
    /** There are passing instances, and each is left out for having failed, for seconds. */
    EJECTED,
    /** There are passing instances, and the caller wants none of these, see {@link Pick}. */
    TRIED
  }

  /** Returns the text. */
  @Override
  public String toString() {
    return text;
  }
}
