package dev.rollcall.server;

/** The body of a request comes too slowly. */
final class SlowSenderException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  SlowSenderException() {
    super("the body comes too slowly", null, false, false);
  }
}
