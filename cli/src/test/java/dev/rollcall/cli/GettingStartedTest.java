package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.testkit.server.ConsulExtension;
import dev.rollcall.testkit.server.EtcdExtension;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** {@code docs/getting-started.md} as it is done, on stores at other ports. */
class GettingStartedTest {
  @RegisterExtension static final EtcdExtension etcd = EtcdExtension.version("3.5");
  @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();

  private static final String ON_MEMORY = "./rollcall example hello memory:";
  private static final String ON_ETCD = "./rollcall example hello etcd://127.0.0.1:2379";
  private static final String WHO_IS_ON_ETCD =
      "./rollcall instances hello --backend etcd://127.0.0.1:2379";
  private static final String ON_CONSUL = "./rollcall example hello consul://127.0.0.1:8500";
  private static final String WHO_IS_ON_CONSUL =
      "./rollcall instances hello --backend consul://127.0.0.1:8500";

  @TempDir Path folder;

  @Test
  void page_hasNoCommandThatIsNotRunHere() throws IOException {
    assertThat(blocks(""))
        .containsExactly(
            ON_MEMORY,
            "etcd --data-dir /tmp/rollcall-etcd", // what the extensions start, at other ports
            ON_ETCD,
            WHO_IS_ON_ETCD,
            "consul agent -dev",
            ON_CONSUL,
            WHO_IS_ON_CONSUL);
  }

  @Test
  void inMemory_itPrintsWhatThePageShows() throws Exception {
    try (Program hello = Program.start(folder, "", arguments(ON_MEMORY))) {
      awaitLast(hello, "1 here");
      hello.endInput();
      assertThat(hello.exitCode()).as(hello::toString).isZero();
      assertThat(withoutIds(hello.out())).isEqualTo(withoutIds(blocks("text").get(0)) + "\n");
    }
  }

  @Test
  void onEtcd_twoSeeEachOtherAndTheLeaving() throws Exception {
    twoSeeEachOther(ON_ETCD, WHO_IS_ON_ETCD);
  }

  @Test
  void onConsul_twoSeeEachOtherAndTheLeaving() throws Exception {
    twoSeeEachOther(ON_CONSUL, WHO_IS_ON_CONSUL);
  }

  private void twoSeeEachOther(String hello, String instances) throws Exception {
    try (Program first = Program.start(folder, "", arguments(hello))) {
      awaitLast(first, "1 here");
      try (Program second = Program.start(folder, "", arguments(hello))) {
        awaitLast(first, "2 here");
        awaitLast(second, "2 here");
        Run both = Program.run(folder, "", arguments(instances));
        assertThat(both.code()).as(both.err()).isZero();
        assertThat(both.out()).contains(id(first), id(second));

        second.endInput();
        assertThat(second.exitCode()).isZero();
        assertThat(second.out()).endsWith("left\n");
        awaitLast(first, "1 here");
      }
      try (Program third = Program.start(folder, "", arguments(hello))) {
        awaitLast(third, "2 here");
        awaitLast(first, "2 here");
        third.signal("TERM"); // a process started in the background may ignore INT
        assertThat(third.exitCode()).isNotZero();
        awaitLast(first, "1 here");
      }
    }
  }

  private static void awaitLast(Program program, String line) {
    await()
        .atMost(60, TimeUnit.SECONDS)
        .untilAsserted(() -> assertThat(program.out()).endsWith(line + "\n"));
  }

  private static String id(Program program) {
    return program.out().lines().findFirst().orElseThrow().replace("registered ", "");
  }

  private static String[] arguments(String command) {
    return command
        .replace("./rollcall ", "")
        .replace(":2379", ":" + etcd.port())
        .replace(":8500", ":" + consul.port())
        .split(" ");
  }

  private static String withoutIds(String text) {
    return text.replaceAll("hello-[0-9a-f-]{36}", "hello-…");
  }

  private static List<String> blocks(String language) throws IOException {
    return Pattern.compile("^```([a-z]*)\n(.*?)\n```$", Pattern.DOTALL | Pattern.MULTILINE)
        .matcher(Files.readString(Checkout.file("docs/getting-started.md")))
        .results()
        .filter(block -> block.group(1).equals(language))
        .map(block -> block.group(2))
        .toList();
  }
}
