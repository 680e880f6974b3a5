package dev.rollcall.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Help.Ansi.IStyle;
import picocli.CommandLine.Help.Ansi.Style;
import picocli.CommandLine.Help.ColorScheme;

/**
 * Where a command prints: in aligned columns, at most 100 wide, coloured where the terminal can.
 * Thread-safe: a line is printed whole.
 */
final class Screen {
  /** What a line is about, which decides its mark and its colour. */
  enum Mark {
    ADDED("+", Style.fg_green),
    UPDATED("~", Style.fg_yellow),
    REMOVED("-", Style.fg_red),
    TRUST("!", Style.fg_magenta),
    LISTED(" ", Style.reset);

    private final String sign;
    private final Style color;

    Mark(String sign, Style color) {
      this.sign = sign;
      this.color = color;
    }

    String sign() {
      return sign;
    }

    String styled(ColorScheme colors, String text) {
      return colors.apply(text, List.of(color)).toString();
    }
  }

  private final PrintWriter out;
  private final ColorScheme colors;

  Screen(PrintWriter out, ColorScheme colors) {
    this.out = out;
    this.colors = colors;
  }

  /** Begins a part, after an empty line. */
  synchronized void heading(String title, String... lines) {
    out.println();
    String before = styled(String.format("%-12s", title), Style.bold);
    for (String line : lines) {
      out.println(before + styled(line, Style.faint));
      before = " ".repeat(12);
    }
    out.flush();
  }

  synchronized void text(String text) {
    out.println(text);
    out.flush();
  }

  /** A line about something that has happened, with how long it took. */
  synchronized void event(Mark mark, String subject, String text, long nanos) {
    String line = String.format(Locale.ROOT, "%-11s  %-64s", subject, text);
    String time = String.format(Locale.ROOT, "%,10.1f ms", nanos / 1e6);
    out.println(
        "  " + styled(mark.sign + " " + line, mark.color) + " " + styled(time, Style.faint));
    out.flush();
  }

  /** A line about something that has happened by itself. */
  synchronized void event(Mark mark, String subject, String text) {
    out.println("  " + styled(String.format("%s %-11s  %s", mark.sign, subject, text), mark.color));
    out.flush();
  }

  /** The last line, which says how it went. */
  synchronized void result(boolean good, String text) {
    out.println();
    out.println(styled(text, Style.bold, good ? Style.fg_green : Style.fg_red));
    out.flush();
  }

  private String styled(String text, IStyle... styles) {
    return colors.apply(text, List.of(styles)).toString();
  }
}
