package dev.rollcall.cli;

/** What a failure says, on one line. */
final class Sentence {
  private Sentence() {}

  static String of(Throwable failure) {
    String message = failure.getMessage();
    return message == null || message.isBlank()
        ? failure.getClass().getSimpleName()
        : message.strip().replaceAll("\\s*\\R\\s*", "; ");
  }
}
