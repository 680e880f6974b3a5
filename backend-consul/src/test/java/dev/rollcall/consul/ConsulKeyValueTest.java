package dev.rollcall.consul;

import static dev.rollcall.consul.Bench.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import com.google.common.collect.Iterables;
import dev.rollcall.RegistryException;
import dev.rollcall.Subscription;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.Keys;
import dev.rollcall.testkit.server.ConsulServer;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the contract does not say of keys in Consul: other tools, paths, and many watches. */
class ConsulKeyValueTest {
  private static ConsulServer server;
  private static RawConsul raw;

  private final Bench bench = new Bench();

  @BeforeAll
  static void launch() {
    server = ConsulServer.launch();
    raw = new RawConsul(server.endpoint());
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @AfterEach
  void close() {
    bench.close();
  }

  private KeyValueStore open(String path) {
    return bench.closing(
        KeyValueStore.open("consul://127.0.0.1:" + server.port() + path + "?wait=2s&timeout=3s"));
  }

  @Test
  @DisplayName("`consul kv put` and `consul kv get` on one side, every byte from 0 to 255")
  void otherTools(@TempDir Path folder) throws Exception {
    byte[] bytes = new byte[256];
    for (int n = 0; n < bytes.length; n++) {
      bytes[n] = (byte) n;
    }
    Path file = Files.write(folder.resolve("bytes"), bytes);
    KeyValueStore store = open("/interop");
    List<List<KeyValue>> seen = Collections.synchronizedList(new ArrayList<>());
    store.watch(Keys.prefix("in/"), change -> seen.add(List.copyOf(change.now().values())));

    consul(folder, "kv", "put", "interop/in/all", "@" + file);
    eventually(
        () ->
            assertThat(Iterables.getLast(seen, List.of()))
                .extracting(KeyValue::key, entry -> entry.value())
                .containsExactly(tuple("in/all", Bytes.of(bytes))));
    assertThat(store.get("in/all").join().map(KeyValue::value)).hasValue(Bytes.of(bytes));

    store.put("out/größe 50% a+b", Bytes.of(bytes)).join();
    // The command writes the bytes as they are and a line feed.
    byte[] read =
        Files.readAllBytes(consul(folder, "kv", "get", "interop/out/größe 50% a+b").toPath());
    assertThat(read).startsWith(bytes).hasSize(257);

    consul(folder, "kv", "delete", "interop/in/all");
    eventually(() -> assertThat(Iterables.getLast(seen, List.of())).isEmpty());
  }

  @Test
  @DisplayName("a path keeps to itself: its neighbours are neither seen nor deleted")
  void paths_keepToThemselves() {
    KeyValueStore whole = open("");
    KeyValueStore one = open("/one");
    KeyValueStore oneMore = open("/onemore/deep/");
    one.put("k", "1").join();
    oneMore.put("k", "2").join();
    raw.put("kv/one/", ""); // the folder that Consul's dashboard makes is no key of ours
    assertThat(one.list("").join()).extracting(KeyValue::key).containsExactly("k");
    assertThat(whole.list("one").join())
        .extracting(KeyValue::key)
        .contains("one/k", "onemore/deep/k");
    one.deleteAll("").join();
    assertThat(one.list("").join()).isEmpty();
    assertThat(oneMore.get("k").join().map(KeyValue::text)).hasValue("2");
  }

  @Test
  @DisplayName("a prefix that a URL would take for the way up deletes what begins with it alone")
  void dots_areNoWayUp() {
    KeyValueStore store = open("/dots");
    store.put("a/..b", "1").join();
    store.put("a/c", "2").join();
    store.put("d", "3").join();
    assertThat(store.list("a/..").join()).extracting(KeyValue::key).containsExactly("a/..b");
    List<List<KeyValue>> seen = Collections.synchronizedList(new ArrayList<>());
    store.watch(Keys.prefix("a/.."), change -> seen.add(List.copyOf(change.now().values())));
    eventually(() -> assertThat(Iterables.getLast(seen, List.of())).hasSize(1));
    store.deleteAll("a/..").join();
    eventually(() -> assertThat(Iterables.getLast(seen, List.of())).isEmpty());
    assertThat(store.list("").join()).extracting(KeyValue::key).containsExactly("a/c", "d");
  }

  @Test
  @DisplayName("more watches than connections: each key is told, and closing makes room again")
  void manyWatches_allTold() {
    KeyValueStore store = open("/many");
    int count = 3 * ConsulKeyValueBackend.DIRECT;
    for (int round = 0; round < 2; round++) {
      Map<String, String> told = new ConcurrentHashMap<>();
      List<Subscription> watching = new ArrayList<>();
      for (int n = 0; n < count; n++) {
        watching.add(
            store.watch(
                Keys.key("k" + n),
                change ->
                    change.now().values().forEach(entry -> told.put(entry.key(), entry.text()))));
      }
      String value = "round " + round;
      for (int n = 0; n < count; n++) {
        store.put("k" + n, value).join();
      }
      eventually(() -> assertThat(told).hasSize(count));
      eventually(() -> assertThat(told.values()).containsOnly(value));
      // A thread that has just become free may not be found, and is then one too many for 5 s.
      eventually(
          () ->
              assertThat(
                      Thread.getAllStackTraces().keySet().stream()
                          .filter(thread -> thread.getName().startsWith("rollcall-consul-query")))
                  .hasSizeLessThanOrEqualTo(AgentHttp.QUERIES));
      watching.forEach(Subscription::close);
    }
  }

  @Test
  @DisplayName("a path that is no key is refused, and so is one of a registry")
  void wrongPath_isRefused() {
    assertThatThrownBy(() -> open("/a/../b"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("path: ");
    assertThatThrownBy(() -> ConsulWatches.open("consul://127.0.0.1/a"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("expected: none");
  }

  private static File consul(Path folder, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(server.binary().path().toString()));
    command.addAll(List.of(arguments).subList(0, 2));
    command.add("-http-addr=" + server.endpoint());
    command.addAll(List.of(arguments).subList(2, arguments.length));
    File out = Files.createTempFile(folder, "consul", "out").toFile();
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out).start();
    assertThat(process.waitFor()).as(() -> out.length() + " bytes said").isZero();
    return out;
  }
}
