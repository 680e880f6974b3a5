package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class CellsTest {

  @Test
  void safe_showsWhatATerminalWouldObey() {
    assertThat(Cells.safe("a\u001b[2J\n\u202e\u2028\ud800z"))
        .isEqualTo("a\\u001b[2J\\u000a\\u202e\\u2028\\ud800z");
    assertThat(Cells.safe("grün 日本 👩\u200d🚀")).isEqualTo("grün 日本 👩\u200d🚀");
  }

  @Test
  void width_countsColumns() {
    assertThat(Cells.width("日本")).isEqualTo(4);
    assertThat(Cells.width("e\u0301")).isEqualTo(1);
    assertThat(Cells.cut("日本語", 5)).isEqualTo("日本…");
    assertThat(Cells.cut("abc", 3)).isEqualTo("abc");
  }

  @Test
  void table_cutsItsWidestColumnToTheScreen() {
    StringWriter out = new StringWriter();
    new Table("ID", "VALUE")
        .row("日", "x".repeat(100))
        .row("abc", "")
        .print(new PrintWriter(out), 40);

    assertThat(out.toString())
        .isEqualToNormalizingNewlines("ID   VALUE\n日   " + "x".repeat(34) + "…\nabc\n");
  }
}
