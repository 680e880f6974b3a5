package dev.rollcall.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueSink;
import dev.rollcall.spi.KeyWrite;
import dev.rollcall.testkit.Faults.Fault;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the engine would hide: a backend's calls and streams of keys, through the SPI alone. */
@ExtendWith(IfItFails.Hints.class)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
abstract class KeyValueClauses {
  private static final Bytes ONE = KeyValueContract.ONE;
  private static final Bytes TWO = KeyValueContract.TWO;

  private final KeyValueContract contract;
  private final String prefix;

  KeyValueClauses(KeyValueContract contract) {
    this.contract = contract;
    this.prefix = contract.prefix;
  }

  // ---- K1

  @Test
  @DisplayName("K1 the stream begins with all that is there, however much that is")
  @IfItFails("is the first call a replace, with all pages of the state, and does synced follow?")
  void k1_stream_beginsWithTheState() {
    KeyValueBackend writer = client();
    RecordingKeySink nothing = record(client(), Keys.prefix(prefix));
    eventually(() -> assertThat(nothing.isLive()).isTrue());
    assertThat(nothing.shown()).first().isEqualTo(Map.of());
    Map<String, Bytes> all = many(260, 1);
    putAll(writer, all);

    RecordingKeySink full = record(client(), Keys.prefix(prefix));
    eventually(() -> assertThat(full.isLive()).isTrue());
    assertThat(values(full.shown().get(0))).isEqualTo(all);
    assertThat(listed(client())).isEqualTo(all);
    eventually(() -> assertThat(values(nothing.state())).isEqualTo(all));
    right(nothing, full);
  }

  @Test
  @DisplayName("K1 no gap between the state and the changes, while others write")
  @IfItFails("does the watch begin at the very revision at which the list was read?")
  void k1_stream_hasNoGap() {
    KeyValueBackend writer = client();
    KeyValueBackend watcher = client();
    List<RecordingKeySink> sinks = new ArrayList<>();
    for (int round = 0; round < 20; round++) {
      // No key is written twice: what one stream has missed is missing in its end.
      List<CompletableFuture<Void>> sent = new ArrayList<>();
      for (int n = 0; n < 6; n++) {
        sent.add(writer.put(prefix + "r" + round + "-" + n, ONE).toCompletableFuture());
        if (n == 2) {
          sinks.add(record(watcher, Keys.prefix(prefix)));
        }
      }
      sent.forEach(contract::await);
    }
    Map<String, Bytes> last = listed(writer);
    assertThat(last).hasSize(120);
    for (RecordingKeySink sink : sinks) {
      eventually(() -> assertThat(values(sink.state())).isEqualTo(last));
    }
    right(sinks.toArray(RecordingKeySink[]::new));
  }

  @Test
  @DisplayName("K1 the stream tells each version, so that what was seen can be compared")
  @IfItFails("is a write of an equal value left out of the stream, or its version?")
  void k1_stream_tellsVersions() {
    KeyValueBackend backend = client();
    String key = prefix + "a";
    RecordingKeySink sink = record(client(), Keys.key(key));
    eventually(() -> assertThat(sink.isLive()).isTrue());
    for (Bytes value : List.of(ONE, TWO, TWO, Bytes.empty(), ONE)) {
      await(backend.put(key, value));
      KeyValue is = await(backend.get(key)).orElseThrow();
      eventually(() -> assertThat(sink.state()).containsExactly(Map.entry(key, is)));
    }
    right(sink);
  }

