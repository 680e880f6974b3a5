package dev.rollcall.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the guides say of the code is what stands in the code. */
class DocumentsTest {
  private static final Path CHECKOUT = checkout();
  private static final Pattern BLOCK =
      Pattern.compile("^```([a-z]*)\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);
  private static final Pattern LINK =
      Pattern.compile("\\]\\(([^)]+)\\)|^\\[[^\\]]+]: (\\S+)$", Pattern.MULTILINE);
  private static final Pattern WALK =
      Pattern.compile(
          "^### [^\n]*: (\\d+) files[^\n]*\n(.*?)(?=^#|\\z|^\\[Dec)",
          Pattern.MULTILINE | Pattern.DOTALL);
  private static final Pattern STEP =
      Pattern.compile("^\\d\\. .*?(?=^\\d\\. |\\z|^$)", Pattern.MULTILINE | Pattern.DOTALL);
  private static final Pattern LOG_CALL = Pattern.compile("LOG\\s*\\.(info|warn|error)\\(");
  private static final Pattern LOGGED =
      Pattern.compile(
          "LOG\\s*\\.(info|warn|error)\\(\\s*"
              + "(\"(?:[^\"\\\\]|\\\\.)*\"(?:\\s*\\+\\s*\"(?:[^\"\\\\]|\\\\.)*\")*)");
  private static final Pattern TEXT = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"");
  private static final Pattern MESSAGE =
      Pattern.compile("^\\| (\\w+) \\| `[\\w.]+` \\| `([^`]+)` \\|", Pattern.MULTILINE);
  private static final Pattern FILE = Pattern.compile("\\[([A-Z]\\w+)]");

