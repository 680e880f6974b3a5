package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SoakCommandTest {
  @TempDir Path folder;

  @Test
  void rightStore_passes_withoutAnyLibraryOfTests() throws Exception {
    String path =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .filter(
                entry -> !entry.matches(".*/(junit-|assertj-|awaitility-|hamcrest|opentest4j).*"))
            .collect(Collectors.joining(File.pathSeparator));
    Path out = folder.resolve("out");
    Process soak =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                path,
                "dev.rollcall.cli.Rollcall",
                "soak",
                "--backend",
                "memory:",
                "--seed",
                "3",
                "--minutes",
                "0.05")
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();

    assertThat(soak.waitFor(2, TimeUnit.MINUTES)).isTrue();
    String said = Files.readString(out);
    assertThat(soak.exitValue()).as(said).isZero();
    assertThat(said)
        .startsWith("seed 3\n")
        .containsPattern("memory:, seed 3: \\d+ s, \\d+ rounds")
        .containsPattern("exact differences +\\d[\\d,]* changes +0 violations")
        .doesNotContain("VIOLATION", "WARN", "Exception");
  }

  @Test
  void brokenStore_isFound_withItsHistory() {
    Run run = Run.of("soak", "--backend", "repeating:", "--seed", "5", "--minutes", "0.05");

    assertThat(run.code()).as(run.out() + run.err()).isEqualTo(1);
    assertThat(run.out())
        .contains("VIOLATION order: ", " updates soak-")
        .contains("Again: ./rollcall soak --backend 'repeating:' --seed 5 --minutes 0.05");
  }

  @Test
  void unavailableStore_isSaid() {
    Run run = Run.of("soak", "--backend", "down:", "--minutes", "0.05");

    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err()).contains("connection refused");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --minutes 0       | --minutes: 0.0 (expected: 0.05-43200)
          --minutes NaN     | --minutes: NaN (expected: 0.05-43200)
          --minutes x       | '--minutes'
          --seed x          | '--seed'
          --backend memry:  | no backend on the class path for "memry:"
          memory:           | unexpected argument "memory:": soak takes none
          """)
  void wrongLine_isUsage(String line, String expected) {
    Run run = Run.of(("soak " + line).split(" "));

    assertThat(run.code()).as(run.out() + run.err()).isEqualTo(2);
    assertThat(run.err()).contains(expected);
  }

  @Test
  void help_namesTheOptions() {
    assertThat(Run.of("--help").out()).contains("soak");
    assertThat(Run.of("soak", "--help").out())
        .contains("--backend=URI", "--seed=N", "--minutes=M", "Exit codes:");
    assertThat(Run.of("completion", "bash").out()).contains("--minutes");
  }
}
