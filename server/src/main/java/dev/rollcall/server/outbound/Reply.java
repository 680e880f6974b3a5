package dev.rollcall.server.outbound;

/**
 * How a call ended. It says what a caller must know to go on, and no more: why exactly a target did
 * not answer could tell a stranger about networks that are not its own.
 *
 * @param end how
 * @param status the HTTP status where the target answered, 0 elsewhere; of a gRPC check 200 where
 *     the target serves, and 503 where it answered anything else
 * @since 0.1.0
 */
public record Reply(End end, int status) {
  static final Reply CONNECTED = new Reply(End.ANSWERED, 0);
  static final Reply SERVING = new Reply(End.ANSWERED, 200);
  static final Reply NOT_SERVING = new Reply(End.ANSWERED, 503);
  static final Reply REFUSED = new Reply(End.REFUSED, 0);
  static final Reply NOT_SENT = new Reply(End.NOT_SENT, 0);
  static final Reply UNCERTAIN = new Reply(End.UNCERTAIN, 0);

  /** How a call can end. */
  public enum End {
    /** The target answered, with whatever status, or accepted the connection. */
    ANSWERED,
    /** The policy forbids the call; nothing was sent. */
    REFUSED,
    /** No connection came about; nothing was sent. */
    NOT_SENT,
    /** The target may have got the request, but did not answer in time, or not to the end. */
    UNCERTAIN
  }

  /**
   * Tells whether the target answered with a status.
   *
   * @param expected the status
   * @return whether it did
   */
  public boolean is(int expected) {
    return end == End.ANSWERED && status == expected;
  }
}
