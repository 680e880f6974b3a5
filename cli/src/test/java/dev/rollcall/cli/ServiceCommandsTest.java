package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.testkit.server.EtcdExtension;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands on services, within this JVM, on a real etcd. */
class ServiceCommandsTest {
  @RegisterExtension static final EtcdExtension etcd = EtcdExtension.version("3.5");

  @TempDir Path folder;
  private String store;

  @BeforeEach
  void freshStore() {
    store = "etcd://127.0.0.1:" + etcd.port() + "/cli-" + UUID.randomUUID();
  }

  @Test
  void registerPermanent_staysUntilItIsDeregistered() {
    Run registered =
        Run.of(
            "register",
            "orders",
            "--backend",
            store,
            "--id=o1",
            "--port=8080",
            "--tag=v1",
            "--meta=k=a=b",
            "--zone=eu",
            "--weight=3",
            "--permanent");
    assertThat(registered.err()).startsWith("rollcall: registered orders/o1");
    assertThat(registered.code()).isZero();

    assertThat(Run.of("instances", "orders", "--backend", store).out())
        .isEqualToNormalizingNewlines(
            """
            ID  HEALTH   ADDRESS                WEIGHT  ZONE  TAGS  METADATA
            o1  passing  http://127.0.0.1:8080  3       eu    v1    k=a=b
            """);
    assertThat(Run.of("instances", "orders", "--backend", store, "--json").out())
        .isEqualToNormalizingNewlines(
            "{\"service\":\"orders\",\"id\":\"o1\",\"health\":\"passing\",\"scheme\":\"http\","
                + "\"host\":\"127.0.0.1\",\"port\":8080,\"tags\":[\"v1\"],\"metadata\":{\"k\":\"a=b\"},"
                + "\"weight\":3,\"zone\":\"eu\",\"addresses\":{}}\n");
    assertThat(Run.of("services", "--backend", store, "--json").out())
        .isEqualToNormalizingNewlines(
            "{\"service\":\"orders\",\"passing\":1,\"warning\":0,\"critical\":0,\"tags\":[\"v1\"]}\n");

    assertThat(Run.of("deregister", "orders", "o1", "--backend", store).code()).isZero();
    Run again = Run.of("deregister", "orders", "o1", "--backend", store);
    assertThat(again.code()).isEqualTo(3);
    assertThat(again.err()).isEqualTo("rollcall: orders/o1: there is no such instance\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--backend=%s services",
        "--backend %s services",
        "--verbose --backend %s services --json"
      })
  void backendBeforeTheCommand_isTheSame(String line) {
    Run run = Run.of(line.formatted(store).split(" "));
    assertThat(run.err()).isEmpty();
    assertThat(run.code()).isZero();
    Run watch = Run.of("--backend", "memory:", "watch", "service", "orders");
    assertThat(watch.err()).contains("memory: is a store within one process");
  }

  @Test
  void tagsOfOthers_cannotWriteOnTheScreen() {
    try (Registry registry = Registry.open(store)) {
      registry
          .register(
              ServiceInstance.builder("orders")
                  .id("o1")
                  .address("127.0.0.1", 1)
                  .tag("日本")
                  .tag("t\u202e1")
                  .build(),
              Liveness.heartbeat(Duration.ofSeconds(10)))
          .join();

      assertThat(Run.of("instances", "orders", "--backend", store).out())
          .contains("t\\u202e1", "日本")
          .doesNotContain("\u202e");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          register orders --port 0           | port: 0 (expected: 1-65535), service orders
          register orders --port x           | --port: "x" (expected: a number)
          register orders --port 1 ls        | unexpected argument "ls" (expected: options, then "--"
          register orders --port 1 --ttl 5   | expected: 500ms, 10s, 5m or 1h
          register orders --port 1 --permanent -- ls | --permanent: given together with a program
          register orders --port 1 --tcp-check x:y:z | --tcp-check: "x:y:z" (expected: HOST:PORT)
          register orders --port 1 --ttl 5s --permanent | mutually exclusive
          register orders                    | Missing required option: '--port=PORT'
          instances a/b                      | no '/'
          watch service orders --post ftp://x | --post: (expected: http(s)://host[:port]/path)
          watch nodes                        | --backend: etcd: (expected: consul, which alone has this)
          watch                              | Missing required subcommand
          completion fish                    | shell: "fish" (expected: bash or zsh)
          """)
  void wrongCommandLine_isNamed(String line, String expected) throws Exception {
    Run run = Program.run(folder, store, line.split(" "));

    assertThat(run.code()).as(run.err()).isEqualTo(2);
    assertThat(run.err()).startsWith("rollcall: ").contains(expected);
    assertThat(run.out()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          memory:x | --backend: memory: is a store within one process
          ''       | no store: give --backend URI, or set ROLLCALL_BACKEND
          """)
  void storeThatMakesNoSense_isNamed(String uri, String expected) {
    Run run = Run.of("services", "--backend", uri);

    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).startsWith("rollcall: ").contains(expected).hasLineCount(1);
  }

  @Test
  void storeThatIsDown_isAFailure() {
    Run run = Run.of("instances", "orders", "--backend", "down:", "--timeout", "1s");

    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err()).contains("connection refused");
  }

  @Test
  void completion_knowsTheCommands() {
    assertThat(Run.of("completion", "bash").out())
        .contains("complete -F _complete_rollcall", "--deregister-after", "deregister");
  }
}
