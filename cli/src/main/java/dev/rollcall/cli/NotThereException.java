package dev.rollcall.cli;

/** What a command was asked for is not in the store. */
final class NotThereException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  NotThereException(String message) {
    super(message);
  }
}
