package dev.rollcall.release;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** {@code docs/third-party.md} names the libraries that the published artifacts bring. */
class ThirdPartyTest {
  private static final String DOCUMENT = "docs/third-party.md";

  @Test
  void list_isWhatTheBillsOfMaterialsSay() throws IOException {
    Map<String, Set<String>> users = new TreeMap<>();
    for (String module : Project.MODULES) {
      for (Sbom.Component component : Sbom.read(Project.file(module + "/target/bom.json"))) {
        if (!component.name().startsWith("dev.rollcall:")) {
          String row =
              "| `%s` | %s | %s |"
                  .formatted(component.name(), component.version(), component.licence());
          users.computeIfAbsent(row, key -> new TreeSet<>()).add(Project.name(module));
        }
      }
    }
    StringBuilder table = new StringBuilder();
    users.forEach(
        (row, modules) ->
            table.append(row).append(' ').append(String.join(", ", modules)).append(" |\n"));

    Path document = Project.file(DOCUMENT);
    String written = Files.readString(document);
    Matcher rows = Pattern.compile("(?m)(?:^\\| `.*\n)+").matcher(written);
    String expected = rows.replaceFirst(Matcher.quoteReplacement(table.toString()));
    Path corrected = Project.file("release/target/third-party.md");
    Files.writeString(corrected, expected);
    assertThat(written).as("%s; as it should be: %s", document, corrected).isEqualTo(expected);
  }

  @Test
  void licences_areAllowed() throws IOException {
    for (String module : Project.MODULES) {
      for (Sbom.Component component : Sbom.read(Project.file(module + "/target/bom.json"))) {
        assertThat(component.licence())
            .as("%s, in %s", component.name(), module)
            // That of Go is BSD's with three clauses.
            .matches(".*(Apache-2.0|MIT|BSD|EPL|MPL-2.0|CC0|Go License).*");
      }
    }
  }
}