  @Test
  @DisplayName("K1 verbs and streams reach what they name and nothing beside it")
  @IfItFails("is a key taken for a prefix, a prefix for a folder, or a segment for the whole?")
  void k1_everything_selectsExactly() {
    KeyValueBackend backend = client();
    List<String> keys = List.of("a", "A", "a/", "a/b", "a/b/c", "a0", "ab", ".a", "_a", ":a");
    keys.forEach(key -> await(backend.put(prefix + key, Bytes.ofText(key))));
    assertThat(listed(backend)).hasSize(keys.size());
    for (String key : keys) {
      RecordingKeySink one = record(client(), Keys.key(prefix + key));
      RecordingKeySink below = record(client(), Keys.prefix(prefix + key));
      eventually(() -> assertThat(one.isLive() && below.isLive()).isTrue());
      List<String> alike =
          keys.stream().filter(k -> k.startsWith(key)).map(k -> prefix + k).sorted().toList();
      assertThat(values(one.state())).isEqualTo(Map.of(prefix + key, Bytes.ofText(key)));
      assertThat(below.state().keySet()).containsExactlyElementsOf(alike);
      assertThat(await(backend.list(prefix + key)).entries())
          .extracting(KeyValue::key)
          .containsExactlyInAnyOrderElementsOf(alike);
      assertThat(await(backend.get(prefix + key)).map(KeyValue::key)).contains(prefix + key);
      right(one, below);
    }
    await(backend.delete(Keys.key(prefix + "a")));
    assertThat(await(backend.get(prefix + "a"))).isEmpty();
    assertThat(listed(backend)).hasSize(keys.size() - 1);
    await(backend.delete(Keys.prefix(prefix + "a/")));
    assertThat(listed(backend).keySet())
        .containsExactlyInAnyOrder(
            prefix + "A",
            prefix + "a0",
            prefix + "ab",
            prefix + ".a",
            prefix + "_a",
            prefix + ":a");
  }

  // ---- K3

  @Test
  @DisplayName("K3 versions never come twice, and a comparison that fails writes nothing")
  @IfItFails("does a key's version begin anew when it is deleted, or stand when it is rewritten?")
  void k3_versions_neverComeTwice() {
    KeyValueBackend backend = client();
    String key = prefix + "a";
    List<Long> versions = new ArrayList<>();
    for (int n = 0; n < 3; n++) {
      assertThat(await(backend.compareAndSet(key, 0, ONE))).isTrue();
      versions.add(await(backend.get(key)).orElseThrow().version());
      await(backend.put(key, TWO));
      KeyValue is = await(backend.get(key)).orElseThrow();
      versions.add(is.version());
      assertThat(await(backend.list(key)).entries()).containsExactly(is);
      for (long wrong : List.of(0L, versions.get(versions.size() - 2), is.version() + 1)) {
        assertThat(await(backend.compareAndSet(key, wrong, number(3)))).isFalse();
        assertThat(wrong == 0 || !await(backend.compareAndDelete(key, wrong))).isTrue();
        assertThat(await(backend.get(key))).contains(is);
      }
      await(n % 2 == 0 ? deleted(backend, key, is) : backend.delete(Keys.key(key)));
      assertThat(await(backend.get(key))).isEmpty();
      assertThat(await(backend.compareAndSet(key, is.version(), TWO))).isFalse();
      assertThat(await(backend.compareAndDelete(key, is.version()))).isTrue();
      assertThat(await(backend.get(key))).isEmpty();
    }
    assertThat(versions).isSorted().doesNotHaveDuplicates().allMatch(version -> version > 0);
  }

  @Test
  @DisplayName("K3 a key tells the version that it was created with, until it is deleted")
  @IfItFails("is it taken from the store with each read, list and event, or counted anew?")
  void k3_created_lastsUntilTheDeletion() {
    KeyValueBackend backend = client();
    String key = prefix + "a";
    RecordingKeySink sink = record(client(), Keys.key(key));
    eventually(() -> assertThat(sink.isLive()).isTrue());
    long last = 0;
    for (int round = 0; round < 2; round++) {
      await(backend.put(key, ONE));
      KeyValue first = await(backend.get(key)).orElseThrow();
      assertThat(first.created()).isEqualTo(first.version()).isGreaterThan(last);
      await(backend.put(key, TWO));
      KeyValue second = await(backend.get(key)).orElseThrow();
      assertThat(second.created()).isEqualTo(first.version()).isLessThan(second.version());
      assertThat(await(backend.list(prefix)).entries()).containsExactly(second);
      eventually(() -> assertThat(sink.state()).isEqualTo(Map.of(key, second)));
      await(backend.delete(Keys.key(key)));
      last = second.version();
    }
    right(sink);
  }

