package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Freshness;
import dev.rollcall.RegistryException;
import dev.rollcall.kv.KeyValueSnapshot;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.KeyValueView;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyEvent;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Views of keys and values: what they show, what they keep, and when their watch ends. */
class LiveViewTest {
  private static final Duration SWEEP = Duration.ofMinutes(1);

  private final ManualTimer timer = new ManualTimer();
  private final ScriptedKeys backend = new ScriptedKeys();
  private final KeyValueStore store =
      KeyValueStore.builder(backend).timer(timer).listenerExecutor(Runnable::run).build();

  @AfterEach
  void close() {
    store.close();
  }

  private KeyValueView<Integer> numbers() {
    return store.view(Keys.prefix("n/"), pair -> Integer.valueOf(pair.text()));
  }

  @Test
  void values_followTheStore_andAreReadOnceEach() {
    List<String> read = new ArrayList<>();
    KeyValueView<String> view =
        store.view(
            Keys.prefix("n/"),
            pair -> {
              read.add(pair.key());
              return pair.text();
            });
    assertThat(view.values()).isEmpty();
    assertThat(view.snapshot().freshness())
        .isEqualTo(new Freshness.Loading(java.util.Optional.empty()));
    backend.lastWatch().load(Map.of("n/a", "1", "n/b", "2"));
    assertThat(view.values()).isEqualTo(Map.of("n/a", "1", "n/b", "2"));
    assertThat(view.snapshot().revision()).isEqualTo(1);
    KeyValueSnapshot<String> before = view.snapshot();
    backend.lastWatch().load(Map.of("n/a", "1", "n/b", "3"));
    backend.lastWatch().sink.apply(List.of(new KeyEvent.Delete("n/a")), 2);
    assertThat(view.values()).isEqualTo(Map.of("n/b", "3"));
    assertThat(view.get("n/a")).isEmpty();
    assertThat(view.get("n/b")).contains("3");
    assertThat(read).containsExactly("n/a", "n/b", "n/b");
    assertThat(before.values()).isEqualTo(Map.of("n/a", "1", "n/b", "2"));
  }

  @Test
  void valueThatIsRefused_leavesTheLastOne_andIsShownAsAFailure() {
    KeyValueView<Integer> view = numbers();
    backend.lastWatch().load(Map.of("n/a", "1", "n/b", "secret"));
    assertThat(view.values()).isEqualTo(Map.of("n/a", 1));
    RegistryException refused = view.snapshot().failures().get("n/b");
    assertThat(refused)
        .hasMessage("key \"n/b\": its value is refused by a java.lang.NumberFormatException")
        .hasCauseInstanceOf(NumberFormatException.class);
    assertThat(refused.kind()).isEqualTo(RegistryException.Kind.INVALID);
    backend.lastWatch().load(Map.of("n/a", "x", "n/b", "2"));
    assertThat(view.values()).isEqualTo(Map.of("n/a", 1, "n/b", 2));
    assertThat(view.snapshot().failures()).containsOnlyKeys("n/a");
    backend.lastWatch().load(Map.of("n/b", "2"));
    assertThat(view.snapshot().failures()).isEmpty();
    assertThat(view.values()).isEqualTo(Map.of("n/b", 2));
    assertThat(view.toString()).doesNotContain("secret").contains("n/b");
  }

  @Test
  void functionThatThrowsAnErrorOrReturnsNull_refuses() {
    KeyValueView<String> view =
        store.view(
            Keys.prefix("n/"),
            pair -> {
              if (pair.text().equals("error")) {
                throw new StackOverflowError();
              }
              return pair.text().equals("null") ? null : pair.text();
            });
    backend.lastWatch().load(Map.of("n/a", "error", "n/b", "null", "n/c", "right"));
    assertThat(view.values()).isEqualTo(Map.of("n/c", "right"));
    assertThat(view.snapshot().failures()).containsOnlyKeys("n/a", "n/b");
  }

