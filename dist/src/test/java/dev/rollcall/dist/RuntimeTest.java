package dev.rollcall.dist;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The runtime of the tarball, and its faster start. */
@Tag("long")
class RuntimeTest {
  /**
   * What some jars mention and never need here: java.desktop, for beans in Jackson and
   * commons-lang3 and windows in Micrometer's Log4j; java.compiler, for Vert.x that compiles
   * verticles.
   */
  private static final Set<String> LEFT_OUT = Set.of("java.desktop", "java.compiler");

  @TempDir static Path folder;
  private static Unpacked unpacked;

  @BeforeAll
  static void unpack() throws Exception {
    // No space in its name: JDK 17 keeps no classes from such a place.
    unpacked = Unpacked.in(folder);
  }

  @Test
  void runtime_hasTheModulesThatTheJarsNeed() throws Exception {
    List<String> jdeps =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "jdeps").toString(),
                "--ignore-missing-deps",
                "--multi-release",
                String.valueOf(Runtime.version().feature()),
                "--print-module-deps"));
    try (Stream<Path> files = Files.list(unpacked.file("lib"))) {
      files.map(Path::toString).filter(file -> !file.endsWith("/rollcall.jar")).forEach(jdeps::add);
    }
    Unpacked.Result found = Unpacked.run(new ProcessBuilder(jdeps));
    assertThat(found.code()).as(found.out() + found.err()).isZero();
    Set<String> needed = new TreeSet<>(List.of(found.out().strip().split(",", -1)));
    needed.removeAll(LEFT_OUT);

    Unpacked.Result listed =
        Unpacked.run(unpacked.command(unpacked.file("runtime/bin/java"), "--list-modules"));

    assertThat(
            listed
                .out()
                .lines()
                .map(line -> line.replaceFirst("@.*", ""))
                .collect(Collectors.toSet()))
        .containsAll(needed)
        .contains("jdk.crypto.ec", "jdk.zipfs");
  }

  @Test
  void archive_isUsedFromThenOn() throws Exception {
    Unpacked.Result made = Unpacked.run(unpacked.command(unpacked.file("bin/rollcall-archive")));
    assertThat(made.code()).as(made.out() + made.err()).isZero();
    Path loaded = folder.resolve("loaded");

    Unpacked.Result version =
        unpacked.rollcall(
            Map.of("JDK_JAVA_OPTIONS", "\"-Xlog:class+load:file=" + loaded + "\""), "--version");

    assertThat(version.code()).as(version.err()).isZero();
    assertThat(Files.readString(loaded))
        .contains("dev.rollcall.cli.Rollcall source: shared objects file (top)");
  }
}