  @Test
  @DisplayName("K3 several writes are one step, and happen only where all versions are right")
  @IfItFails("does the store compare and write in one transaction, and say what it has written?")
  void k3_commit_isOneStep() {
    KeyValueBackend backend = client();
    String a = prefix + "a";
    String b = prefix + "b";
    String tree = prefix + "tree/";
    await(backend.put(a, ONE));
    await(backend.put(tree + "x", ONE));
    await(backend.put(tree + "y", ONE));
    long version = await(backend.get(a)).orElseThrow().version();
    List<KeyWrite> writes =
        List.of(
            new KeyWrite.Put(a, TWO),
            new KeyWrite.Put(b, ONE),
            new KeyWrite.Delete(Keys.prefix(tree)),
            new KeyWrite.Delete(Keys.key(prefix + "nothing")));
    Map<String, Bytes> before = listed(backend);
    for (Map<String, Long> wrong :
        List.of(Map.of(a, version + 1), Map.of(a, 0L), Map.of(a, version, b, version))) {
      Optional<List<KeyValue>> refused = Optional.empty();
      try {
        refused = await(backend.commit(wrong, writes));
      } catch (RegistryException cannot) {
        // A store may be without it, and says so.
        assertThat(cannot.kind()).isEqualTo(RegistryException.Kind.INVALID);
        return;
      }
      assertThat(refused).isEmpty();
      assertThat(listed(backend)).isEqualTo(before);
    }
    List<KeyValue> written =
        await(backend.commit(Map.of(a, version, b, 0L, tree + "z", 0L), writes)).orElseThrow();
    assertThat(listed(backend)).isEqualTo(Map.of(a, TWO, b, ONE));
    assertThat(written)
        .containsExactly(await(backend.get(a)).orElseThrow(), await(backend.get(b)).orElseThrow());
    assertThat(written.get(0).created()).isEqualTo(version);
    assertThat(await(backend.commit(Map.of(a, written.get(0).version()), List.of()))).isPresent();
    assertThat(await(backend.commit(Map.of(a, version), List.of()))).isEmpty();
    backend.close();
    assertThat(refused(backend.commit(Map.of(), writes)))
        .isEqualTo(RegistryException.Kind.UNAVAILABLE);
  }

  @Test
  @DisplayName("K3 of commits at once that compare the same one wins, and none is seen in parts")
  @IfItFails("is there a moment between the comparison and a write, or between two writes?")
  void k3_commit_hasOneWinner() {
    KeyValueBackend one = client();
    KeyValueBackend other = client();
    String a = prefix + "a";
    String b = prefix + "b";
    await(one.put(a, ONE));
    await(one.put(b, ONE));
    RecordingKeySink sink = record(client(), Keys.prefix(prefix));
    eventually(() -> assertThat(sink.state()).hasSize(2));
    for (int round = 0; round < 20; round++) {
      Map<String, Long> expected = new TreeMap<>();
      for (String key : List.of(a, b)) {
        expected.put(key, await(one.get(key)).orElseThrow().version());
      }
      List<CompletableFuture<Optional<List<KeyValue>>>> sent = new ArrayList<>();
      for (KeyValueBackend each : List.of(one, other)) {
        Bytes value = number(100 + 2 * round + (each == one ? 0 : 1)); // none that was there
        List<KeyWrite> writes = List.of(new KeyWrite.Put(a, value), new KeyWrite.Put(b, value));
        // On threads of their own: a store may work on its caller's.
        sent.add(async(() -> contract.await(each.commit(expected, writes).toCompletableFuture())));
      }
      try {
        assertThat(sent.stream().map(contract::await).filter(Optional::isPresent)).hasSize(1);
      } catch (RegistryException cannot) {
        assertThat(cannot.kind()).isEqualTo(RegistryException.Kind.INVALID);
        return;
      }
    }
    Map<String, Bytes> last = listed(one);
    eventually(() -> assertThat(values(sink.state())).isEqualTo(last));
    assertThat(sink.shown().stream().map(KeyValueClauses::values))
        .allMatch(shown -> Map.copyOf(shown).values().stream().distinct().count() <= 1);
    right(sink);
  }

  private static CompletionStage<Void> deleted(KeyValueBackend backend, String key, KeyValue is) {
    return backend
        .compareAndDelete(key, is.version())
        .thenAccept(gone -> assertThat(gone).isTrue());
  }

  // ---- K4

