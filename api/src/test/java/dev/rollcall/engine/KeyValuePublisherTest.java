package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Freshness;
import dev.rollcall.RegistryException;
import dev.rollcall.kv.KeyValueSnapshot;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.KeyValueStoreBuilder;
import dev.rollcall.kv.KeyValueView;
import dev.rollcall.kv.Keys;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.Test;

/** The publisher of a key-value view's states. */
class KeyValuePublisherTest extends PublisherRules<KeyValueSnapshot<Integer>> {

  /** The keys of one prefix. */
  private record OfKeys(ScriptedKeys backend, KeyValueStore store, KeyValueView<Integer> view)
      implements Published<KeyValueSnapshot<Integer>> {

    OfKeys(ScriptedKeys backend, KeyValueStore store) {
      this(backend, store, numbers(store, "n/"));
    }

    static KeyValueView<Integer> numbers(KeyValueStore store, String prefix) {
      return store.view(Keys.prefix(prefix), pair -> Integer.valueOf(pair.text()));
    }

    private ScriptedKeys.Opened watch() {
      return backend.watches.get(0);
    }

    @Override
    public Flow.Publisher<KeyValueSnapshot<Integer>> publisher() {
      return view.publisher();
    }

    @Override
    public void load(String... ids) {
      Map<String, String> texts = new TreeMap<>();
      for (String id : ids) {
        texts.put("n/" + id, "1");
      }
      watch().load(texts);
    }

    @Override
    public void interrupted(RegistryException cause) {
      watch().sink.interrupted(cause);
    }

    @Override
    public void synced() {
      watch().sink.synced();
    }

    @Override
    public List<String> ids(KeyValueSnapshot<Integer> state) {
      return state.values().keySet().stream().map(key -> key.substring(2)).toList();
    }

    @Override
    public Freshness freshness(KeyValueSnapshot<Integer> state) {
      return state.freshness();
    }

    @Override
    public void close() {
      store.close();
    }
  }

  @Override
  Published<KeyValueSnapshot<Integer>> open(boolean onThreads) {
    ScriptedKeys backend = new ScriptedKeys();
    KeyValueStoreBuilder builder = KeyValueStore.builder(backend);
    return new OfKeys(
        backend,
        onThreads ? builder.build() : builder.timer(timer).listenerExecutor(Runnable::run).build());
  }

  private OfKeys keys() {
    return (OfKeys) published;
  }

  @Test
  void valueThatIsRefused_isNews_andSoIsItsMending() {
    Recorder<KeyValueSnapshot<Integer>> recorder = subscribe(new Recorder<>());
    recorder.subscription().request(9);
    keys().watch().load(Map.of("n/a", "1"));
    keys().watch().load(Map.of("n/a", "x"));
    keys().watch().load(Map.of("n/a", "1"));
    keys().watch().load(Map.of("n/a", "2"));
    assertThat(recorder.states)
        .extracting(state -> state.values().get("n/a") + " " + state.failures().keySet())
        .containsExactly("1 []", "1 [n/a]", "1 []", "2 []");
  }

  @Test
  void subscribed_keepsTheWatch_cancelledFreesIt() {
    Recorder<KeyValueSnapshot<Integer>> recorder = new Recorder<>();
    OfKeys.numbers(keys().store, "other/").publisher().subscribe(recorder);
    recorder.subscription().request(9);
    ScriptedKeys.Opened watch = keys().backend.lastWatch();
    for (int n = 0; n < 4; n++) {
      System.gc();
      timer.advance(IDLE);
    }
    assertThat(watch.closed).hasValue(0);
    watch.load(Map.of("other/a", "7"));
    assertThat(recorder.states.get(0).values()).isEqualTo(Map.of("other/a", 7));
    recorder.subscription().cancel();
    await()
        .until(
            () -> {
              System.gc();
              timer.advance(IDLE);
              return watch.closed.get() == 1;
            });
  }
}