  @ParameterizedTest
  @ValueSource(strings = {"docs/getting-started.md", "docs/write-a-backend.md"})
  void everySnippet_standsInTheCode(String document) throws IOException {
    assertThat(snippetsInTheCode(document)).hasSizeGreaterThan(3);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "docs/how-to-restart-without-errors.md",
        "docs/how-to-test-your-service.md",
        "docs/how-to-use-armeria.md",
        "docs/how-to-use-grpc.md",
        "docs/how-to-use-http.md",
        "docs/how-to-use-several-stores.md",
        "docs/how-to-use-stork.md",
        "docs/migrate-from-consul-client.md",
        "docs/migrate-from-curator.md",
        "docs/migrate-from-jetcd.md",
        "docs/migrate-from-spring-cloud-consul.md",
        "docs/spring-boot.md",
        "test-servers/README.md"
      })
  void everySnippetOfAShortPage_standsInTheCode(String document) throws IOException {
    assertThat(snippetsInTheCode(document)).isNotEmpty();
  }

  private static List<String> snippetsInTheCode(String document) throws IOException {
    List<String> sources =
        sources(
            "examples/src",
            "junit/src/test",
            "backend-consul/src/test",
            "backend-etcd/src/test",
            "it/src/it/curator",
            "it/src/it/shared",
            "integrations/grpc/src/test",
            "integrations/http/src/test",
            "integrations/spring/src/shared-test",
            "integrations/armeria/src/test",
            "integrations/stork/src/test");
    List<String> snippets = blocks(document, "java");
    assertThat(snippets)
        .allSatisfy(
            snippet -> assertThat(sources).as(snippet).anyMatch(source -> holds(source, snippet)));
    return snippets;
  }

  @Test
  void theServiceFile_isAsTheGuideShowsIt() throws IOException {
    assertThat(blocks("docs/write-a-backend.md", "text"))
        .containsExactly(
            read(
                "examples/src/main/resources/META-INF/services/"
                    + "dev.rollcall.spi.BackendProvider"));
  }

  @Test
  void theDependencies_areThoseOfTheReadme() throws IOException {
    assertThat(blocks("docs/getting-started.md", "xml"))
        .containsExactlyElementsOf(blocks("README.md", "xml"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "README.md",
        "docs/getting-started.md",
        "docs/how-to-restart-without-errors.md",
        "docs/how-to-run-the-centre.md",
        "docs/how-to-test-your-service.md",
        "docs/how-to-use-armeria.md",
        "docs/how-to-use-grpc.md",
        "docs/how-to-use-http.md",
        "docs/how-to-use-several-stores.md",
        "docs/how-to-use-stork.md",
        "docs/architecture.md",
        "docs/compatibility.md",
        "docs/logging.md",
        "docs/metrics.md",
        "docs/migrate-from-consul-client.md",
        "docs/migrate-from-curator.md",
        "docs/migrate-from-jetcd.md",
        "docs/migrate-from-spring-cloud-consul.md",
        "docs/spring-boot.md",
        "docs/write-a-backend.md",
        "test-servers/README.md"
      })
  void everyLink_leadsToAFile(String document) throws IOException {
    Path folder = CHECKOUT.resolve(document).resolveSibling("");
    List<String> links =
        LINK.matcher(read(document))
            .results()
            .map(link -> link.group(1) == null ? link.group(2) : link.group(1))
            .filter(link -> !link.startsWith("http"))
            .toList();
    assertThat(links).isNotEmpty();
    assertThat(links)
        .allSatisfy(link -> assertThat(folder.resolve(link.replaceAll("#.*", ""))).exists());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "docs/getting-started.md",
        "docs/how-to-restart-without-errors.md",
        "docs/how-to-run-the-centre.md",
        "docs/how-to-test-your-service.md",
        "docs/how-to-use-armeria.md",
        "docs/how-to-use-grpc.md",
        "docs/how-to-use-http.md",
        "docs/how-to-use-several-stores.md",
        "docs/how-to-use-stork.md",
        "docs/compatibility.md",
        "docs/migrate-from-consul-client.md",
        "docs/migrate-from-curator.md",
        "docs/migrate-from-jetcd.md",
        "docs/migrate-from-spring-cloud-consul.md",
        "docs/spring-boot.md",
        "docs/architecture.md",
        "docs/write-a-backend.md",
        "test-servers/README.md"
      })
  void noLine_isTooLongToRead(String document) throws IOException {
    assertThat(read(document).lines())
        .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(110));
  }

  /** Of the API and the backends; at DEBUG a message is nobody's promise. */
  @Test
  void everyMessageOfTheLog_standsInItsTable() throws IOException {
    Set<String> written = new TreeSet<>();
    for (String source :
        sources(
            "api/src/main",
            "backend-memory/src/main",
            "backend-consul/src/main",
            "backend-etcd/src/main")) {
      for (MatchResult call : LOGGED.matcher(source).results().toList()) {
        String text =
            TEXT.matcher(call.group(2))
                .results()
                .map(it -> it.group(1))
                .collect(Collectors.joining());
        written.add(call.group(1).toUpperCase(Locale.ROOT) + " " + text);
      }
      assertThat(LOG_CALL.matcher(source).results().count())
          .as("each message is a literal in %s", source)
          .isEqualTo(LOGGED.matcher(source).results().count());
    }
    Set<String> told = new TreeSet<>();
    MESSAGE
        .matcher(read("docs/logging.md"))
        .results()
        .forEach(row -> told.add(row.group(1) + " " + row.group(2)));
    assertThat(told).isEqualTo(written);
  }

  @Test
  void eachWalk_passesAsManyFilesAsItSays() throws IOException {
    List<MatchResult> walks = WALK.matcher(read("docs/architecture.md")).results().toList();
    assertThat(walks).hasSize(3);
    for (MatchResult walk : walks) {
      Set<String> files = new TreeSet<>();
      STEP.matcher(walk.group(2))
          .results()
          .flatMap(step -> FILE.matcher(step.group()).results())
          .forEach(file -> files.add(file.group(1)));
      assertThat(files).as(walk.group()).hasSize(Integer.parseInt(walk.group(1)));
    }
  }

  private static boolean holds(String source, String snippet) {
    return IntStream.of(0, 2, 4, 6, 8, 10)
        .mapToObj(by -> snippet.indent(by).replaceAll("(?m) +$", ""))
        .anyMatch(source::contains);
  }

  private static List<String> blocks(String document, String language) throws IOException {
    return BLOCK
        .matcher(read(document))
        .results()
        .filter(block -> block.group(1).equals(language))
        .map(block -> block.group(2))
        .toList();
  }

  private static List<String> sources(String... folders) throws IOException {
    List<String> sources = new ArrayList<>();
    for (String folder : folders) {
      try (Stream<Path> files = Files.walk(CHECKOUT.resolve(folder))) {
        for (Path file : files.filter(it -> it.toString().endsWith(".java")).toList()) {
          sources.add(Files.readString(file));
        }
      }
    }
    return sources;
  }

  private static String read(String document) throws IOException {
    return Files.readString(CHECKOUT.resolve(document));
  }

  private static Path checkout() {
    try {
      Path folder = Path.of("").toRealPath();
      while (!Files.exists(folder.resolve("rollcall"))) {
        folder = folder.getParent();
      }
      return folder;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
