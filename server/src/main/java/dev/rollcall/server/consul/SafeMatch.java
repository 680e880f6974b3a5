package dev.rollcall.server.consul;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

/**
 * Matches expressions that strangers send. Java's engine may take exponential time where Go's does
 * not; here it is cut off after a number of steps, and what has not matched by then does not match.
 */
final class SafeMatch {
  private static final int MAX_STEPS = 100_000;

  private SafeMatch() {}

  static boolean find(Pattern pattern, String text) {
    try {
      return pattern.matcher(new Counted(text, new AtomicInteger())).find();
    } catch (TooManyStepsException | StackOverflowError tooComplex) {
      return false;
    }
  }

  private static final class TooManyStepsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TooManyStepsException() {
      super("too many steps", null, false, false);
    }
  }

  private record Counted(CharSequence text, AtomicInteger steps) implements CharSequence {
    @Override
    public char charAt(int index) {
      if (steps.incrementAndGet() > MAX_STEPS) {
        throw new TooManyStepsException();
      }
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return new Counted(text.subSequence(start, end), steps);
    }

    @Override
    public String toString() {
      return text.toString();
    }
  }
}
