package dev.rollcall.server.consul;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;

/**
 * How much one request's filter may still compute. Regular expressions are RE2's: the time of each
 * grows with the text and the expression, and with nothing else, so that the product of the two is
 * what is counted. Confined to the one evaluation at a time that its request makes.
 */
final class FilterBudget {
  /** Some seconds of one processor. */
  static final long MOST = 100_000_000;

  private static final int LARGEST = 10_000;

  private long spent;

  /**
   * An expression with its size.
   *
   * @param size about how many steps a character takes
   */
  record Expression(Pattern pattern, int size) {}

  /**
   * Reads an expression.
   *
   * @throws IllegalArgumentException with the reason where it is none, or a too large one
   */
  static Expression expression(String text) {
    long size = new Sizes(text).ofAlternatives();
    if (size > LARGEST) {
      throw new IllegalArgumentException("expression nests repetitions too deeply");
    }
    try {
      return new Expression(Pattern.compile(text), (int) size);
    } catch (PatternSyntaxException malformed) {
      throw new IllegalArgumentException(malformed.getMessage(), malformed);
    }
  }

  /** Finds an expression in a text. */
  boolean find(Expression expression, String text) {
    spent += (long) (text.length() + 1) * expression.size();
    if (spent > MOST) {
      throw new RefusedException(
          429, "filter: takes too long (expected: a simpler expression, or fewer instances)");
    }
    return expression.pattern().matcher(text).find();
  }

  /** Estimates how many instructions an expression becomes: what is repeated counts as often. */
  private static final class Sizes {
    private final String text;
    private int at;

    Sizes(String text) {
      this.text = text;
    }

    long ofAlternatives() {
      long all = 1;
      while (at < text.length() && text.charAt(at) != ')') {
        long one = ofOne();
        while (at < text.length() && "{*+?".indexOf(text.charAt(at)) >= 0) {
          one = Math.min(Integer.MAX_VALUE, one * times());
        }
        all = Math.min(Integer.MAX_VALUE, all + one);
      }
      return all;
    }

    private long ofOne() {
      char c = text.charAt(at++);
      if (c == '(') {
        if (text.startsWith("?<", at)) {
          throw new IllegalArgumentException(
              "error parsing regexp: invalid or unsupported Perl syntax: `(?<`");
        }
        long inner = ofAlternatives();
        at++;
        return inner + 2;
      }
      if (c == '[') {
        int end = text.indexOf(']', Math.min(text.length(), at + 1));
        at = end < 0 ? text.length() : end + 1;
        return 2;
      }
      if (c == '\\') {
        at++;
        return 2;
      }
      return 1;
    }

    /** How often the one before is repeated at most, or has to be written out. */
    private long times() {
      if (text.charAt(at) != '{') {
        at++;
        return 1;
      }
      int from = ++at;
      long most = 1;
      long number = 0;
      while (at < text.length() && text.charAt(at) != '}') {
        char c = text.charAt(at++);
        number = c >= '0' && c <= '9' ? Math.min(100_000, number * 10 + (c - '0')) : 0;
        most = Math.max(most, number);
      }
      at++;
      return from < at ? most : 1;
    }
  }
}
