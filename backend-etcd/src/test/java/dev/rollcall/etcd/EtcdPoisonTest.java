package dev.rollcall.etcd;

import static dev.rollcall.etcd.Rig.bytes;
import static dev.rollcall.etcd.Rig.check;
import static dev.rollcall.etcd.Rig.done;
import static dev.rollcall.etcd.Rig.instance;
import static dev.rollcall.etcd.Rig.key;
import static dev.rollcall.etcd.Rig.put;
import static dev.rollcall.etcd.Rig.stored;
import static dev.rollcall.etcd.Rig.within;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.Selector;
import dev.rollcall.testkit.RecordingSink;
import dev.rollcall.testkit.server.EtcdExtension;
import dev.rollcall.testkit.server.EtcdServer;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KV;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** W16: an entry that is too large for any message hides nothing but itself. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
@Tag("long") // what it puts starves the other tests of a small machine
final class EtcdPoisonTest {
  @RegisterExtension
  static final EtcdExtension ETCD =
      EtcdExtension.of(EtcdServer.builder("3.5").argument("--max-request-bytes=104857600"));

  private static final Duration SOON = Duration.ofMinutes(1);

  /** Larger than the messages that a client takes. */
  private static final int HUGE = 65 << 20;

  private Rig rig;
  private String path;
  private KV raw;

  @BeforeEach
  void open() {
    rig = new Rig();
    path = "/p" + System.nanoTime();
    raw = rig.jetcd("http://127.0.0.1:" + ETCD.port()).getKVClient();
  }

  @AfterEach
  void close() {
    rig.close();
  }

  private String uri() {
    return "etcd://127.0.0.1:" + ETCD.port() + path;
  }

  private void putHuge(String key) {
    done(raw.put(bytes(key), ByteSequence.from(new byte[HUGE])));
  }

  private String storeKey(String id) {
    return path + "/" + Rig.SERVICE + "/" + id;
  }

  @Test
  @DisplayName("lists, the catalog and watches, old and new, go on without it")
  void entry_hidesItselfAlone() {
    EtcdBackend backend = rig.backend(uri());
    put(backend, instance("a", 1));
    RecordingSink before = rig.liveSink(backend);

    putHuge(storeKey("huge"));
    put(backend, instance("z", 1));
    assertThat(stored(backend)).containsExactly(instance("a", 1), instance("z", 1));
    assertThat(done(backend.snapshot(Selector.everything())).instances()).hasSize(2);
    assertThat(backend.malformedEntries()).isPositive();
    RecordingSink after = new RecordingSink(Selector.everything());
    rig.closing(backend.watch(Selector.everything(), after));
    for (RecordingSink sink : List.of(before, after)) {
      within(SOON, () -> assertThat(sink.state()).hasSize(2));
      within(SOON, () -> check(sink.isLive(), "not live"));
    }

    putHuge(storeKey("huge"));
    put(backend, instance("z", 2));
    done(raw.delete(bytes(storeKey("huge"))));
    put(backend, instance("z", 3));
    for (RecordingSink sink : List.of(before, after)) {
      within(SOON, () -> assertThat(sink.state()).contains(instance("z", 3)));
      within(SOON, () -> check(sink.isLive(), "not live again"));
      // That of the entry itself may be told, though nobody has seen it come.
      assertThat(sink.removals()).allMatch(removal -> removal.key().equals(key("huge")));
      assertThat(sink.violations()).isEmpty();
    }
  }

  @Test
  @DisplayName("an operator can remove it by its name, and an owner write over it")
  void entry_canBeRemoved() {
    EtcdBackend backend = rig.backend(uri());
    putHuge(storeKey("huge"));
    done(backend.deregister(key("huge"), Owner.ANY));
    assertThat(done(raw.get(bytes(storeKey("huge")))).getCount()).isZero();

    putHuge(storeKey("huge"));
    put(backend, instance("huge", 1));
    assertThat(stored(backend)).containsExactly(instance("huge", 1));
  }

  @Test
  @DisplayName("a value that is too large is INVALID to read; other keys are listed and watched")
  void value_isInvalid() {
    KeyValueStore store = rig.closing(KeyValueStore.open(uri()));
    AtomicReference<List<String>> seen = new AtomicReference<>(List.of());
    rig.closing(
        store.watch(Keys.prefix(""), change -> seen.set(List.copyOf(change.now().keySet()))));
    done(store.put("a", "1"));
    within(SOON, () -> assertThat(seen.get()).containsExactly("a"));

    putHuge("kv" + path + "/huge");
    done(store.put("z", "1"));
    within(SOON, () -> assertThat(seen.get()).containsExactly("a", "z"));
    assertThat(done(store.list("")).stream().map(KeyValue::key)).containsExactly("a", "z");
    assertThatThrownBy(() -> done(store.get("huge")))
        .isInstanceOfSatisfying(
            RegistryException.class,
            refused -> assertThat(refused.kind()).isEqualTo(RegistryException.Kind.INVALID))
        .hasMessageContaining("huge")
        .hasMessageContaining("larger than");
  }
}
