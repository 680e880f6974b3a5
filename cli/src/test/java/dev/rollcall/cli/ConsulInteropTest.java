package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.testkit.server.ConsulExtension;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Consul's own command on one side, ours on the other. */
class ConsulInteropTest {
  @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();

  private static final byte[] EVERY_BYTE = everyByte();

  @TempDir Path folder;
  private String store;

  private static byte[] everyByte() {
    byte[] bytes = new byte[256];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) i;
    }
    return bytes;
  }

  @BeforeEach
  void store() {
    store = "consul://127.0.0.1:" + consul.port();
  }

  @Test
  void consulKvPut_isReadExactly() throws Exception {
    Path file = Files.write(folder.resolve("value"), EVERY_BYTE);
    consul("kv", "put", "theirs/bytes", "@" + file);

    try (Program get = Program.start(folder, store, "kv", "get", "theirs/bytes")) {
      assertThat(get.exitCode()).as(get::err).isZero();
      assertThat(get.bytes()).isEqualTo(EVERY_BYTE);
    }
    assertThat(Run.of("kv", "list", "theirs/", "--backend", store, "--json").out())
        .contains("\"base64\":\"" + Base64.getEncoder().encodeToString(EVERY_BYTE) + "\"");
  }

  @Test
  void ourKvPut_isReadExactlyByConsul() throws Exception {
    Run put = Program.run(folder, store, EVERY_BYTE, "kv", "put", "ours/bytes");
    assertThat(put.code()).as(put.err()).isZero();

    assertThat(consul("kv", "get", "-base64", "ours/bytes").strip())
        .isEqualTo(Base64.getEncoder().encodeToString(EVERY_BYTE));

    assertThat(Run.of("kv", "delete", "ours/bytes", "--backend", store).code()).isZero();
    assertThat(Run.of("kv", "get", "ours/bytes", "--backend", store).code()).isEqualTo(3);
    assertThat(Run.of("kv", "delete", "ours/bytes", "--backend", store).code()).isEqualTo(3);
  }

  @Test
  void putIfUnchanged_isConsulsDecision() throws Exception {
    assertThat(put("cas", "one", "--version-was=0").code()).isZero();
    Run refused = put("cas", "two", "--version-was=0");

    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err()).contains("its version is another");
    assertThat(consul("kv", "get", "cas").strip()).isEqualTo("one");
  }

  private Run put(String key, String value, String option) {
    return Run.of("kv", "put", key, value, option, "--backend", store);
  }

  @Test
  void watchPrefix_seesWhatConsulPutsAndDeletes() throws Exception {
    try (Program watch = Program.start(folder, store, "watch", "prefix", "seen/", "--json")) {
      watch.awaitOut("\"pairs\":[]");
      consul("kv", "put", "seen/a", "first");
      watch.awaitOut("\"added\":[{\"key\":\"seen/a\",\"value\":\"first\"");
      consul("kv", "delete", "seen/a");
      watch.awaitOut("\"removed\":[{\"key\":\"seen/a\"");
    }
  }

  @Test
  void consulWatch_seesWhatWePut() throws Exception {
    Path out = folder.resolve("watched");
    Process watch =
        new ProcessBuilder(command("watch", "-type=key", "-key=told", "cat"))
            .redirectOutput(out.toFile())
            .redirectErrorStream(true)
            .start();
    try {
      assertThat(Run.of("kv", "put", "told", "news", "--backend", store).code()).isZero();
      String value = Base64.getEncoder().encodeToString("news".getBytes(StandardCharsets.UTF_8));
      Awaitility.await()
          .atMost(60, TimeUnit.SECONDS)
          .until(() -> Files.readString(out).contains(value));
    } finally {
      watch.destroyForcibly();
    }
  }

  @Test
  void servicesAreSeenBothWays() throws Exception {
    consul("services", "register", "-name=theirs", "-id=t1", "-port=8081", "-address=127.0.0.1");
    assertThat(Run.of("instances", "theirs", "--backend", store).out())
        .containsPattern("t1 +passing +http://127.0.0.1:8081");

    assertThat(Run.of("register", "ours", "--backend", store, "--port=8082", "--permanent").code())
        .isZero();
    assertThat(consul("catalog", "services").lines()).contains("ours", "theirs");
    consul("services", "deregister", "-id=t1");
    assertThat(Run.of("instances", "theirs", "--backend", store, "--json").out()).isEmpty();
  }

  @Test
  void watchEvent_isToldWhatConsulFires() throws Exception {
    try (Program watch = Program.start(folder, store, "watch", "event", "deploy", "--json");
        Program nodes = Program.start(folder, store, "watch", "nodes", "--json");
        Program checks = Program.start(folder, store, "watch", "checks")) {
      nodes.awaitOut("\"node\":\"consul-");
      checks.awaitOut("serfHealth");
      // A watch of events begins with what is fired once it stands, which nothing shows from here.
      Awaitility.await()
          .atMost(60, TimeUnit.SECONDS)
          .until(
              () -> {
                consul("event", "-name=deploy", "v42");
                return watch.out().contains("\"name\":\"deploy\",\"value\":\"v42\"");
              });
    }
  }

  private static List<String> command(String... args) {
    List<String> command = new ArrayList<>();
    command.add(consul.server().binary().path().toString());
    int verbs =
        args[0].equals("kv") || args[0].equals("services") || args[0].equals("catalog") ? 2 : 1;
    command.addAll(List.of(args).subList(0, verbs));
    command.add("-http-addr=" + consul.endpoint());
    command.addAll(List.of(args).subList(verbs, args.length));
    return command;
  }

  private static String consul(String... args) throws Exception {
    Process process = new ProcessBuilder(command(args)).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isZero();
    return out;
  }
}
