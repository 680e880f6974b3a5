package dev.rollcall.release;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Each public type says since which release it is there, as {@code docs/stability.md} promises; the
 * engine's are not exported.
 */
class SinceTest {
  /** The Javadoc, then annotations, then the declaration, all at the line's start. */
  private static final Pattern DECLARATION =
      Pattern.compile(
          "(?m)^public (?:(?:abstract|final|sealed|non-sealed) )*"
              + "(?:class|interface|record|enum|@interface) ");

  private static final Pattern SINCE = Pattern.compile("@since \\d+\\.\\d+\\.\\d+\\s");

  @Test
  void publicTypes_sayTheirFirstRelease() throws IOException {
    List<Path> missing = new ArrayList<>();
    int types = 0;
    for (String module : Project.MODULES) {
      for (Path file : Project.filesBelow(Project.file(module + "/src/main/java"))) {
        String source = Files.readString(file);
        Matcher declaration = DECLARATION.matcher(source);
        if (declaration.find() && !source.startsWith("package dev.rollcall.engine;")) {
          types++;
          if (!SINCE.matcher(javadocBefore(source, declaration.start())).find()) {
            missing.add(file);
          }
        }
      }
    }
    assertThat(missing).as("public types without @since").isEmpty();
    assertThat(types).isGreaterThan(100);
  }

  /**
   * None that belongs to something else: between the two there are annotations and nothing more.
   */
  private static String javadocBefore(String source, int declaration) {
    int begin = source.lastIndexOf("\n/**", declaration);
    int end = begin < 0 ? -1 : source.indexOf("*/", begin);
    return end < 0
            || end > declaration
            || !source.substring(end + 2, declaration).matches("(?s)\\s*(@.*)?")
        ? ""
        : source.substring(begin, end);
  }
}
