package dev.rollcall.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.testkit.server.ConsulExtension;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each cell of {@code docs/compatibility.md}: a service of its own registers in a real Consul, and
 * is called by its name, with that version of its framework and on that JDK.
 */
class CompatibilityTest {
  @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();

  private static final Path CHECKOUT =
      Path.of(ConsumerBuilds.property("consumers.sources")).resolve("../../..").normalize();

  static Stream<Arguments> cells() {
    return Stream.of(Framework.values())
        .flatMap(row -> IntStream.of(Framework.JDKS).mapToObj(jdk -> Arguments.of(row, jdk)));
  }

  @Tag("long")
  @ParameterizedTest(name = "{0} on JDK {1}")
  @MethodSource("cells")
  void cell_registersAndIsCalled(Framework row, int jdk) throws Exception {
    Path built = ConsumerBuilds.of(row.consumer);
    String name = row.consumer.project() + "-" + jdk;
    List<String> command = new ArrayList<>(row.consumer.command(built, Jdk.ofVersion(jdk)));
    command.addAll(arguments(row, name));
    Child program =
        Child.run(
            command, built, Map.of(), built.resolve("cell-" + jdk + ".log"), Duration.ofMinutes(8));
    assertThat(program.exitCode()).as("%s", program).isZero();
    assertThat(program.said("CALL")).as("%s", program).isEqualTo(answer(row, name));
    assertThat(Store.CONSUL.entries(consul.endpoint(), name)).isEmpty();
  }

  private static List<String> arguments(Framework row, String name) {
    String uri = "consul://127.0.0.1:" + consul.port();
    return switch (row) {
      case SPRING_BOOT_3, SPRING_BOOT_4 ->
          List.of("--rollcall.uri=" + uri, "--spring.application.name=" + name, "--once=true");
      case QUARKUS_STORK -> List.of(uri, uri + "/" + name, name, "PT1S");
      default -> List.of(uri, name);
    };
  }

  private static String answer(Framework row, String name) {
    return switch (row) {
      case SPRING_BOOT_3, SPRING_BOOT_4 -> name + " on rollcall";
      case QUARKUS_STORK -> "hello";
      default -> "hello " + name;
    };
  }

  @Test
  void table_hasTheCellsThatAreTested() throws IOException {
    String document = Files.readString(CHECKOUT.resolve("docs/compatibility.md"));
    List<String> rows =
        Pattern.compile("^\\| .*$", Pattern.MULTILINE)
            .matcher(document)
            .results()
            .map(MatchResult::group)
            .toList();
    String jdks =
        IntStream.of(Framework.JDKS)
            .mapToObj(jdk -> "JDK " + jdk)
            .collect(Collectors.joining(" | "));
    List<String> expected = new ArrayList<>();
    expected.add("| module | framework | " + jdks + " | in each build |");
    for (Framework row : Framework.values()) {
      expected.add(
          "| `%s` | %s | %s%s |"
              .formatted(
                  row.module,
                  row.versions,
                  "tested | ".repeat(Framework.JDKS.length),
                  row.pinned.isEmpty() ? "" : "yes"));
    }
    assertThat(rows).isEqualTo(expected);
  }

  @Test
  void versions_areThoseOfTheConsumers() throws IOException {
    for (Framework row : Framework.values()) {
      String pom =
          Files.readString(CHECKOUT.resolve("it/src/it/" + row.consumer.project() + "/pom.xml"));
      for (MatchResult version :
          Pattern.compile("\\d+\\.\\d+\\.\\d+").matcher(row.versions).results().toList()) {
        assertThat(pom).as("%s", row).contains("<version>" + version.group() + "</version>");
      }
      assertThat(pom).as("%s", row).contains("<artifactId>" + row.module + "</artifactId>");
    }
  }

  @Test
  void eachModule_hasOneRowThatEachBuildTests() throws IOException {
    Set<String> modules = new TreeSet<>();
    for (Framework row : Framework.values()) {
      if (!row.pinned.isEmpty()) {
        assertThat(Files.readString(CHECKOUT.resolve(row.pom))).as("%s", row).contains(row.pinned);
        assertThat(modules.add(row.module)).as("%s", row).isTrue();
      }
    }
    assertThat(modules)
        .isEqualTo(
            Arrays.stream(Framework.values())
                .map(row -> row.module)
                .collect(Collectors.toCollection(TreeSet::new)));
  }
}
