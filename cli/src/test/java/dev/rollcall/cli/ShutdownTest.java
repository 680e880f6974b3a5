package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.testkit.server.ConsulExtension;
import dev.rollcall.testkit.server.EtcdExtension;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code closeOnShutdown()} in processes that are killed. Leases are so long that what is gone was
 * deregistered, but for those that SIGKILL leaves.
 */
class ShutdownTest {
  @RegisterExtension static final EtcdExtension etcd = EtcdExtension.version("3.5");
  @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();
  @TempDir static Path folder;

  private static Program centre;
  private static String centrePort;

  /** Where the program registers. The centre keeps its instances in memory. */
  enum Store {
    ETCD,
    CONSUL,
    CENTRE;

    String uri() {
      return switch (this) {
        case ETCD -> "etcd://127.0.0.1:" + etcd.port() + "/leaving-" + UUID.randomUUID();
        case CONSUL -> "consul://127.0.0.1:" + consul.port();
        case CENTRE -> "consul://127.0.0.1:" + centrePort;
      };
    }
  }

  @BeforeAll
  static void startCentre() throws Exception {
    centre = Program.start(folder, "", "serve", "--port=0");
    centre.awaitOut("rollcall: ready at ");
    Matcher ready = Pattern.compile("127\\.0\\.0\\.1:(\\d+)").matcher(centre.out());
    assertThat(ready.find()).isTrue();
    centrePort = ready.group(1);
  }

  @AfterAll
  static void stopCentre() {
    centre.close();
  }

  /** Consul and the centre are shared, and keep the dead for a minute. */
  @AfterEach
  void removeTheDead() {
    for (Store store : List.of(Store.CONSUL, Store.CENTRE)) {
      try (Registry registry = Registry.open(store.uri())) {
        registry
            .snapshot("orders")
            .join()
            .all()
            .forEach(instance -> registry.deregister(instance.key()).join());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void termAndInt_deregister(Store store) throws Exception {
    for (String signal : RegisterProcessTest.signals()) {
      String uri = store.uri();
      try (Registry witness = Registry.open(uri);
          Program program = start(uri, 60, "signal")) {
        assertThat(passing(witness)).containsExactly("o1");

        program.signal(signal);

        assertThat(program.exitCode()).as(program::toString).isEqualTo(codeOf(signal));
        assertThat(witness.snapshot("orders").join().all()).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void kill_leavesTheInstanceToItsLease(Store store) throws Exception {
    String uri = store.uri();
    try (Registry witness = Registry.open(uri);
        Program program = start(uri, 10, "signal")) {
      program.signal("KILL");

      assertThat(program.exitCode()).isEqualTo(137);
      Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> passing(witness).isEmpty());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"signal", "own-hook", "two-registries"})
  void term_besideOtherHooks_deregistersAll(String ending) throws Exception {
    String uri = Store.ETCD.uri();
    try (Registry witness = Registry.open(uri);
        Program program = start(uri, 60, ending)) {
      assertThat(passing(witness)).hasSize(ending.equals("two-registries") ? 2 : 1);

      program.signal("TERM");

      assertThat(program.exitCode()).as(program::toString).isEqualTo(143);
      assertThat(passing(witness)).isEmpty();
      assertThat(program.err()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"exit-while-closing", "exit-in-listener", "end"})
  void endOfTheProgram_deregisters(String ending) throws Exception {
    String uri = Store.ETCD.uri();
    try (Registry witness = Registry.open(uri);
        Program program =
            Program.startMain(folder, "", Leaver.class.getName(), uri, "60", ending)) {
      assertThat(program.exitCode()).as(program::toString).isZero();
      assertThat(passing(witness)).isEmpty();
      assertThat(program.err()).isEmpty();
    }
  }

  @Test
  void registryWithoutTheHook_staysAfterTheOneThatWasClosed() throws Exception {
    String uri = Store.ETCD.uri();
    try (Registry witness = Registry.open(uri);
        Program program = start(uri, 60, "closed-before")) {
      program.signal("TERM");

      assertThat(program.exitCode()).isEqualTo(143);
      assertThat(passing(witness)).containsExactly("o1");
      assertThat(program.err()).isEmpty();
    }
  }

  @Test
  void openingDuringShutdown_saysSo() throws Exception {
    String uri = Store.ETCD.uri();
    try (Registry witness = Registry.open(uri);
        Program program = start(uri, 60, "late")) {
      program.signal("TERM");

      assertThat(program.exitCode()).as(program::toString).isEqualTo(143);
      assertThat(program.out())
          .contains("closeOnShutdown: the JVM is shutting down (expected: opened before)")
          .contains("opened and closed");
      assertThat(passing(witness)).isEmpty();
    }
  }

  private static Program start(String uri, int seconds, String ending) throws Exception {
    Program program =
        Program.startMain(folder, "", Leaver.class.getName(), uri, "" + seconds, ending);
    program.awaitOut("registered");
    return program;
  }

  private static int codeOf(String signal) {
    return signal.equals("TERM") ? 143 : 130;
  }

  private static List<String> passing(Registry witness) {
    return witness.snapshot("orders").join().instances().stream().map(ServiceInstance::id).toList();
  }
}
