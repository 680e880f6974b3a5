package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.Help.Ansi;

class CommandLineTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          demmo           | unknown command "demmo"; did you mean "demo"? commands: demo, services
          Demo            | unknown command "Demo"; did you mean "demo"? commands: demo, services
          elephant        | unknown command "elephant"; commands: demo, services
          watch nodez     | unknown command "nodez"; did you mean "nodes"? commands:
          services x      | unexpected argument "x": services takes none
          instances a b   | unexpected argument "b"
          demo --bakend x | unknown option "--bakend"; did you mean "--backend"?
          demo memory:    | unexpected argument "memory:": demo takes none
          """)
  void wrongWord_saysWhichWasMeant(String line, String expected) {
    Run run = Run.of(line.split(" "));

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).startsWith("rollcall: " + expected).contains("--help");
  }

  @Test
  void noCommand_printsUsageToStderr() {
    Run run = Run.of();

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains("Usage: rollcall", "demo");
  }

  @Test
  void missingValue_printsUsageToStderr() {
    Run run = Run.of("demo", "--backend");

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains("--backend", "Usage: rollcall demo");
  }

  @Test
  void help_namesCommandsAndExitCodes() {
    Run run = Run.of("--help");

    assertThat(run.code()).isZero();
    assertThat(run.err()).isEmpty();
    assertThat(run.out())
        .contains(
            "demo",
            "Exit codes:",
            "0       it went well",
            "1       something failed",
            "2       the comm");
  }

  @Test
  void helpOfDemo_namesItsOptions() {
    assertThat(Run.of("demo", "--help").out()).contains("--backend=URI", "--deadline=SECONDS");
  }

  @Test
  void version_namesProjectAndJava() {
    Run run = Run.of("--version");

    assertThat(run.code()).isZero();
    assertThat(run.out())
        .matches("rollcall \\S+ \\(Java " + Pattern.quote("" + Runtime.version()) + "\\)\\R");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          memry:       | no backend on the class path for "memry:"
          memory:?x=1  | unknown option "x"
          no uri       | uri:
          """)
  void wrongBackend_isAWrongCommandLine(String uri, String expected) {
    Run run = Run.of("demo", "--backend", uri);

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).startsWith("rollcall: ").contains(expected).hasLineCount(1);
  }

  @Test
  void verbose_addsTheStackTrace() {
    Run run = Run.of("demo", "--backend", "memry:", "--verbose");

    assertThat(run.err()).contains("\tat dev.rollcall.");
  }

  @Test
  void colours_onlyWhereTheTerminalHasThem() {
    assertThat(Run.of(Ansi.ON, "--help").out()).contains("\u001B[");
    assertThat(Run.of(Ansi.OFF, "--help").out()).doesNotContain("\u001B[");
  }
}
