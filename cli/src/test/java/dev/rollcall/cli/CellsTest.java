package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  @ParameterizedTest
  @ValueSource(ints = {40, 60, 80})
  void table_ofSevenColumns_fits(int width) {
    StringWriter out = new StringWriter();
    String id = "orders-1c2b6a0e-6a0f-4a57-9f0c-1f4d1c9f1a11";
    new Table("ID", "HEALTH", "ADDRESS", "WEIGHT", "ZONE", "TAGS", "METADATA")
        .row(id, "critical", "http://10.11.12.13:8080", "100", "eu-west-1a", "canary", "a=b,c=d")
        .print(new PrintWriter(out), width);

    assertThat(out.toString().lines())
        .allSatisfy(line -> assertThat(Cells.width(line)).isLessThanOrEqualTo(width));
  }

  @Test
  void table_thatIsTooWide_leavesOutWhatHoldsNothing() {
    StringWriter out = new StringWriter();
    new Table("ID", "ADDRESS", "ZONE", "TAGS")
        .row("a", "http://10.11.12.13:8080/some/where", "", "v1")
        .print(new PrintWriter(out), 44);

    assertThat(out.toString())
        .isEqualToNormalizingNewlines(
            """
            ID  ADDRESS                             TAGS
            a   http://10.11.12.13:8080/some/where  v1
            """);
  }
}