  @Test
  void freshness_isTheStreams() {
    KeyValueView<Integer> view = numbers();
    backend.lastWatch().sink.interrupted(RegistryException.denied("no token", null));
    assertThat(view.snapshot().freshness())
        .isInstanceOfSatisfying(
            Freshness.Loading.class,
            loading -> assertThat(loading.cause().orElseThrow()).hasMessage("no token"));
    assertThatThrownBy(() -> view.await(Duration.ZERO))
        .isInstanceOfSatisfying(
            RegistryException.class,
            e -> assertThat(e.kind()).isEqualTo(RegistryException.Kind.DENIED))
        .hasMessage("keys \"n/\": no state within PT0S: no token");
    backend.lastWatch().load(Map.of("n/a", "1"));
    assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class);
    backend.lastWatch().sink.interrupted(RegistryException.unavailable("cut", null));
    timer.advance(Duration.ofSeconds(3));
    assertThat(view.snapshot().freshness())
        .isInstanceOfSatisfying(
            Freshness.Stale.class,
            stale -> assertThat(stale.age()).isEqualTo(Duration.ofSeconds(3)));
    assertThat(view.values()).isEqualTo(Map.of("n/a", 1));
    backend.lastWatch().sink.synced();
    assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class);
  }

  @Test
  void ready_completesOnAThreadOfTheEngine() {
    KeyValueView<Integer> view = numbers();
    CompletableFuture<String> thread =
        view.ready().thenApply(first -> first.values() + Thread.currentThread().getName());
    assertThat(thread).isNotDone();
    assertThatThrownBy(() -> view.await(Duration.ZERO))
        .hasMessage(
            "keys \"n/\": no state within PT0S: the store has neither answered nor failed yet");
    backend.lastWatch().load(Map.of("n/a", "1"));
    assertThat(thread.orTimeout(1, TimeUnit.MINUTES).join()).startsWith("{n/a=1}rollcall-answer-");
    assertThat(view.ready()).isCompletedWithValue(view.snapshot());
    assertThat(view.await(Duration.ZERO).values()).hasSize(1);
  }

  @Test
  void close_leavesTheState_saysSo_andEndsTheWaiting() {
    KeyValueView<Integer> loaded = numbers();
    backend.lastWatch().load(Map.of("n/a", "1"));
    KeyValueView<String> loading = store.view(Keys.key("k"), pair -> pair.text());
    CompletableFuture<KeyValueSnapshot<String>> ready = loading.ready();
    store.close();
    assertThat(loaded.values()).isEqualTo(Map.of("n/a", 1));
    assertThat(loaded.snapshot().freshness())
        .isInstanceOfSatisfying(
            Freshness.Stale.class,
            stale -> assertThat(stale.cause()).hasMessage("the key-value store is closed"));
    assertThat(ready)
        .failsWithin(Duration.ofMinutes(1))
        .withThrowableThat()
        .withRootCauseInstanceOf(RegistryException.class)
        .withMessageContaining("key \"k\": the key-value store is closed");
    assertThatThrownBy(this::numbers).isInstanceOf(IllegalStateException.class);
    backend.watches.get(0).load(Map.of());
    assertThat(loaded.values()).hasSize(1);
  }

  @Test
  void view_thatIsHeldNoLonger_isDropped_andItsWatchClosed() {
    KeyValueView<Integer> kept = numbers();
    WeakReference<KeyValueView<Integer>> forgotten =
        new WeakReference<>(store.view(Keys.prefix("other/"), pair -> 1));
    await()
        .until(
            () -> {
              System.gc();
              return forgotten.get() == null;
            });
    assertThat(backend.watches.get(1).closed).hasValue(0);
    timer.advance(SWEEP);
    assertThat(backend.watches.get(1).closed).hasValue(1);
    assertThat(backend.watches.get(0).closed).hasValue(0);
    assertThat(kept.values()).isEmpty();
  }

  /** Keeps a view, and reads its values. */
  private static final class Limits {
    final KeyValueView<Integer> view;

    Limits(KeyValueStore store) {
      view = store.view(Keys.prefix("limits/"), pair -> number(pair.text()));
    }

    private int number(String text) {
      return view.values().getOrDefault("limits/first", Integer.valueOf(text));
    }
  }

  @Test
  void view_whoseFunctionLeadsToIt_isDroppedAllTheSame() {
    WeakReference<Limits> forgotten = new WeakReference<>(new Limits(store));
    await()
        .until(
            () -> {
              System.gc();
              return forgotten.get() == null;
            });
    timer.advance(SWEEP);
    assertThat(backend.lastWatch().closed).hasValue(1);
  }

  @Test
  void view_thatIsAwaited_isHeld() {
    CompletableFuture<KeyValueSnapshot<Integer>> ready = numbers().ready();
    for (int n = 0; n < 3; n++) {
      System.gc();
      timer.advance(SWEEP);
    }
    assertThat(backend.lastWatch().closed).hasValue(0);
    backend.lastWatch().load(Map.of("n/a", "1"));
    assertThat(ready.orTimeout(1, TimeUnit.MINUTES).join().values()).hasSize(1);
  }

  @Test
  void viewsAndListeners_shareOneWatch() {
    KeyValueView<Integer> one = numbers();
    KeyValueView<Integer> other = numbers();
    List<Object> heard = new ArrayList<>();
    store.watch(Keys.prefix("n/"), heard::add);
    backend.lastWatch().load(Map.of("n/a", "1"));
    assertThat(backend.watches).hasSize(1);
    assertThat(one.values()).isEqualTo(other.values()).hasSize(1);
    assertThat(heard).hasSize(1);
  }

  @Test
  void reads_allocateNothing() {
    KeyValueView<Integer> view = numbers();
    backend.lastWatch().load(Map.of("n/a", "1"));
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long sum = 0;
    long least = Long.MAX_VALUE;
    for (int round = 0; round < 50 && least > 0; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int n = 0; n < 2_000; n++) {
        sum += view.values().getOrDefault("n/a", 0) + view.snapshot().revision();
      }
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertThat(sum).isPositive();
    assertThat(least).isLessThan(2_000); // 2,000 reads that allocate cost 32,000
  }
}
