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

  /** The reason; the message is the text. */
  private final Absence.Reason reason;

  /**
   * Creates a failure.
   *
   * @param why why there is none; its text is the message
   */
  public NoInstanceException(Absence why) {
    super(Kind.UNAVAILABLE, why.text(), null);
    this.reason = why.reason();
  }

  /**
   * Returns why there is none.
   *
   * @return the same as {@link Snapshot#explain()} says
   */
  public Absence why() {
    return new Absence(reason, String.valueOf(getMessage()));
  }
}
