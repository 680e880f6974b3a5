package dev.rollcall.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class ReportTest {
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
    assertThat(new Report(run).html())
        .doesNotContain("src=", "href=", "url(", "@import")
        .contains("prefers-color-scheme:dark");
  }

  @Test
  @DisplayName("Each row of the goal table is on the page, and each that was missed is marked")
  void page_marksWhatWasMissed() throws Exception {
    String html = new Report(run).html();
    for (Goal goal : Goals.table()) {
      assertThat(html).contains("<td>" + Report.escape(goal.row()) + "</td>");
    }
    long missed = run.outcomes().stream().filter(o -> o.wasRun() && !o.met()).count();
    assertThat(missed).isPositive();
    assertThat(html.split("class=\"missed\"", -1)).hasSize((int) missed + 1);
    assertThat(page().getElementsByTagName("svg").getLength()).isEqualTo(4);
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
      if (outcome.wasRun()) {
        assertThat(line.get("met").asBoolean()).isEqualTo(outcome.met());
      } else {
        assertThat(line.get("met").isNull()).isTrue();
        assertThat(line.get("notRun").asText()).isNotEmpty();
      }
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
    assertThat(out.toString()).contains("not run", "FAILED a case");
  }

  private Document page() throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(
            new InputSource(
                new StringReader(new Report(run).html().replace("<!DOCTYPE html>", ""))));
  }
}
