package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.server.Centre;
import dev.rollcall.testkit.server.ServerBinary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real {@code consul} program as a client of the centre. */
class ConsulCommandTest {
  private static ServerBinary binary;
  private static Centre centre;
  private static Client client;

  @TempDir Path folder;

  @BeforeAll
  static void start() {
    binary = ServerBinary.consul();
    centre = CentreUnderTest.start("memory:");
    client = new Client(centre.uri() + "/v1");
  }

  @AfterAll
  static void stop() {
    centre.close();
  }

  @BeforeEach
  void register() {
    client.put(
        "/agent/service/register",
        "{\"ID\":\"web1\",\"Name\":\"web\",\"Port\":80,\"Tags\":[\"blue\"],\"Check\":{\"TTL\":\"1h\",\"Status\":"
            + "\"passing\"}}");
  }

  private Process begin(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(binary.path().toString()));
    command.addAll(Arrays.asList(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("CONSUL_HTTP_ADDR", centre.uri().toString());
    return builder.start();
  }

  private String consul(String... arguments) throws IOException, InterruptedException {
    Process process = begin(arguments);
    CompletableFuture<String> output = output(process);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output.join()).isZero();
    return output.join();
  }

  private static CompletableFuture<String> output(Process process) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
          } catch (IOException failed) {
            return failed.toString();
          }
        },
        // A thread each: one that reads a watch waits until that ends.
        reading -> {
          Thread thread = new Thread(reading, "output");
          thread.setDaemon(true);
          thread.start();
        });
  }

  @Test
  void catalogServices() throws Exception {
    assertThat(consul("catalog", "services")).contains("consul\n", "web\n");
    assertThat(consul("catalog", "services", "-tags")).containsPattern("web +blue");
  }

  @Test
  void catalogNodes() throws Exception {
    assertThat(consul("catalog", "nodes")).containsPattern("n1 .* 127\\.0\\.0\\.1 +dc1");
    assertThat(consul("catalog", "nodes", "-service=web", "-detailed")).contains("n1");
  }

  @Test
  void servicesRegisterAndDeregister() throws Exception {
    assertThat(consul("services", "register", "-name=shop", "-id=shop1", "-port=81", "-tag=a"))
        .contains("Registered service: shop");
    assertThat(client.get("/health/service/shop").body()).contains("\"ID\":\"shop1\"");
    assertThat(consul("services", "deregister", "-id=shop1")).contains("Deregistered");
    assertThat(client.get("/health/service/shop").body()).isEqualTo("[]");
  }

  @Test
  void servicesRegister_fromAFile() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("web.json"),
            "{\"service\":{\"name\":\"filed\",\"port\":82,\"check\":{\"id\":\"f\",\"ttl\":\"10m\"}}}");
    consul("services", "register", file.toString());
    assertThat(client.get("/health/checks/filed").body()).contains("\"CheckID\":\"f\"");
    consul("services", "deregister", file.toString());
    assertThat(client.get("/health/service/filed").body()).isEqualTo("[]");
  }

  @Test
  void event() throws Exception {
    assertThat(consul("event", "-name=deploy", "-service=web", "payload")).contains("Event ID: ");
    assertThat(client.get("/event/list?name=deploy").body()).contains("cGF5bG9hZA==");
  }

  @Test
  void members() throws Exception {
    assertThat(consul("members"))
        .containsPattern("n1 +127\\.0\\.0\\.1:\\d+ +alive +server +1\\.8\\.7");
    assertThat(consul("members", "-detailed")).contains("role=consul");
  }

  @Test
  void maint() throws Exception {
    consul("maint", "-enable", "-service=web1", "-reason=upgrade");
    assertThat(client.get("/health/service/web?passing").body()).isEqualTo("[]");
    assertThat(consul("maint")).contains("web1", "upgrade");
    consul("maint", "-disable", "-service=web1");
    assertThat(client.get("/health/service/web?passing").body()).contains("web1");
    consul("maint", "-enable");
    assertThat(client.get("/health/service/web?passing").body()).isEqualTo("[]");
    consul("maint", "-disable");
    assertThat(client.get("/health/service/web?passing").body()).contains("web1");
  }

  @Test
  void kvPutGetDelete() throws Exception {
    assertThat(consul("kv", "put", "app/db/pool", "20")).contains("Success!");
    assertThat(consul("kv", "get", "app/db/pool")).isEqualTo("20\n");
    assertThat(consul("kv", "put", "-flags=42", "app/name", "shop")).contains("Success!");
    assertThat(consul("kv", "get", "-recurse", "app")).isEqualTo("app/db/pool:20\napp/name:shop\n");
    assertThat(consul("kv", "get", "-keys", "-separator=/", "app/"))
        .isEqualTo("app/db/\napp/name\n");
    assertThat(consul("kv", "get", "-detailed", "app/name")).containsPattern("Flags +42");
    assertThat(consul("kv", "delete", "app/name")).contains("Success!");
    assertThat(consul("kv", "delete", "-recurse", "app")).contains("Success!");
    assertThat(client.get("/kv/app?recurse").statusCode()).isEqualTo(404);
  }

  @Test
  void lock() throws Exception {
    Path order = folder.resolve("order");
    String work = "echo begin >> %s; sleep 0.2; echo end >> %s".formatted(order, order);
    List<Process> workers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      workers.add(begin("lock", "jobs/nightly", work));
    }
    List<CompletableFuture<String>> outputs =
        workers.stream().map(ConsulCommandTest::output).toList();
    for (int i = 0; i < 3; i++) {
      assertThat(workers.get(i).waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(workers.get(i).exitValue()).as(outputs.get(i).join()).isZero();
    }
    assertThat(Files.readAllLines(order))
        .containsExactly("begin", "end", "begin", "end", "begin", "end");
    assertThat(client.get("/session/list").body()).isEqualTo("[]");
  }

  @Test
  void watchKey() throws Exception {
    client.put("/kv/one", "before");
    followed(() -> client.put("/kv/one", "later"), "bGF0ZXI=", "-type=key", "-key=one");
  }

  @Test
  void watchKeyprefix() throws Exception {
    client.put("/kv/many/a", "1");
    followed(() -> client.put("/kv/many/b", "2"), "many/b", "-type=keyprefix", "-prefix=many/");
  }

  @Test
  void watchServices() throws Exception {
    assertThat(consul("watch", "-type=services")).contains("\"web\"");
    followed(
        () -> client.put("/agent/service/register", "{\"Name\":\"appeared\"}"),
        "appeared",
        "-type=services");
    client.put("/agent/service/deregister/appeared", "");
  }

  @Test
  void watchNodes() throws Exception {
    followed(
        () -> client.put("/catalog/register", "{\"Node\":\"far\",\"Address\":\"10.0.0.9\"}"),
        "\"far\"",
        "-type=nodes");
    client.put("/catalog/deregister", "{\"Node\":\"far\"}");
  }

  @Test
  void watchService() throws Exception {
    followed(
        () -> client.put("/agent/check/warn/service:web1?note=slow", ""),
        "\"warning\"",
        "-type=service",
        "-service=web");
  }

  @Test
  void watchChecks() throws Exception {
    followed(
        () -> client.put("/agent/check/fail/service:web1", ""),
        "service:web1",
        "-type=checks",
        "-state=critical");
    client.put("/agent/check/pass/service:web1", "");
    assertThat(consul("watch", "-type=checks", "-service=web")).contains("service:web1");
  }

  @Test
  void watchEvent() throws Exception {
    followed(
        () -> client.put("/event/fire/shout", "now"), "\"shout\"", "-type=event", "-name=shout");
  }

  /** Runs a watch with a handler, makes the change, and waits until the handler has seen it. */
  private void followed(Runnable change, String expected, String... arguments) throws Exception {
    Path seen = folder.resolve("seen");
    List<String> command = new ArrayList<>(List.of("watch"));
    command.addAll(Arrays.asList(arguments));
    command.addAll(List.of("sh", "-c", "cat >> " + seen + "; echo >> " + seen));
    Process watch = begin(command.toArray(String[]::new));
    CompletableFuture<String> output = output(watch);
    try {
      await().atMost(Duration.ofSeconds(30)).until(() -> Files.exists(seen) || !watch.isAlive());
      change.run();
      await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(
              () -> {
                assertThat(watch.isAlive()).as(output.getNow("")).isTrue();
                assertThat(Files.readString(seen)).contains(expected);
              });
    } finally {
      watch.destroy();
      watch.waitFor();
    }
  }
}
