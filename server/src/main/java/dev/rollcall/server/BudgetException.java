package dev.rollcall.server;

/**
 * A client asks for more memory than it may hold. The message is a sentence for the client.
 *
 * @since 0.1.0
 */
public final class BudgetException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Of the answer over HTTP. */
  private final int status;

  BudgetException(int status, String message) {
    super(message, null, false, false);
    this.status = status;
  }

  /**
   * Returns the status that says so over HTTP.
   *
   * @return 413 where it never fits, 429 where it would with less held
   */
  public int status() {
    return status;
  }

  /**
   * Returns the sentence.
   *
   * @return a text of one line
   */
  public String sentence() {
    return String.valueOf(getMessage());
  }
}