  @Test
  @DisplayName("K4 one call at a time, in the store's order, though many write")
  @IfItFails("which thread calls the sink, and can a second one overtake it?")
  void k4_order_isSerialAndRising() {
    RecordingKeySink sink = record(client(), Keys.prefix(prefix));
    eventually(() -> assertThat(sink.isLive()).isTrue());
    List<String> keys = List.of("a", "b", "c", "d");
    List<CompletableFuture<Void>> writers = new ArrayList<>();
    for (String key : keys) {
      KeyValueBackend writer = client();
      writers.add(
          CompletableFuture.runAsync(
              () -> {
                for (int n = 1; n <= 50; n++) {
                  await(writer.put(prefix + key, number(n)));
                }
              },
              task -> new Thread(task, "contract").start()));
    }
    writers.forEach(contract::await);
    Map<String, Bytes> last = new TreeMap<>();
    keys.forEach(key -> last.put(prefix + key, number(50)));
    eventually(() -> assertThat(values(sink.state())).isEqualTo(last));
    for (String key : keys) {
      assertThat(
              sink.shown().stream()
                  .flatMap(state -> Optional.ofNullable(state.get(prefix + key)).stream())
                  .map(pair -> Integer.parseInt(pair.text())))
          .as("the numbers of %s, which only grew", key)
          .isSorted();
    }
    right(sink);
  }

  @Test
  @DisplayName("K4 of more than a thousand changes each one is accounted for")
  @IfItFails("is a change left out now and then: at the end of a page, a buffer, a batch?")
  void k4_nothingLost_ofAThousandChanges() {
    KeyValueBackend writer = client();
    RecordingKeySink sink = record(client(), Keys.prefix(prefix));
    eventually(() -> assertThat(sink.isLive()).isTrue());
    for (int round = 0; round < 10; round++) {
      // Each change is the last one of its key for a while: if it is lost, that is seen.
      Map<String, Bytes> all = many(110, round);
      putAll(writer, all);
      eventually(() -> assertThat(values(sink.state())).isEqualTo(all));
    }
    await(writer.delete(Keys.prefix(prefix)));
    eventually(() -> assertThat(sink.state()).isEmpty());
    right(sink);
  }

  @Test
  @DisplayName("K4 each state of the stream was a state of the store, in order")
  @IfItFails("does the stream pass through a state that nobody wrote (half a list, an empty one)?")
  void k4_nothingInvented_inTheStream() {
    KeyValueBackend writer = client();
    List<Map<String, Bytes>> path = new ArrayList<>();
    path.add(Map.of());
    RecordingKeySink sink = record(client(), Keys.prefix(prefix));
    eventually(() -> assertThat(sink.isLive()).isTrue());
    for (int n = 0; n < 30; n++) {
      String key = prefix + "k" + n % 7;
      await(n % 4 == 3 ? writer.delete(Keys.key(key)) : writer.put(key, number(n)));
      path.add(listed(writer));
    }
    await(writer.delete(Keys.prefix(prefix)));
    path.add(Map.of());
    eventually(() -> assertThat(sink.state()).isEmpty());
    int at = 0;
    for (Map<String, KeyValue> state : sink.shown()) {
      int found = path.subList(at, path.size()).indexOf(values(state));
      assertThat(found).as("the place on the path after %s of %s", at, state).isNotNegative();
      at += found;
    }
    right(sink);
  }

  @Test
  @DisplayName("K4 closing one watch ends it, and leaves the others of the same client alone")
  @IfItFails("do watches share a stream that goes with the first of them, not with the last?")
  void k4_close_leavesItsSiblings() {
    KeyValueBackend backend = client();
    KeyValueBackend writer = client();
    String key = prefix + "a";
    RecordingKeySink gone = new RecordingKeySink(Keys.prefix(prefix));
    KeyValueBackend.Watch closing = backend.watch(Keys.prefix(prefix), gone);
    RecordingKeySink same = record(backend, Keys.prefix(prefix));
    RecordingKeySink one = record(backend, Keys.key(key));
    for (RecordingKeySink sink : List.of(gone, same, one)) {
      eventually(() -> assertThat(sink.isLive()).isTrue());
    }
    closing.close();
    closing.close();
    await(writer.put(key, ONE));
    for (RecordingKeySink sink : List.of(same, one)) {
      eventually(() -> assertThat(values(sink.state())).isEqualTo(Map.of(key, ONE)));
      assertThat(sink.interruptions()).isEmpty();
    }
    KeyValueContract.pause(100);
    assertThat(gone.state()).isEmpty();
    right(gone, same, one);
  }

