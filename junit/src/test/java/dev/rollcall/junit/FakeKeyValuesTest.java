package dev.rollcall.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Freshness;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.KeyValueView;
import dev.rollcall.kv.Keys;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class FakeKeyValuesTest {
  @RegisterExtension final RollcallExtension rollcall = RollcallExtension.inMemory();

  private FakeKeyValues values() {
    return rollcall.keyValues();
  }

  private KeyValueStore store() {
    return rollcall.keyValueStore();
  }

  private static void awaitValues(KeyValueView<String> view, Map<String, String> expected) {
    await().until(() -> view.values().equals(expected));
  }

  private static RegistryException failure(Runnable call) {
    try {
      call.run();
    } catch (CompletionException failed) {
      return (RegistryException) failed.getCause();
    }
    throw new AssertionError("the call has not failed");
  }

  @Test
  void values_areRead() {
    values().put("a/b", "1");
    assertThat(store().get("a/b").join().map(KeyValue::text)).contains("1");

    store().put("a/c", "2").join();
    assertThat(values().get("a/c").map(KeyValue::text)).contains("2");

    values().delete("a/b").delete("nobody");
    assertThat(store().list("").join()).extracting(KeyValue::key).containsExactly("a/c");
  }

  @Test
  void views_followAndSurviveAnOutage() {
    KeyValueView<String> view = store().view(Keys.prefix("db/"), KeyValue::text);
    values().put("db/pool", "20");
    awaitValues(view, Map.of("db/pool", "20"));

    values().outage().put("db/pool", "30");
    await().until(() -> view.snapshot().freshness() instanceof Freshness.Stale);
    assertThat(view.values()).isEqualTo(Map.of("db/pool", "20"));

    values().recover();
    awaitValues(view, Map.of("db/pool", "30"));
    await().until(() -> view.snapshot().freshness() instanceof Freshness.Live);
    values().delete("db/pool");
    awaitValues(view, Map.of());
  }

  @Test
  void faults_areOfTheKeysAlone() {
    values().outage();
    assertThat(failure(() -> store().get("a").join()).kind()).isEqualTo(Kind.UNAVAILABLE);
    assertThat(failure(() -> store().put("a", "1").join()).kind()).isEqualTo(Kind.UNAVAILABLE);
    assertThat(rollcall.registry().snapshot("payments").join().all()).isEmpty();

    values().denied();
    assertThat(failure(() -> store().delete("a").join()).kind()).isEqualTo(Kind.DENIED);

    values().recover();
    store().put("a", "1").join();
    rollcall.outage();
    assertThat(failure(() -> store().list("").join()).kind()).isEqualTo(Kind.UNAVAILABLE);
    rollcall.recover();
    assertThat(store().list("").join()).hasSize(1);
  }

  @Test
  void conflict_isMetOnce() {
    values().put("a", "1").conflict("a", "2");
    long version = values().get("a").orElseThrow().version();

    assertThat(store().compareAndSet("a", version, "mine").join()).isFalse();
    KeyValue now = store().get("a").join().orElseThrow();
    assertThat(now.text()).isEqualTo("2");
    assertThat(store().compareAndSet("a", now.version(), "mine").join()).isTrue();
  }

  @Test
  void conflict_isMetWithTheSameValueAndByACreation() {
    values().put("a", "1").conflict("a", "1").conflict("b", "theirs");
    long version = values().get("a").orElseThrow().version();

    assertThat(store().compareAndDelete("a", version).join()).isFalse();
    assertThat(store().compareAndSet("b", 0, "mine").join()).isFalse();
    assertThat(values().get("b").map(KeyValue::text)).contains("theirs");
  }

  @Test
  void conflict_isKeptThroughAnOutage() {
    values().put("a", "1").conflict("a", "2").outage();
    long version = values().get("a").orElseThrow().version();
    failure(() -> store().compareAndSet("a", version, "mine").join());

    values().recover();
    assertThat(store().compareAndSet("a", version, "mine").join()).isFalse();
  }

  @Test
  void keys_areChecked() {
    assertThatThrownBy(() -> values().put("/a", "1")).isInstanceOf(RegistryException.class);
    assertThatThrownBy(() -> values().delete("a//b")).isInstanceOf(RegistryException.class);
    assertThatThrownBy(() -> values().get("..")).isInstanceOf(RegistryException.class);
    assertThatThrownBy(() -> values().conflict("", "1")).isInstanceOf(RegistryException.class);
  }

  @Test
  void oneUsersClosing_leavesTheOthersAlone() {
    try (KeyValueStore other = KeyValueStore.open(rollcall.uri())) {
      other.put("a", "1").join();
    }
    assertThat(store().get("a").join().map(KeyValue::text)).isEqualTo(Optional.of("1"));
  }
}
