package dev.rollcall.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class ReportTest {
  @TempDir Path temp;
  private final Result run = Recorded.run();

  @Test
  @DisplayName("The page is well-formed and shows what it was given as text, not as markup")
  void page_isWellFormedAndEscaped() throws Exception {
    Document page = page();
    assertThat(page.getElementsByTagName("b").getLength()).isZero();
    assertThat(page.getDocumentElement().getTextContent())
        .contains(Recorded.HOSTILE)
        .contains("it <failed>");
  }

  @Test
  @DisplayName("The page needs nothing from outside")
  void page_standsAlone() throws Exception {
    assertThat(page().getElementsByTagName("script").getLength()).isZero();
    assertThat(new Report(run, null).html())
        .doesNotContain("src=", "href=", "url(", "@import")
        .contains("prefers-color-scheme:dark");
  }

  @Test
  @DisplayName("Each row of the goal table is on the page, and each that was missed is marked")
  void page_marksWhatWasMissed() throws Exception {
    String html = new Report(run, null).html();
    for (Goal goal : Goals.table()) {
      assertThat(html).contains("<td>" + Report.escape(goal.row()) + "</td>");
    }
    long missed = run.outcomes().stream().filter(o -> o.verdict() == Verdict.MISSED).count();
    assertThat(missed).isPositive();
    assertThat(html.split("<td class=\"missed\"", -1)).hasSize((int) missed + 1);
    assertThat(html.split("<g class=\"missed\"", -1)).hasSize((int) missed + 1);
    // Three groups were run, and four charts have something in them.
    assertThat(page().getElementsByTagName("svg").getLength()).isEqualTo(7);
  }

  @Test
  @DisplayName("What is known to have changed since a former run is told, and nothing else")
  void page_tellsWhatHasChanged() throws Exception {
    Path file = Files.writeString(temp.resolve("results.json"), Json.report(run));
    assertThat(new Report(run, Kept.read(file)).html()).contains("No row is known to have changed");

    String other =
        Files.readString(file)
            .replace(
                "\"ratio\":3.0000,\"low\":3.0000,\"high\":3.0000",
                "\"ratio\":2.0000,\"low\":1.9000,\"high\":2.1000");
    Kept kept = Kept.read(Files.writeString(file, other));
    assertThat(new Report(run, kept).html())
        .contains("<li class=\"more\">pick by name: 2 → 3, missed</li>")
        .doesNotContain("<li class=\"more\">list")
        .doesNotContain("<li class=\"less\">");
  }

  @Test
  @DisplayName("A line of the goals file is JSON; a row that was not run is not called met")
  void goalLines_areJson() throws Exception {
    ObjectMapper json = new ObjectMapper();
    for (var outcome : run.outcomes()) {
      JsonNode line = json.readTree(Json.line(outcome));
      assertThat(Json.line(outcome)).doesNotContain("\n");
      assertThat(line.get("row").asText()).isEqualTo(outcome.goal().row());
      assertThat(line.get("goal").asDouble()).isEqualTo(outcome.goal().atMost());
      assertThat(line.get("ratio").isNull()).isEqualTo(!outcome.wasRun());
      assertThat(line.get("met").asText())
          .isEqualTo(
              switch (outcome.verdict()) {
                case MET -> "true";
                case MISSED -> "false";
                case UNDECIDED, NOT_RUN -> "null";
              });
      assertThat(line.get("verdict").asText()).isEqualToIgnoringCase(outcome.verdict().text);
      assertThat(line.has("notRun")).isEqualTo(!outcome.wasRun());
      assertThat(line.get("low").isNull()).isEqualTo(!outcome.interval().isBounded());
    }
  }

  @Test
  @DisplayName("The JSON report holds the machine, all rows, all measurements and what failed")
  void jsonReport_isComplete() throws Exception {
    JsonNode report = new ObjectMapper().readTree(Json.report(run));
    assertThat(report.get("machine").asText()).contains(Recorded.HOSTILE);
    assertThat(report.get("goals")).hasSize(Goals.table().size());
    assertThat(report.get("measurements")).hasSize(run.measurements().size());
    assertThat(report.get("failures").get(0).asText()).isEqualTo(run.failures().get(0));
  }

  @Test
  @DisplayName("The table on the terminal marks what was missed")
  void table_marksWhatWasMissed() {
    StringWriter out = new StringWriter();
    Table.print(run, new PrintWriter(out));
    assertThat(out.toString().lines().filter(line -> line.startsWith("  pick by name  ")))
        .singleElement()
        .asString()
        .contains("MISSED", "3");
    assertThat(out.toString())
        .contains("not run", "FAILED a case", "1 undecided")
        .doesNotContain("watch, etcd"); // of that group nothing was run
  }

  private Document page() throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(
            new InputSource(
                new StringReader(new Report(run, null).html().replace("<!DOCTYPE html>", ""))));
  }
}
