package dev.rollcall.cli;

import java.io.PrintWriter;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import picocli.CommandLine.Help.ColorScheme;

/** Where changes are printed for people, one a line, with the time of day. */
final class ChangeLines {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT);

  private final PrintWriter out;
  private final ColorScheme colors;

  ChangeLines(PrintWriter out, ColorScheme colors) {
    this.out = out;
    this.colors = colors;
  }

  void line(Screen.Mark mark, String subject, String text) {
    String shown = Cells.padded(Cells.safe(subject), 24) + "  " + Cells.safe(text);
    out.println(
        LocalTime.now(ZoneId.systemDefault()).format(TIME)
            + "  "
            + mark.styled(colors, mark.sign() + " " + shown.stripTrailing()));
  }
}
