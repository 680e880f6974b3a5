package dev.rollcall.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.Freshness;
import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.Subscription;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueSnapshot;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.KeyValueView;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueSink;
import dev.rollcall.spi.Timer;
import dev.rollcall.testkit.Faults.Fault;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract of the key-value store, K1 to K6, as tests. A backend's test extends this class and
 * says how to reach the store; each test's name begins with the clause that it tests, and its
 * failure says what to look at.
 *
 * <p>All clients that one instance {@linkplain #open opens} see one store; different instances may
 * share it, since each test uses keys of its own and deletes them. A watch may skip states in
 * between, as on stores that show only states; it never skips the last one. Tests that need a
 * {@linkplain Faults fault} of the store exist only where {@link #faults()} offers it; for the
 * others an entry "not applicable" is published.
 *
 * @since 0.1.0
 */
@ExtendWith(IfItFails.Hints.class)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
public abstract class KeyValueContract {
  static final Bytes ONE = Bytes.ofText("1");
  static final Bytes TWO = Bytes.ofText("2");
  private static final int MAX_BYTES = 512 * 1024;

  final String prefix = "t" + UUID.randomUUID().toString().substring(0, 13) + "/";
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  ContractTime time;
  TestReporter reporter;

  /** For subclasses. */
  protected KeyValueContract() {}

  /**
   * Opens a client of the store, as one process would.
   *
   * @param timer the time of this test
   * @return a new client, the contract's to close
   */
  protected abstract KeyValueBackend open(Timer timer);

  /**
   * Opens a client on a way that {@link Fault#CUT}, {@link Fault#SILENCE} and {@link Fault#DENY} do
   * not reach. As {@link #open} unless overridden.
   *
   * @param timer the time of this test
   * @return a new client, the contract's to close
   */
  protected KeyValueBackend beside(Timer timer) {
    return open(timer);
  }

  /**
   * Returns what can be done to the store. Nothing unless overridden; {@link Faults#beside} is not
   * asked.
   *
   * @return the same faults at every call of one instance
   */
  protected Faults faults() {
    return Faults.none();
  }

  /**
   * Returns how long a change may take from the store to a watcher, and a client to come back once
   * the store answers. 20 s unless overridden: a limit after which a test fails, not a goal.
   *
   * @return how long a test waits for what must come
   */
  protected Duration patience() {
    return Duration.ofSeconds(20);
  }

  /**
   * Returns a URI that opens the store, without options, for the clauses on URIs. None unless
   * overridden.
   *
   * @return the URI
   */
  protected Optional<String> uri() {
    return Optional.empty();
  }

  /**
   * Opens a store on a backend. To be overridden only where it is the store that is tested.
   *
   * @param backend an open backend
   * @param timer the time of this test
   * @return an open store, the contract's to close
   */
  protected KeyValueStore store(KeyValueBackend backend, Timer timer) {
    return KeyValueStore.builder(backend).timer(timer).build();
  }

  @BeforeEach
  final void beginTheTest(TestReporter testReporter) {
    reporter = testReporter;
    time = ContractTime.real();
  }

  @AfterEach
  final void endTheTest() {
    try {
      faults().heal();
      while (!open.isEmpty()) {
        AutoCloseable last = open.pop();
        CompletableFuture<Void> closing =
            CompletableFuture.runAsync(
                () -> {
                  try {
                    last.close();
                  } catch (Exception failed) {
                    throw new CompletionException(failed);
                  }
                },
                task -> new Thread(task, "contract-closing").start());
        await(closing);
      }
      try (KeyValueStore sweeper = store(beside(time.timer()), time.timer())) {
        eventually(() -> await(sweeper.deleteAll(prefix)));
      }
    } finally {
      time.close();
    }
  }

  /** K1 to K5 on the backend's own calls and streams, below the engine. */
  @Nested
  @DisplayName("The backend itself")
  class Backend extends KeyValueClauses {
    Backend() {
      super(KeyValueContract.this);
    }
  }

  // ---- K1

  @Test
  @DisplayName("K1 a watch begins with the present pairs")
  @IfItFails("is replace() followed by synced() for a watch of nothing too?")
  void k1_watch_beginsWithTheState() {
    KeyValueStore store = process();
    KeyValueRecorder nothing = watch(store, Keys.key(prefix + "a"));
    shows(nothing, Map.of());
    await(store.put(prefix + "a", ONE));
    await(store.put(prefix + "b", TWO));

    KeyValueStore other = process();
    shows(watch(other, Keys.key(prefix + "a")), Map.of(prefix + "a", ONE));
    KeyValueRecorder all = watch(other, Keys.prefix(prefix));
    shows(all, Map.of(prefix + "a", ONE, prefix + "b", TWO));
    assertThat(all.changes.get(0).before()).isEmpty();
    assertThat(all.changes.get(0).added()).hasSize(2);
    assertThat(all.changes.get(0).freshness()).isInstanceOf(Freshness.Live.class);
  }

  @Test
  @DisplayName("K1 every later state is shown, deletions too")
  @IfItFails("does a deletion reach the sink, and does a changed value replace the old one?")
  void k1_watch_showsEveryLaterState() {
    KeyValueStore writer = process();
    KeyValueStore reader = process();
    KeyValueRecorder one = watch(reader, Keys.key(prefix + "a"));
    KeyValueRecorder all = watch(reader, Keys.prefix(prefix));
    shows(all, Map.of());

    await(writer.put(prefix + "a", ONE));
    shows(one, Map.of(prefix + "a", ONE));
    await(writer.put(prefix + "a", TWO));
    await(writer.put(prefix + "b", ONE));
    shows(one, Map.of(prefix + "a", TWO));
    shows(all, Map.of(prefix + "a", TWO, prefix + "b", ONE));
    await(writer.delete(prefix + "a"));
    shows(one, Map.of());
    shows(all, Map.of(prefix + "b", ONE));
    assertThat(last(one).removed()).extracting(KeyValue::key).containsExactly(prefix + "a");
    await(writer.put(prefix + "a", ONE));
    shows(one, Map.of(prefix + "a", ONE));
    await(writer.deleteAll(prefix));
    shows(one, Map.of());
    shows(all, Map.of());
  }

  @Test
  @DisplayName("K1 a watch shows what it selects and nothing else")
  @IfItFails("does a key's watch hear of longer keys, or a prefix's of its neighbours?")
  void k1_watch_selectsExactly() {
    KeyValueStore store = process();
    for (String key : List.of("db", "db/", "db/a", "db/a/b", "db/ab", "db0", "dba")) {
      await(store.put(prefix + key, ONE));
    }
    shows(watch(store, Keys.key(prefix + "db/a")), Map.of(prefix + "db/a", ONE));
    KeyValueRecorder below = watch(store, Keys.prefix(prefix + "db/"));
    shows(
        below,
        Map.of(
            prefix + "db/",
            ONE,
            prefix + "db/a",
            ONE,
            prefix + "db/a/b",
            ONE,
            prefix + "db/ab",
            ONE));
    await(store.delete(prefix + "db/a"));
    await(store.put(prefix + "db0", TWO));
    shows(below, Map.of(prefix + "db/", ONE, prefix + "db/a/b", ONE, prefix + "db/ab", ONE));
    assertThat(keys(await(store.list(prefix + "db/a")))).containsExactly("db/a/b", "db/ab");
    await(store.deleteAll(prefix + "db/"));
    assertThat(keys(await(store.list(prefix)))).containsExactly("db", "db0", "dba");
  }

  // ---- K2

  @Test
  @DisplayName("K2 values are bytes, kept exactly")
  @IfItFails("is a value taken for a text somewhere, an empty one for none, or a large one cut?")
  void k2_values_areKeptExactly() {
    byte[] every = new byte[512];
    for (int i = 0; i < every.length; i++) {
      every[i] = (byte) (i < 256 ? i : 511 - i);
    }
    byte[] large = new byte[MAX_BYTES];
    IntStream.range(0, large.length).forEach(i -> large[i] = (byte) (i * 31));
    KeyValueStore writer = process();
    KeyValueStore reader = process();
    KeyValueRecorder watching = watch(reader, Keys.key(prefix + "v"));
    for (Bytes value : List.of(Bytes.of(every), Bytes.empty(), Bytes.of(large))) {
      await(writer.put(prefix + "v", value));
      assertThat(await(reader.get(prefix + "v")).orElseThrow().value()).isEqualTo(value);
      assertThat(await(reader.list(prefix))).extracting(KeyValue::value).containsExactly(value);
      shows(watching, Map.of(prefix + "v", value));
    }
  }

  @Test
  @DisplayName("K2 keys are kept exactly")
  @IfItFails("is a key encoded where it becomes a path, and decoded as it was encoded?")
  void k2_keys_areKeptExactly() {
    KeyValueStore store = process();
    List<String> odd =
        List.of(
            " space ",
            "%2F",
            "a+b",
            "a?b=c&d",
            "a#b",
            "a:b;c,d",
            "a..b",
            "ä/ß/€/😀",
            "end/",
            "{}",
            "...",
            "\"quoted\\");
    List<KeyValue> expected = new ArrayList<>();
    for (String key : odd) {
      await(store.put(prefix + key, key));
      KeyValue found = await(store.get(prefix + key)).orElseThrow();
      assertThat(found.key()).isEqualTo(prefix + key);
      assertThat(found.text()).isEqualTo(key);
      expected.add(found);
    }
    assertThat(await(store.list(prefix)))
        .containsExactlyInAnyOrderElementsOf(expected)
        .isSortedAccordingTo((a, b) -> a.key().compareTo(b.key()));
    for (String key : odd) {
      await(store.delete(prefix + key));
      assertThat(await(store.get(prefix + key))).isEmpty();
    }
  }

  @Test
  @DisplayName("What breaks a rule is refused before it is sent")
  @IfItFails("is the key, the prefix, the value and the version checked at the door?")
  void badInput_isRefused() {
    KeyValueStore store = process();
    String tooLong = "k".repeat(513);
    for (String key :
        List.of("", "/a", "a//b", ".", "..", "a/..", "a/./b", "../a", "a\nb", tooLong, "\ud800")) {
      invalid("key: ", () -> store.get(key));
      invalid("key: ", () -> store.put(key, ONE));
      invalid("key: ", () -> store.compareAndSet(key, 0, ONE));
      invalid("key: ", () -> store.delete(key));
      invalid("key: ", () -> store.compareAndDelete(key, 1));
      invalid("key: ", () -> Keys.key(key));
    }
    for (String bad : List.of("/", "a//", "../", "a\u0000", tooLong)) {
      invalid("prefix: ", () -> store.list(bad));
      invalid("prefix: ", () -> store.deleteAll(bad));
      invalid("prefix: ", () -> Keys.prefix(bad));
    }
    Bytes tooMuch = Bytes.of(new byte[MAX_BYTES + 1]);
    invalid("value: 524289 bytes", () -> store.put(prefix + "a", tooMuch));
    invalid("value: 524289 bytes", () -> store.compareAndSet(prefix + "a", 0, tooMuch));
    invalid("expectedVersion: -1", () -> store.compareAndSet(prefix + "a", -1, ONE));
    invalid("expectedVersion: 0", () -> store.compareAndDelete(prefix + "a", 0));
    assertThat(await(store.list(prefix))).isEmpty();
  }

  // ---- K3

  @Test
  @DisplayName("K3 compareAndSet and compareAndDelete ask for the version")
  @IfItFails("is 0 'not there', and does each write change the version?")
  void k3_compareAndSet_asksForTheVersion() {
    KeyValueStore store = process();
    String key = prefix + "a";
    assertThat(await(store.compareAndSet(key, 7, ONE))).isFalse();
    assertThat(await(store.get(key))).isEmpty();
    assertThat(await(store.compareAndSet(key, 0, ONE))).isTrue();
    long first = await(store.get(key)).orElseThrow().version();
    assertThat(first).isPositive();
    assertThat(await(store.compareAndSet(key, 0, TWO))).isFalse();
    assertThat(await(store.compareAndSet(key, first, TWO))).isTrue();
    long second = await(store.get(key)).orElseThrow().version();
    assertThat(second).isGreaterThan(first);
    assertThat(await(store.compareAndSet(key, first, ONE))).isFalse();
    assertThat(await(store.compareAndDelete(key, first))).isFalse();
    assertThat(await(store.get(key)).orElseThrow().value()).isEqualTo(TWO);
    assertThat(await(store.compareAndDelete(key, second))).isTrue();
    assertThat(await(store.get(key))).isEmpty();
    assertThat(await(store.compareAndDelete(key, second))).isTrue();
    await(store.delete(key));
    await(store.put(key, ONE));
    assertThat(await(store.get(key)).orElseThrow().version()).isGreaterThan(second);
    assertThat(await(store.compareAndSet(key, second, ONE))).isFalse();
  }

  @Test
  @DisplayName("K3 compareAndSet is atomic in the store")
  @IfItFails("is the comparison the store's own, in one step with the write?")
  void k3_compareAndSet_isAtomic() {
    int clients = 4;
    int each = 10;
    String key = prefix + "counter";
    await(process().put(key, "0"));
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      KeyValueStore store = process();
      all.add(CompletableFuture.runAsync(() -> increment(store, key, each), KeyValueContract::run));
    }
    all.forEach(this::await);
    assertThat(await(process().get(key)).orElseThrow().text())
        .isEqualTo(Integer.toString(clients * each));
  }

  private static void run(Runnable task) {
    new Thread(task, "contract").start();
  }

  private void increment(KeyValueStore store, String key, int times) {
    for (int done = 0; done < times; ) {
      KeyValue now = await(store.get(key)).orElseThrow();
      String next = Integer.toString(Integer.parseInt(now.text()) + 1);
      if (await(store.compareAndSet(key, now.version(), next))) {
        done++;
      }
    }
  }

  @Test
  @DisplayName("K3 of many who create a key, or delete a version of it, one wins")
  @IfItFails("is 'not there' looked at before the write, or is it the store that compares?")
  void k3_compare_hasOneWinner() {
    List<KeyValueStore> stores = Stream.generate(this::process).limit(4).toList();
    for (int round = 0; round < 20; round++) {
      String key = prefix + "r" + round;
      assertThat(winners(stores, store -> store.compareAndSet(key, 0, ONE)))
          .as("creations of round %s", round)
          .isEqualTo(1);
      KeyValue made = await(stores.get(0).get(key)).orElseThrow();
      // Where a deletion comes too late the key is somebody else's: it must not go.
      CountDownLatch go = new CountDownLatch(1);
      Supplier<CompletableFuture<Boolean>> swap =
          () -> stores.get(0).compareAndSet(key, made.version(), TWO);
      Supplier<CompletableFuture<Boolean>> delete =
          () -> stores.get(1).compareAndDelete(key, made.version());
      // Who waits first mostly goes first: each of the two in half of the rounds.
      boolean isSwapFirst = round % 2 == 0;
      var first = later(go, isSwapFirst ? swap : delete);
      var second = later(go, isSwapFirst ? delete : swap);
      go.countDown();
      boolean wrote = await(isSwapFirst ? first : second);
      boolean deleted = await(isSwapFirst ? second : first);
      assertThat(deleted).as("round %s", round).isNotEqualTo(wrote);
      assertThat(await(stores.get(0).get(key)).isPresent()).isEqualTo(wrote);
    }
  }

  private long winners(
      List<KeyValueStore> stores, Function<KeyValueStore, CompletableFuture<Boolean>> call) {
    CountDownLatch go = new CountDownLatch(1);
    List<CompletableFuture<Boolean>> all =
        stores.stream().map(store -> later(go, () -> call.apply(store))).toList();
    go.countDown();
    return all.stream().filter(this::await).count();
  }

  private static <T> CompletableFuture<T> later(
      CountDownLatch go, Supplier<CompletableFuture<T>> call) {
    return CompletableFuture.supplyAsync(
            () -> {
              Clauses.block(go);
              return call.get();
            },
            KeyValueContract::run)
        .thenCompose(stage -> stage);
  }

  // ---- K4

  @Test
  @DisplayName("K4 of 5,000 updates each watcher ends at the last, and none goes back")
  @IfItFails("can an older state overtake a newer one, or the last one be lost?")
  void k4_order_ofFiveThousandUpdates() {
    KeyValueStore writer = process();
    KeyValueStore reader = process();
    String key = prefix + "n";
    List<KeyValueRecorder> watchers =
        List.of(
            watch(reader, Keys.key(key)),
            watch(process(), Keys.prefix(prefix)),
            watch(reader, Keys.key(key), new KeyValueRecorder(() -> pause(20))));
    Deque<CompletableFuture<Void>> sent = new ArrayDeque<>();
    for (int i = 1; i <= 5_000; i++) {
      // One after the other: the store orders what is under way at once as it likes.
      sent.add(writer.put(key, Integer.toString(i)));
      await(sent.pop());
    }
    for (KeyValueRecorder watcher : watchers) {
      shows(watcher, Map.of(key, Bytes.ofText("5000")));
      List<Integer> seen =
          watcher.changes.stream()
              .flatMap(change -> change.now(key).stream())
              .map(pair -> Integer.parseInt(pair.text()))
              .toList();
      assertThat(seen).isSorted().doesNotHaveDuplicates();
      assertThat(watcher.changes.stream().map(change -> change.revision()).toList()).isSorted();
      reporter.publishEntry("states shown of 5,000", Integer.toString(seen.size()));
    }
  }

  static void pause(long millis) {
    try (ContractTime wall = ContractTime.real()) {
      wall.pass(Duration.ofMillis(millis));
    }
  }

  @Test
  @DisplayName("K4 a listener that blocks or throws disturbs nobody")
  @IfItFails("is a listener called on the thread of another one, or dropped when it throws?")
  void k4_isolation() {
    KeyValueStore store = process();
    String key = prefix + "a";
    CountDownLatch release = new CountDownLatch(1);
    KeyValueRecorder blocking =
        watch(store, Keys.key(key), new KeyValueRecorder(() -> Clauses.block(release)));
    AtomicInteger thrown = new AtomicInteger();
    KeyValueRecorder throwing =
        watch(
            store,
            Keys.key(key),
            new KeyValueRecorder(
                () -> {
                  thrown.incrementAndGet();
                  throw new AssertionError("a listener of the test throws");
                }));
    KeyValueRecorder calm = watch(store, Keys.key(key));
    try {
      shows(calm, Map.of());
      await(store.put(key, ONE));
      shows(calm, Map.of(key, ONE));
      shows(throwing, Map.of(key, ONE));
      await(store.put(key, TWO));
      shows(calm, Map.of(key, TWO));
      shows(throwing, Map.of(key, TWO));
      assertThat(thrown.get()).isGreaterThanOrEqualTo(2);
      assertThat(blocking.changes).hasSize(1);
    } finally {
      release.countDown();
    }
    shows(blocking, Map.of(key, TWO));
  }

  @Test
  @DisplayName("K4 a write that leaves the value as it was is not delivered")
  @IfItFails("is a new version with the same value taken for a change?")
  void k4_identicalStates_areNotDelivered() {
    KeyValueStore store = process();
    KeyValueRecorder watching = watch(store, Keys.prefix(prefix));
    await(store.put(prefix + "a", ONE));
    shows(watching, Map.of(prefix + "a", ONE));
    int before = watching.changes.size();
    await(store.put(prefix + "a", ONE));
    await(store.put(prefix + "b", TWO));
    shows(watching, Map.of(prefix + "a", ONE, prefix + "b", TWO));
    assertThat(watching.changes).hasSize(before + 1);
    assertThat(last(watching).updated()).isEmpty();
  }

  @Test
  @DisplayName("K4 after close nothing is heard, and the last one frees the upstream watch")
  @IfItFails("does the listener hear anything after it was closed; is the watch shared?")
  void k4_close_andSharing() {
    CountedWatches counted = new CountedWatches(open(time.timer()));
    KeyValueStore store = closing(store(counted, time.timer()));
    KeyValueStore writer = process();
    String key = prefix + "a";
    List<KeyValueRecorder> recorders = new ArrayList<>();
    List<Subscription> subscriptions = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      KeyValueRecorder recorder = new KeyValueRecorder();
      recorders.add(recorder);
      subscriptions.add(store.watch(Keys.key(key), recorder));
    }
    await(writer.put(key, ONE));
    recorders.forEach(recorder -> shows(recorder, Map.of(key, ONE)));
    assertThat(counted.opened.get()).isEqualTo(1);

    subscriptions.subList(1, 100).forEach(Subscription::close);
    await(writer.put(key, TWO));
    shows(recorders.get(0), Map.of(key, TWO));
    recorders
        .subList(1, 100)
        .forEach(
            recorder -> assertThat(last(recorder).now(key).orElseThrow().value()).isEqualTo(ONE));
    assertThat(counted.closed.get()).isZero();
    subscriptions.get(0).close();
    eventually(() -> assertThat(counted.closed.get()).isEqualTo(1));
    await(writer.put(key, ONE));
    shows(watch(store, Keys.key(key)), Map.of(key, ONE));
    assertThat(counted.opened.get()).isEqualTo(2);
    assertThat(recorders.get(0).now()).contains(Map.of(key, TWO));
  }

  /** Counts the upstream watches. */
  private static final class CountedWatches extends ForwardingKeyValueBackend {
    final AtomicInteger opened = new AtomicInteger();
    final AtomicInteger closed = new AtomicInteger();

    CountedWatches(KeyValueBackend to) {
      super(to);
    }

    @Override
    public Watch watch(Keys keys, KeyValueSink sink) {
      opened.incrementAndGet();
      Watch watch = super.watch(keys, sink);
      return () -> {
        watch.close();
        closed.incrementAndGet();
      };
    }
  }

  @Test
  @DisplayName("K4 a callback may close its own subscription, and the store")
  @IfItFails("does a close wait for the very callback that it is called from?")
  void k4_close_fromWithin() {
    KeyValueStore store = process();
    CompletableFuture<Subscription> own = new CompletableFuture<>();
    KeyValueRecorder recorder = new KeyValueRecorder(() -> own.join().close());
    own.complete(store.watch(Keys.prefix(prefix), recorder));
    eventually(() -> assertThat(recorder.changes).hasSize(1));
    KeyValueRecorder closing =
        watch(store, Keys.prefix(prefix), new KeyValueRecorder(store::close));
    eventually(() -> assertThat(closing.changes).hasSize(1));
    eventually(
        () ->
            assertThatThrownBy(() -> store.get(prefix + "a"))
                .isInstanceOf(IllegalStateException.class));
    store.close();
    assertThat(recorder.changes).hasSize(1);
  }

  // ---- K5

  @Test
  @DisplayName("K5 a second watch of the same path is simply another watch")
  @IfItFails("is the second listener given the state, and does closing one leave the other?")
  void k5_secondWatch() {
    KeyValueStore store = process();
    String key = prefix + "a";
    await(store.put(key, ONE));
    KeyValueRecorder first = new KeyValueRecorder();
    Subscription subscription = closing(store.watch(Keys.prefix(prefix), first));
    shows(first, Map.of(key, ONE));
    KeyValueRecorder second = watch(store, Keys.prefix(prefix));
    shows(second, Map.of(key, ONE));
    subscription.close();
    await(store.put(key, TWO));
    shows(second, Map.of(key, TWO));
    assertThat(first.now()).contains(Map.of(key, ONE));
    KeyValueRecorder again = new KeyValueRecorder();
    closing(store.watch(Keys.prefix(prefix), again));
    shows(again, Map.of(key, TWO));
  }

  // ---- K6

  @Test
  @DisplayName("K6 a view becomes ready and ends at every last state, deletions too")
  @IfItFails("is replace() followed by synced() for a watch of nothing too; do deletions arrive?")
  void k6_view_followsTheStore() {
    KeyValueStore writer = process();
    KeyValueStore reader = process();
    KeyValueView<Integer> view = numbers(reader);
    assertThat(await(view.ready()).values()).isEmpty();
    assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class);
    await(writer.put(prefix + "b", "2"));
    await(writer.put(prefix + "a", "1"));
    eventually(() -> assertThat(view.values()).isEqualTo(Map.of(prefix + "a", 1, prefix + "b", 2)));
    Map<String, Integer> before = view.values();
    assertThat(before.keySet()).containsExactly(prefix + "a", prefix + "b");
    assertThat(view.get(prefix + "a")).contains(1);

    for (int n = 0; n < 200; n++) {
      await(writer.put(prefix + "n", Integer.toString(n)));
    }
    await(writer.delete(prefix + "a"));
    eventually(
        () -> assertThat(view.values()).isEqualTo(Map.of(prefix + "b", 2, prefix + "n", 199)));
    assertThat(before).hasSize(2);
    assertThatThrownBy(before::clear).isInstanceOf(UnsupportedOperationException.class);
    await(writer.deleteAll(prefix));
    eventually(() -> assertThat(view.values()).isEmpty());
    assertThat(view.get(prefix + "a")).isEmpty();

    KeyValueView<KeyValue> pairs = process().view(Keys.key(prefix + "one"));
    await(writer.put(prefix + "one", TWO));
    eventually(() -> assertThat(pairs.get(prefix + "one").map(KeyValue::value)).contains(TWO));
  }

  private KeyValueView<Integer> numbers(KeyValueStore store) {
    return store.view(Keys.prefix(prefix), pair -> Integer.valueOf(pair.text()));
  }

  @Test
  @DisplayName("K6 a value that is refused leaves the last one, and the failure is shown")
  @IfItFails("does a change of a value reach the sink as one of its key?")
  void k6_view_keepsTheLastValueThatWasTaken() {
    KeyValueStore writer = process();
    await(writer.put(prefix + "a", "1"));
    await(writer.put(prefix + "b", "none"));
    KeyValueView<Integer> view = numbers(process());
    KeyValueSnapshot<Integer> first = await(view.ready());
    assertThat(first.values()).isEqualTo(Map.of(prefix + "a", 1));
    assertThat(first.failures()).containsOnlyKeys(prefix + "b");

    await(writer.put(prefix + "a", "secret"));
    eventually(
        () -> assertThat(view.snapshot().failures()).containsOnlyKeys(prefix + "a", prefix + "b"));
    assertThat(view.snapshot().failures())
        .hasEntrySatisfying(
            prefix + "a",
            failure -> {
              assertThat(failure.kind()).isEqualTo(RegistryException.Kind.INVALID);
              assertThat(failure.getMessage()).contains(prefix + "a").doesNotContain("secret");
            });
    assertThat(view.values()).isEqualTo(Map.of(prefix + "a", 1));
    await(writer.put(prefix + "a", "3"));
    await(writer.delete(prefix + "b"));
    eventually(() -> assertThat(view.snapshot().failures()).isEmpty());
    assertThat(view.values()).isEqualTo(Map.of(prefix + "a", 3));
  }

  @TestFactory
  @DisplayName("K6 a view keeps its state in an outage, says so, and catches up")
  @IfItFails("is interrupted() called when the stream is lost, and synced() when it is back?")
  Stream<DynamicTest> k6_view_throughAFault() {
    return each(
        fault -> {
          KeyValueStore store = process();
          KeyValueStore beside = closing(store(beside(time.timer()), time.timer()));
          await(store.put(prefix + "a", "1"));
          KeyValueView<Integer> view = numbers(store);
          assertThat(await(view.ready()).values()).hasSize(1);
          faults().begin(fault, prefix);
          eventually(
              () -> assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Stale.class));
          assertThat(view.get(prefix + "a")).contains(1);
          KeyValueView<Integer> late =
              store.view(Keys.key(prefix + "a"), pair -> Integer.valueOf(pair.text()));
          CompletableFuture<KeyValueSnapshot<Integer>> ready = late.ready();
          assertThat(late.values()).isEmpty();
          if (fault != Fault.STOP) {
            await(beside.put(prefix + "a", "2"));
          }
          faults().heal();
          if (fault == Fault.STOP) {
            eventually(() -> await(beside.put(prefix + "a", "2")));
          }
          eventually(() -> assertThat(view.get(prefix + "a")).contains(2));
          eventually(
              () -> assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class));
          await(ready);
          eventually(() -> assertThat(late.get(prefix + "a")).contains(2));
        },
        Fault.STOP,
        Fault.CUT,
        Fault.DENY);
  }

  @Test
  @DisplayName("K6 views share one watch, and keep their state when the store is closed")
  @IfItFails("is what hangs on the first state told that none will come?")
  void k6_view_sharingAndClosing() {
    CountedWatches counted = new CountedWatches(open(time.timer()));
    KeyValueStore store = closing(store(counted, time.timer()));
    await(store.put(prefix + "a", "1"));
    List<KeyValueView<Integer>> views = Stream.generate(() -> numbers(store)).limit(20).toList();
    views.forEach(view -> assertThat(await(view.ready()).values()).hasSize(1));
    assertThat(counted.opened.get()).isEqualTo(1);

    store.close();
    for (KeyValueView<Integer> view : views) {
      assertThat(view.values()).isEqualTo(Map.of(prefix + "a", 1));
      assertThat(view.snapshot().freshness())
          .isInstanceOfSatisfying(
              Freshness.Stale.class,
              stale -> assertThat(stale.cause()).hasMessageContaining("closed"));
    }
    assertThatThrownBy(() -> numbers(store)).isInstanceOf(IllegalStateException.class);
  }

  // ---- faults, and URIs

  @TestFactory
  @DisplayName("K4 a broken watch keeps its state, says so, and resumes with the difference")
  @IfItFails("is the watch resumed from where it was, or listed again; are deletions found?")
  Stream<DynamicTest> k4_resume_afterAFault() {
    return each(
        fault -> {
          KeyValueStore store = process();
          KeyValueStore beside = closing(store(beside(time.timer()), time.timer()));
          await(store.put(prefix + "kept", ONE));
          await(store.put(prefix + "changed", ONE));
          await(store.put(prefix + "gone", ONE));
          KeyValueRecorder watching = watch(store, Keys.prefix(prefix));
          eventually(
              () ->
                  assertThat(watching.now().orElseThrow(() -> new AssertionError("no state yet")))
                      .hasSize(3));

          faults().begin(fault, prefix);
          eventually(() -> assertThat(watching.sawStale()).isTrue());
          assertThat(watching.now().orElseThrow(() -> new AssertionError("no state yet")))
              .hasSize(3);
          if (fault != Fault.STOP) {
            await(beside.put(prefix + "changed", TWO));
            await(beside.delete(prefix + "gone"));
            assertThat(refused(store.get(prefix + "kept")).kind())
                .isEqualTo(
                    fault == Fault.DENY
                        ? RegistryException.Kind.DENIED
                        : RegistryException.Kind.UNAVAILABLE);
          }
          faults().heal();
          if (fault == Fault.STOP) {
            eventually(() -> await(beside.put(prefix + "changed", TWO)));
            eventually(() -> await(beside.delete(prefix + "gone")));
          }
          shows(watching, Map.of(prefix + "kept", ONE, prefix + "changed", TWO));
          eventually(() -> assertThat(watching.isLive()).isTrue());
          assertThat(watching.changes)
              .allSatisfy(change -> assertThat(change.now()).containsKey(prefix + "kept"));
          await(store.put(prefix + "new", ONE));
          eventually(
              () ->
                  assertThat(watching.now().orElseThrow(() -> new AssertionError("no state yet")))
                      .containsKey(prefix + "new"));
        },
        Fault.STOP,
        Fault.CUT,
        Fault.SILENCE,
        Fault.DENY);
  }

  @TestFactory
  @DisplayName("K4 a store that has lost its data is shown as it is")
  @IfItFails("is the range listed again when the store's revision went back?")
  Stream<DynamicTest> k4_resume_afterAWipe() {
    return each(
        fault -> {
          KeyValueStore store = process();
          for (int i = 0; i < 20; i++) {
            await(store.put(prefix + "old" + i, ONE));
          }
          KeyValueRecorder watching = watch(store, Keys.prefix(prefix));
          eventually(
              () ->
                  assertThat(watching.now().orElseThrow(() -> new AssertionError("no state yet")))
                      .hasSize(20));
          faults().begin(fault, prefix);
          KeyValueStore other = process();
          eventually(() -> await(other.put(prefix + "new", TWO)));
          shows(watching, Map.of(prefix + "new", TWO));
          await(other.put(prefix + "new", ONE));
          shows(watching, Map.of(prefix + "new", ONE));
        },
        Fault.WIPE);
  }

  /** Makes a test of each fault, of those that are offered. */
  Stream<DynamicTest> each(FaultTest test, Fault... faults) {
    List<DynamicTest> tests = new ArrayList<>();
    for (Fault fault : faults) {
      if (faults().offered().contains(fault)) {
        tests.add(
            DynamicTest.dynamicTest(
                "after " + fault,
                () -> {
                  try {
                    test.with(fault);
                  } finally {
                    faults().heal();
                  }
                  KeyValueStore sweeper = process();
                  eventually(() -> await(sweeper.deleteAll(prefix)));
                }));
      } else {
        reporter.publishEntry("not applicable", "after " + fault + ": the fault is not offered");
      }
    }
    return tests.stream();
  }

  /** What is to be shown of one fault. */
  interface FaultTest {
    void with(Fault fault);
  }

  @Test
  @DisplayName("R10 after close every stage has failed, and every call is refused")
  @IfItFails("does close complete what is under way, and is it idempotent?")
  void r10_close() {
    KeyValueStore store = process();
    CompletableFuture<Optional<KeyValue>> underWay = store.get(prefix + "a");
    store.close();
    store.close();
    eventually(() -> assertThat(underWay).isDone());
    assertThatThrownBy(() -> store.put(prefix + "a", ONE))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> store.watch(Keys.key(prefix + "a"), change -> {}))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  @DisplayName("The URI opens the registry and the keys, and neither sees the other")
  @IfItFails("do the keys lie outside of the registry's prefix, and does each refuse options?")
  void uri_opensBoth() {
    if (uri().isEmpty()) {
      reporter.publishEntry("not applicable", "no URI");
      return;
    }
    String uri = uri().get();
    KeyValueStore store = closing(KeyValueStore.open(uri));
    Registry registry = closing(Registry.open(uri));
    String service = prefix.substring(0, prefix.length() - 1);
    await(store.put(prefix + "a", "127.0.0.1:80"));
    await(
        registry.register(
            ServiceInstance.builder(service).id("i").address("127.0.0.1", 9).build(),
            Liveness.permanent()));
    eventually(() -> assertThat(registry.catalog().snapshot(service).all()).hasSize(1));
    assertThat(registry.catalog().snapshot(service).all().get(0).id()).isEqualTo("i");
    assertThat(keys(await(store.list(prefix)))).containsExactly("a");
    assertThatThrownBy(
            () -> KeyValueStore.open(uri + (uri.contains("?") ? "&" : "?") + "nonsense=1"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("unknown option \"nonsense\"");
  }

  // ---- what the tests share

  KeyValueStore process() {
    return closing(store(open(time.timer()), time.timer()));
  }

  <T extends AutoCloseable> T closing(T opened) {
    synchronized (open) {
      open.push(opened);
    }
    return opened;
  }

  private KeyValueRecorder watch(KeyValueStore store, Keys keys) {
    return watch(store, keys, new KeyValueRecorder());
  }

  private KeyValueRecorder watch(KeyValueStore store, Keys keys, KeyValueRecorder recorder) {
    closing(store.watch(keys, recorder));
    return recorder;
  }

  private void shows(KeyValueRecorder recorder, Map<String, Bytes> pairs) {
    eventually(
        () -> {
          assertThat(recorder.now()).contains(pairs);
          assertThat(recorder.faults()).isEmpty();
        });
  }

  private static dev.rollcall.kv.KeyValueChange last(KeyValueRecorder recorder) {
    return recorder.changes.get(recorder.changes.size() - 1);
  }

  private List<String> keys(List<KeyValue> pairs) {
    return pairs.stream().map(pair -> pair.key().substring(prefix.length())).toList();
  }

  private static void invalid(String beginning, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOf(RegistryException.class)
        .hasMessageStartingWith(beginning)
        .extracting(thrown -> ((RegistryException) thrown).kind())
        .isEqualTo(RegistryException.Kind.INVALID);
  }

  <T> T await(CompletableFuture<T> future) {
    if (!time.until(patience(), future::isDone)) {
      throw new AssertionError("not completed within " + patience());
    }
    try {
      return future.join();
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof RegistryException known) {
        throw known;
      }
      throw new AssertionError("completed with no RegistryException: " + failed.getCause(), failed);
    }
  }

  RegistryException refused(CompletableFuture<?> future) {
    try {
      Object got = await(future);
      throw new AssertionError("completed normally, with " + got);
    } catch (RegistryException expected) {
      return expected;
    }
  }

  /** Lets time pass until it holds; a failure of the store counts as "not yet". */
  void eventually(Runnable assertion) {
    Throwable[] last = new Throwable[1];
    boolean held =
        time.until(
            patience(),
            () -> {
              try {
                assertion.run();
                return true;
              } catch (AssertionError | RegistryException notYet) {
                last[0] = notYet;
                return false;
              }
            });
    if (!held) {
      throw new AssertionError("not within " + patience() + ": " + last[0].getMessage(), last[0]);
    }
  }
}