  @Test
  @DisplayName("K4 a watch may be closed from within its sink")
  @IfItFails("does close() wait for itself, or does the stream go on after the running call?")
  void k4_close_fromWithinTheSink() {
    KeyValueBackend backend = client();
    String key = prefix + "a";
    await(backend.put(key, ONE));
    CompletableFuture<KeyValueBackend.Watch> watch = new CompletableFuture<>();
    AtomicBoolean closed = new AtomicBoolean();
    RecordingKeySink sink =
        new RecordingKeySink(
            Keys.prefix(prefix),
            () -> {
              if (watch.isDone()) {
                watch.join().close();
                closed.set(true);
              }
            });
    watch.complete(backend.watch(Keys.prefix(prefix), sink));
    await(backend.put(key, TWO));
    eventually(() -> assertThat(closed).isTrue());

    RecordingKeySink open = record(backend, Keys.prefix(prefix));
    await(backend.put(prefix + "later", ONE));
    eventually(() -> assertThat(open.state()).containsKey(prefix + "later"));
    KeyValueContract.pause(100);
    assertThat(sink.state()).doesNotContainKey(prefix + "later");
    right(sink, open);
  }

  @Test
  @DisplayName("K4 closing the client ends all its streams, without a word")
  @IfItFails("does close() of the backend close its watches before it returns?")
  void k4_close_ofTheBackendEndsAllStreams() {
    KeyValueBackend backend = contract.open(contract.time.timer());
    RecordingKeySink one = new RecordingKeySink(Keys.key(prefix + "a"));
    RecordingKeySink all = new RecordingKeySink(Keys.prefix(prefix));
    KeyValueBackend.Watch unusedOne = backend.watch(Keys.key(prefix + "a"), one);
    KeyValueBackend.Watch unusedAll = backend.watch(Keys.prefix(prefix), all);
    eventually(() -> assertThat(one.isLive() && all.isLive()).isTrue());

    backend.close();
    backend.close();
    KeyValueBackend writer = client();
    RecordingKeySink open = record(writer, Keys.prefix(prefix));
    await(writer.put(prefix + "a", ONE));
    eventually(() -> assertThat(values(open.state())).isEqualTo(Map.of(prefix + "a", ONE)));
    KeyValueContract.pause(100);
    for (RecordingKeySink sink : List.of(one, all)) {
      assertThat(sink.state()).isEmpty();
      assertThat(sink.interruptions()).isEmpty();
    }
    right(one, all, open);
  }

  // ---- R10

  @Test
  @DisplayName("R10 after close() every call fails as unavailable, and changes nothing")
  @IfItFails("is there a call that waits for a connection which nobody opens any more?")
  void r10_errors_afterClose() {
    KeyValueBackend backend = contract.open(contract.time.timer());
    String key = prefix + "a";
    await(backend.put(key, ONE));
    long version = await(backend.get(key)).orElseThrow().version();
    backend.close();
    for (CompletionStage<?> stage : allCalls(backend, key, version)) {
      assertThat(refused(stage)).isEqualTo(RegistryException.Kind.UNAVAILABLE);
    }
    assertThat(listed(client())).isEqualTo(Map.of(key, ONE));
  }

  @Test
  @DisplayName("R10 what is under way when the client is closed ends")
  @IfItFails("does close() complete the stages whose answers nobody reads any more?")
  void r10_errors_underWayWhenClosed() {
    for (int round = 0; round < 3; round++) {
      KeyValueBackend backend = contract.open(contract.time.timer());
      List<CompletionStage<?>> underWay = new ArrayList<>();
      for (int n = 0; n < 5; n++) {
        underWay.addAll(allCalls(backend, prefix + "k" + n, 7));
      }
      backend.close();
      for (CompletionStage<?> stage : underWay) {
        try {
          await(stage.thenApply(any -> true));
        } catch (RegistryException cut) {
          assertThat(cut.kind()).isEqualTo(RegistryException.Kind.UNAVAILABLE);
        }
      }
    }
  }

