package dev.rollcall.cli;

/**
 * The terminal that standard output goes to. Java cannot tell on all its versions whether there is
 * one, so the launcher does: it sets {@code COLUMNS} where there is, and unsets it elsewhere.
 */
final class Terminal {
  private static final int MIN_WIDTH = 40;

  private Terminal() {}

  static boolean isThere() {
    return width() < Integer.MAX_VALUE;
  }

  /** Returns the width; what goes into a file or a pipe has no bound, and is never cut. */
  static int width() {
    String columns = System.getenv("COLUMNS");
    return columns != null && columns.matches("[0-9]{1,4}")
        ? Math.max(MIN_WIDTH, Integer.parseInt(columns))
        : Integer.MAX_VALUE;
  }
}
