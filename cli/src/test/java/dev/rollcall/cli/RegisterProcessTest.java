package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Registry;
import dev.rollcall.testkit.server.EtcdExtension;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code register} as a process: signals and exit codes. */
class RegisterProcessTest {
  @RegisterExtension static final EtcdExtension etcd = EtcdExtension.version("3.5");

  @TempDir Path folder;
  private String store;

  @BeforeEach
  void freshStore() {
    store = "etcd://127.0.0.1:" + etcd.port() + "/cli-" + UUID.randomUUID();
  }

  /** A shell gives what it starts in the background an ignored SIGINT, and the tests with it. */
  static List<String> signals() throws IOException {
    List<String> signals = new ArrayList<>(List.of("TERM"));
    Path status = Path.of("/proc/self/status");
    boolean ignored =
        Files.exists(status)
            && Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .anyMatch(line -> new BigInteger(line.substring(7).strip(), 16).testBit(1));
    if (!ignored) {
      signals.add("INT");
    }
    return signals;
  }

  @ParameterizedTest
  @MethodSource("signals")
  void signal_deregistersThenReachesTheProgram(String signal) throws Exception {
    String script =
        "trap 'echo has got TERM; exit 5' TERM; trap 'echo has got INT; exit 6' INT;"
            + " echo running; while :; do sleep 0.1; done";
    try (Registry witness = Registry.open(store);
        Program program =
            Program.start(
                folder, store, "register", "orders", "--port=1", "--", "bash", "-c", script)) {
      program.awaitOut("running");
      assertThat(witness.snapshot("orders").join().instances()).hasSize(1);

      program.signal(signal);

      assertThat(program.exitCode()).isEqualTo(signal.equals("TERM") ? 5 : 6);
      assertThat(program.out()).contains("has got " + signal);
      assertThat(witness.snapshot("orders").join().all()).isEmpty();
    }
  }

  @ParameterizedTest
  @MethodSource("signals")
  void signalWithoutProgram_deregistersAndEnds(String signal) throws Exception {
    try (Registry witness = Registry.open(store);
        Program program = Program.start(folder, store, "register", "orders", "--port=1")) {
      program.awaitErr("registered orders/");

      program.signal(signal);

      assertThat(program.exitCode()).isEqualTo(signal.equals("TERM") ? 143 : 130);
      assertThat(witness.snapshot("orders").join().all()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"exit 7, 7", "kill -9 $$, 137", "exec /nowhere/at/all, 127"})
  void program_decidesTheExitCode(String script, int code) throws Exception {
    Run run =
        Program.run(folder, store, "register", "orders", "--port=1", "--", "sh", "-c", script);

    assertThat(run.code()).as(run.err()).isEqualTo(code);
  }

  @Test
  void programThatIsNotThere_is127AndLeavesNothing() throws Exception {
    Run run = Program.run(folder, store, "register", "orders", "--port=1", "--", "/nowhere", "@x");

    assertThat(run.code()).isEqualTo(127);
    assertThat(run.err()).contains("/nowhere");
    try (Registry witness = Registry.open(store)) {
      assertThat(witness.snapshot("orders").join().all()).isEmpty();
    }
  }

  /** The store is down: a command that asked it first would wait, and fail. */
  @ParameterizedTest
  @CsvSource({"/nowhere, 127", "no-such-program-anywhere, 127", "/dev/null, 126", "/, 126"})
  void programThatCannotBeStarted_isNotRegistered(String program, int code) throws Exception {
    Run run =
        Program.run(folder, "etcd://127.0.0.1:1", "register", "orders", "--port=1", "--", program);

    assertThat(run.code()).as(run.err()).isEqualTo(code);
    assertThat(run.err()).startsWith("rollcall: " + program + ": ").hasLineCount(1);
  }

  @Test
  void argumentsOfTheProgram_arePassedAsTheyAre() throws Exception {
    Run run =
        Program.run(
            folder, store, "register", "o", "--port=1", "--", "printf", "%s|", "--", "@f", "a b");

    assertThat(run.out()).isEqualTo("--|@f|a b|");
  }
}