  @TestFactory
  @DisplayName("R10 of a store in trouble, each call fails by its own deadline, with its kind")
  @IfItFails("has each stage a deadline of the backend's own, and the failure the right kind?")
  Stream<DynamicTest> r10_errors_ofAStoreInTrouble() {
    return contract.each(
        fault -> {
          KeyValueBackend backend = client();
          await(backend.put(prefix + "a", ONE));
          contract.faults().begin(fault, prefix);
          for (CompletionStage<?> stage : allCalls(backend, prefix + "a", 7)) {
            assertThat(refused(stage)).isEqualTo(kind(fault));
          }
        },
        Fault.CUT,
        Fault.SILENCE,
        Fault.DENY);
  }

  // ---- faults

  @TestFactory
  @DisplayName("K1 watch() does not wait for the store")
  @IfItFails("does watch() send something and wait for the answer?")
  Stream<DynamicTest> k1_stream_isNotWaitedFor() {
    return contract.each(
        fault -> {
          KeyValueBackend backend = client();
          await(beside().put(prefix + "a", ONE));
          contract.faults().begin(fault, prefix);
          CompletableFuture<RecordingKeySink> opened =
              async(() -> record(backend, Keys.prefix(prefix)));
          RecordingKeySink sink = contract.await(opened); // before the store answers
          contract.faults().heal();
          eventually(() -> assertThat(values(sink.state())).isEqualTo(Map.of(prefix + "a", ONE)));
          right(sink);
        },
        Fault.CUT,
        Fault.SILENCE);
  }

  @TestFactory
  @DisplayName("K4 an outage removes nothing from the stream, and says why it is one")
  @IfItFails("does the backend call interrupted(), and never replace() with what it cannot know?")
  Stream<DynamicTest> k4_outage_removesNothing() {
    return contract.each(
        fault -> {
          KeyValueBackend beside = beside();
          await(beside.put(prefix + "a", ONE));
          await(beside.put(prefix + "b", TWO));
          Map<String, Bytes> both = Map.of(prefix + "a", ONE, prefix + "b", TWO);
          RecordingKeySink sink = record(client(), Keys.prefix(prefix));
          eventually(() -> assertThat(sink.isLive()).isTrue());
          contract.faults().begin(fault, prefix);
          eventually(
              () ->
                  assertThat(sink.interruptions())
                      .extracting(RegistryException::kind)
                      .contains(kind(fault)));
          contract.faults().heal();
          eventually(() -> assertThat(sink.isLive()).isTrue());
          assertThat(sink.shown()).allSatisfy(state -> assertThat(values(state)).isEqualTo(both));
          right(sink);
        },
        Fault.CUT,
        Fault.SILENCE,
        Fault.DENY);
  }

  @TestFactory
  @DisplayName("K4 the stream works again only once it shows what is there")
  @IfItFails("is synced() said before the list was read again, or with an old one?")
  Stream<DynamicTest> k4_resume_withWhatIsThere() {
    return contract.each(
        fault -> {
          KeyValueBackend beside = beside();
          for (String key : List.of("kept", "changed", "gone")) {
            await(beside.put(prefix + key, ONE));
          }
          RecordingKeySink sink = record(client(), Keys.prefix(prefix));
          eventually(() -> assertThat(sink.isLive()).isTrue());
          contract.faults().begin(fault, prefix);
          eventually(() -> assertThat(sink.interruptions()).isNotEmpty());
          await(beside.put(prefix + "changed", TWO));
          await(beside.delete(Keys.key(prefix + "gone")));
          await(beside.put(prefix + "new", TWO));
          contract.faults().heal();

          Map<String, Bytes> now = listed(beside);
          eventually(() -> assertThat(sink.isLive()).isTrue());
          eventually(() -> assertThat(values(sink.state())).isEqualTo(now));
          assertThat(sink.resumed()).allSatisfy(state -> assertThat(values(state)).isEqualTo(now));
          await(beside.put(prefix + "later", ONE));
          eventually(() -> assertThat(sink.state()).containsKey(prefix + "later"));
          right(sink);
        },
        Fault.CUT,
        Fault.SILENCE,
        Fault.DENY);
  }

