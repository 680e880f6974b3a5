package dev.rollcall.cli;

/** The demo did not see what it should have seen. */
final class DemoException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  DemoException(String message) {
    super(message);
  }
}
