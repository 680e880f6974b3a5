package dev.rollcall.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.Keys;
import dev.rollcall.testkit.server.EtcdExtension;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Keys and values that another tool writes and reads, by etcd's own HTTP gateway. */
class EtcdKeyValueInteropTest {
  @RegisterExtension static final EtcdExtension etcd = EtcdExtension.version("3.5");

  private static final byte[] EVERY_BYTE = new byte[256];

  static {
    for (int n = 0; n < EVERY_BYTE.length; n++) {
      EVERY_BYTE[n] = (byte) n;
    }
  }

  private final HttpClient http = HttpClient.newHttpClient();

  private String gateway(String verb, String json) throws Exception {
    HttpResponse<String> response =
        http.send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + etcd.port() + "/v3/kv/" + verb))
                .POST(HttpRequest.BodyPublishers.ofString(json))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.body();
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static String base64(String text) {
    return base64(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  @DisplayName("every byte from 0 to 255, put and deleted by another tool, and read by it")
  void otherTools_bothWays() throws Exception {
    try (KeyValueStore store =
        KeyValueStore.open("etcd://127.0.0.1:" + etcd.port() + "?kv-prefix=config/")) {
      AtomicReference<SortedMap<String, KeyValue>> seen = new AtomicReference<>(new TreeMap<>());
      store.watch(Keys.prefix("in/"), change -> seen.set(change.now()));

      gateway(
          "put",
          "{\"key\":\"" + base64("config/in/all") + "\",\"value\":\"" + base64(EVERY_BYTE) + "\"}");
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  seen.get().containsKey("in/all")
                      && seen.get().get("in/all").value().equals(Bytes.of(EVERY_BYTE)));
      assertThat(store.get("in/all").join().map(KeyValue::value)).hasValue(Bytes.of(EVERY_BYTE));

      store.put("out/größe", Bytes.of(EVERY_BYTE)).join();
      assertThat(gateway("range", "{\"key\":\"" + base64("config/out/größe") + "\"}"))
          .contains("\"value\":\"" + base64(EVERY_BYTE) + "\"");

      gateway("deleterange", "{\"key\":\"" + base64("config/in/all") + "\"}");
      await().atMost(Duration.ofSeconds(30)).until(() -> seen.get().isEmpty());
    }
  }

  @Test
  @DisplayName("without an option the keys of a registry's path stand beside it, below kv/")
  void withoutAnOption_keysStandBesideTheRegistry() throws Exception {
    try (KeyValueStore store = KeyValueStore.open("etcd://127.0.0.1:" + etcd.port() + "/beside")) {
      store.put("a", "1").join();
      assertThat(gateway("range", "{\"key\":\"" + base64("kv/beside/a") + "\"}"))
          .contains("\"value\":\"" + base64("1") + "\"");
      assertThat(store.list("").join().stream().map(KeyValue::key)).containsExactly("a");
    }
  }

  @Test
  void registryWithoutAPrefix_leavesNoRoomForKeys() {
    assertThatThrownBy(() -> KeyValueStore.open("etcd://127.0.0.1:" + etcd.port() + "?prefix="))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("kv-prefix");
  }
}