  @TestFactory
  @DisplayName("K4 an interruption comes in its place, beside no other call")
  @IfItFails("is interrupted() called by another thread than the changes, beside one of them?")
  Stream<DynamicTest> k4_order_interruptedInItsPlace() {
    return contract.each(
        fault -> {
          KeyValueBackend beside = beside();
          String key = prefix + "a";
          await(beside.put(key, ONE));
          AtomicBoolean slow = new AtomicBoolean();
          RecordingKeySink sink =
              new RecordingKeySink(
                  Keys.key(key), () -> KeyValueContract.pause(slow.get() ? 100 : 0));
          KeyValueBackend.Watch watch = client().watch(Keys.key(key), sink);
          contract.closing(watch);
          eventually(() -> assertThat(sink.isLive()).isTrue());
          slow.set(true);
          var written = async(() -> await(beside.put(key, TWO).thenApply(done -> true)));
          eventually(() -> assertThat(values(sink.state())).containsEntry(key, TWO));
          contract.faults().begin(fault, prefix); // while the sink is inside of that call
          contract.await(written);
          eventually(() -> assertThat(sink.interruptions()).isNotEmpty());
          contract.faults().heal(); // while it may still be inside of the interruption
          eventually(() -> assertThat(sink.isLive()).isTrue());
          slow.set(false);
          right(sink);
        },
        Fault.CUT);
  }

  // ---- what the tests share

  private static List<CompletionStage<?>> allCalls(
      KeyValueBackend backend, String key, long version) {
    return List.of(
        backend.get(key),
        backend.list(key),
        backend.put(key, TWO),
        backend.compareAndSet(key, version, TWO),
        backend.compareAndDelete(key, version),
        backend.delete(Keys.key(key)),
        backend.delete(Keys.prefix(key)));
  }

  private static RegistryException.Kind kind(Fault fault) {
    return fault == Fault.DENY ? RegistryException.Kind.DENIED : RegistryException.Kind.UNAVAILABLE;
  }

  private KeyValueBackend client() {
    return contract.closing(contract.open(contract.time.timer()));
  }

  private KeyValueBackend beside() {
    return contract.closing(contract.beside(contract.time.timer()));
  }

  private RecordingKeySink record(KeyValueBackend backend, Keys keys) {
    RecordingKeySink sink = new RecordingKeySink(keys);
    KeyValueBackend.Watch watch = backend.watch(keys, (KeyValueSink) sink);
    contract.closing(watch);
    return sink;
  }

  private static Bytes number(int n) {
    return Bytes.ofText(Integer.toString(n));
  }

  private Map<String, Bytes> many(int count, int value) {
    Map<String, Bytes> all = new TreeMap<>();
    for (int i = 0; i < count; i++) {
      all.put(prefix + "k" + (10_000 + i), number(value));
    }
    return all;
  }

  private void putAll(KeyValueBackend backend, Map<String, Bytes> all) {
    Deque<CompletionStage<Void>> sent = new ArrayDeque<>();
    all.forEach(
        (key, value) -> {
          sent.add(backend.put(key, value));
          if (sent.size() == Clauses.UNDER_WAY) {
            await(sent.pop());
          }
        });
    sent.forEach(this::await);
  }

  private Map<String, Bytes> listed(KeyValueBackend backend) {
    return values(await(backend.list(prefix)).entries());
  }

  private static Map<String, Bytes> values(Map<String, KeyValue> pairs) {
    return values(pairs.values());
  }

  private static Map<String, Bytes> values(Collection<KeyValue> pairs) {
    Map<String, Bytes> values = new TreeMap<>();
    pairs.forEach(pair -> values.put(pair.key(), pair.value()));
    return values;
  }

  private static void right(RecordingKeySink... sinks) {
    for (RecordingKeySink sink : sinks) {
      assertThat(sink.violations()).isEmpty();
    }
  }

  private <T> T await(CompletionStage<T> stage) {
    return contract.await(stage.toCompletableFuture());
  }

  private RegistryException.Kind refused(CompletionStage<?> stage) {
    return contract.refused(stage.toCompletableFuture()).kind();
  }

  private void eventually(Runnable assertion) {
    contract.eventually(assertion);
  }

  private static <T> CompletableFuture<T> async(Supplier<T> call) {
    return CompletableFuture.supplyAsync(call, task -> new Thread(task, "contract").start());
  }
}
