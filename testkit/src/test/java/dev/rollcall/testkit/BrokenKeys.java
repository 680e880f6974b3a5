package dev.rollcall.testkit;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyEvent;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueListing;
import dev.rollcall.spi.KeyValueSink;
import dev.rollcall.spi.KeyWrite;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.testkit.Faults.Fault;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;

/** Stores of keys and values that break a clause each. */
final class BrokenKeys {
  private BrokenKeys() {}

  // ---- values and keys

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k2_values_areKeptExactly"})
  static class KeepsTextOnly extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Void> put(String key, Bytes value) {
          return super.put(
              key, Bytes.ofText(new String(value.toArray(), StandardCharsets.US_ASCII)));
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k2_values_areKeptExactly"})
  static class CutsLargeValues extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Void> put(String key, Bytes value) {
          return super.put(
              key, Bytes.of(Arrays.copyOf(value.toArray(), Math.min(value.size(), 65_536))));
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k2_values_areKeptExactly"})
  static class AddsAByte extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Void> put(String key, Bytes value) {
          return super.put(key, Bytes.of(Arrays.copyOf(value.toArray(), value.size() + 1)));
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k2_values_areKeptExactly"})
  static class TakesAnEmptyValueForNone extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Optional<KeyValue>> get(String key) {
          return super.get(key).thenApply(found -> found.filter(pair -> pair.value().size() > 0));
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k1_everything_selectsExactly"})
  static class LowersKeys extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Void> put(String key, Bytes value) {
          return super.put(key.toLowerCase(Locale.ROOT), value);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k2_keys_areKeptExactly"})
  static class TrimsKeys extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Optional<KeyValue>> get(String key) {
          return super.get(key.trim());
        }

        @Override
        public CompletionStage<Void> put(String key, Bytes value) {
          return super.put(key.trim(), value);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k2_keys_areKeptExactly"})
  static class DecodesKeys extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Optional<KeyValue>> get(String key) {
          return super.get(decoded(key));
        }

        @Override
        public CompletionStage<Void> put(String key, Bytes value) {
          return super.put(decoded(key), value);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k1_everything_selectsExactly"})
  static class DropsTheLastSlash extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Void> put(String key, Bytes value) {
          return super.put(key.endsWith("/") ? key.substring(0, key.length() - 1) : key, value);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k2_values_areKeptExactly"})
  static class GetsTheFirstValueForEver extends BrokenKeyContract {
    private final Map<String, KeyValue> old = new ConcurrentHashMap<>();

    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Optional<KeyValue>> get(String key) {
          return super.get(key)
              .thenApply(found -> found.map(pair -> old.computeIfAbsent(key, first -> pair)));
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k1_watch_showsEveryLaterState"})
  static class PutsOnce extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Void> put(String key, Bytes value) {
          return super.compareAndSet(key, 0, value).thenAccept(written -> {});
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k1_stream_tellsVersions"})
  static class PutsLate extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Void> put(String key, Bytes value) {
          CompletableFuture.delayedExecutor(30, TimeUnit.MILLISECONDS)
              .execute(() -> super.put(key, value));
          return CompletableFuture.completedFuture(null);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k1_stream_beginsWithTheState"})
  static class CutsAListAtAHundred extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<KeyValueListing> list(String prefix) {
          return super.list(prefix)
              .thenApply(
                  all ->
                      new KeyValueListing(
                          all.entries().stream().limit(100).toList(), all.revision()));
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k1_watch_selectsExactly"})
  static class ListsNoFolders extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<KeyValueListing> list(String prefix) {
          return super.list(prefix)
              .thenApply(
                  all ->
                      new KeyValueListing(
                          all.entries().stream()
                              .filter(pair -> pair.key().indexOf('/', prefix.length()) < 0)
                              .toList(),
                          all.revision()));
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k1_watch_selectsExactly"})
  static class ListsTheWholeFolder extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<KeyValueListing> list(String prefix) {
          return super.list(prefix.substring(0, prefix.lastIndexOf('/') + 1));
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k1_everything_selectsExactly"})
  static class ListsNothingThatBeginsWithADot extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<KeyValueListing> list(String prefix) {
          return super.list(prefix)
              .thenApply(
                  all ->
                      new KeyValueListing(
                          all.entries().stream().filter(p -> !p.key().contains("/.")).toList(),
                          all.revision()));
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k3_versions_neverComeTwice"})
  static class ListsNoVersions extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<KeyValueListing> list(String prefix) {
          return super.list(prefix)
              .thenApply(
                  all ->
                      new KeyValueListing(
                          all.entries().stream()
                              .map(pair -> new KeyValue(pair.key(), pair.value(), 1))
                              .toList(),
                          all.revision()));
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k1_everything_selectsExactly"})
  static class DeletesAllThatBeginAlike extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Void> delete(Keys keys) {
          return super.delete(keys instanceof Keys.OfKey one ? Keys.prefix(one.key()) : keys);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k1_watch_showsEveryLaterState"})
  static class DeletesTheKeyOfAPrefixAlone extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Void> delete(Keys keys) {
          return keys instanceof Keys.OfPrefix some && some.prefix().endsWith("/")
              ? super.delete(Keys.prefix(some.prefix() + "a"))
              : super.delete(keys);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k1_everything_selectsExactly"})
  static class DeletesTheNeighboursOfAPrefix extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Void> delete(Keys keys) {
          return super.delete(
              keys instanceof Keys.OfPrefix some && some.prefix().endsWith("/")
                  ? Keys.prefix(some.prefix().substring(0, some.prefix().length() - 1))
                  : keys);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {
        "k1_watch_showsEveryLaterState",
        "k2_keys_areKeptExactly",
        "k6_view_followsTheStore"
      })
  static class DeletesNothing extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Void> delete(Keys keys) {
          return CompletableFuture.completedFuture(null);
        }
      };
    }
  }

  // ---- comparisons

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k3_compareAndSet_asksForTheVersion"})
  static class ComparesNothing extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Boolean> compareAndSet(String key, long expected, Bytes value) {
          return super.put(key, value).thenApply(done -> true);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k3_compareAndSet_asksForTheVersion"})
  static class TakesZeroForAny extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Boolean> compareAndSet(String key, long expected, Bytes value) {
          return expected == 0
              ? super.put(key, value).thenApply(done -> true)
              : super.compareAndSet(key, expected, value);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k3_compareAndSet_asksForTheVersion"})
  static class CreatesWithAnyVersion extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Boolean> compareAndSet(String key, long expected, Bytes value) {
          return super.get(key)
              .thenCompose(is -> super.compareAndSet(key, is.isEmpty() ? 0 : expected, value));
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k3_compareAndSet_asksForTheVersion"})
  static class SaysThatEachComparisonWon extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Boolean> compareAndSet(String key, long expected, Bytes value) {
          return super.compareAndSet(key, expected, value).thenApply(won -> true);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k3_compareAndSet_asksForTheVersion"})
  static class SaysThatNoComparisonWon extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Boolean> compareAndSet(String key, long expected, Bytes value) {
          return super.compareAndSet(key, expected, value).thenApply(won -> false);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k3_compareAndSet_asksForTheVersion"})
  static class ComparesOlderVersionsAsWell extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Boolean> compareAndSet(String key, long expected, Bytes value) {
          return super.get(key)
              .thenCompose(
                  is ->
                      super.compareAndSet(
                          key,
                          is.filter(pair -> expected > 0 && pair.version() >= expected)
                              .map(KeyValue::version)
                              .orElse(expected),
                          value));
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k3_compareAndSet_isAtomic", "k3_compare_hasOneWinner"})
  static class LooksAndThenWrites extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Boolean> compareAndSet(String key, long expected, Bytes value) {
          return super.get(key)
              .thenCompose(
                  is -> {
                    if (is.map(KeyValue::version).orElse(0L) != expected) {
                      return CompletableFuture.completedFuture(false);
                    }
                    BrokenKeys.pause();
                    return super.put(key, value).thenApply(done -> true);
                  });
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k3_compare_hasOneWinner"})
  static class LooksAndThenDeletes extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Boolean> compareAndDelete(String key, long expected) {
          return super.get(key)
              .thenCompose(
                  is -> {
                    if (is.isPresent() && is.get().version() != expected) {
                      return CompletableFuture.completedFuture(false);
                    }
                    BrokenKeys.pause();
                    return super.delete(Keys.key(key)).thenApply(done -> true);
                  });
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k3_compareAndSet_asksForTheVersion"})
  static class DeletesAnyVersion extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Boolean> compareAndDelete(String key, long expected) {
          return super.delete(Keys.key(key)).thenApply(done -> true);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k3_compareAndSet_asksForTheVersion"})
  static class SaysThatEachDeletionWon extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Boolean> compareAndDelete(String key, long expected) {
          return super.compareAndDelete(key, expected).thenApply(won -> true);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k3_compareAndSet_asksForTheVersion"})
  static class FailsToDeleteWhatIsNotThere extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Boolean> compareAndDelete(String key, long expected) {
          return super.get(key)
              .thenCompose(
                  is ->
                      is.isEmpty()
                          ? CompletableFuture.completedFuture(false)
                          : super.compareAndDelete(key, expected));
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k3_versions_neverComeTwice"})
  static class CountsVersionsByKey extends Versioning {
    @Override
    long shown(KeyValue pair) {
      return counts
          .computeIfAbsent(pair.key(), none -> new TreeMap<>())
          .computeIfAbsent(pair.version(), none -> counts.get(pair.key()).size() % 2 + 1L);
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k3_compareAndSet_asksForTheVersion"})
  static class ShowsNoVersions extends Versioning {
    @Override
    long shown(KeyValue pair) {
      return 1;
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k3_created_lastsUntilTheDeletion"})
  static class CountsEachWriteAsACreation extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Optional<KeyValue>> get(String key) {
          return super.get(key)
              .thenApply(
                  found -> found.map(is -> new KeyValue(is.key(), is.value(), is.version())));
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k3_commit_isOneStep", "k3_commit_hasOneWinner"})
  static class CommitsWhateverTheVersion extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Optional<List<KeyValue>>> commit(
            Map<String, Long> expected, List<KeyWrite> writes) {
          return super.commit(Map.of(), writes);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k3_commit_isOneStep"})
  static class ComparesOnlyWhatIsThere extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Optional<List<KeyValue>>> commit(
            Map<String, Long> expected, List<KeyWrite> writes) {
          Map<String, Long> some = new HashMap<>(expected);
          some.values().removeIf(version -> version == 0);
          return super.commit(some, writes);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k3_commit_hasOneWinner"})
  static class CommitsOneKeyAfterTheOther extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Optional<List<KeyValue>>> commit(
            Map<String, Long> expected, List<KeyWrite> writes) {
          CompletionStage<Optional<List<KeyValue>>> done =
              super.commit(expected, writes.subList(0, 1));
          for (KeyWrite write : writes.subList(1, writes.size())) {
            done =
                done.thenCompose(
                    won ->
                        won.isEmpty()
                            ? CompletableFuture.completedFuture(won)
                            : super.commit(Map.of(), List.of(write)));
          }
          return done;
        }
      };
    }
  }

  // ---- streams

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k1_stream_beginsWithTheState"})
  static class MissesTheInitialState extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        public void replace(List<KeyValue> entries, long revision) {
          known.clear();
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k1_stream_beginsWithTheState"})
  static class CutsAWatchAtAHundred extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        public void replace(List<KeyValue> entries, long revision) {
          to.replace(entries.stream().limit(100).toList(), revision);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k1_stream_beginsWithTheState"})
  static class SaysSyncedBeforeTheState extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        public void replace(List<KeyValue> entries, long revision) {
          to.synced();
          to.replace(entries, revision);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k1_stream_hasNoGap"})
  static class LeavesAGapAfterTheList extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        private boolean passed;

        @Override
        public void apply(List<KeyEvent> events, long revision) {
          if (passed) {
            to.apply(events, revision);
          }
          passed = true;
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k1_watch_showsEveryLaterState"})
  static class ShowsNoDeletions extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        public void apply(List<KeyEvent> events, long revision) {
          if (events.get(0) instanceof KeyEvent.Put) {
            to.apply(events, revision);
          }
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_nothingLost_ofAThousandChanges"})
  static class ShowsNoDeletionOfMany extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        public void apply(List<KeyEvent> events, long revision) {
          to.apply(events.subList(0, 1), revision);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k1_watch_showsEveryLaterState"})
  static class ShowsNoNewValues extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        public void apply(List<KeyEvent> events, long revision) {
          if (!(events.get(0) instanceof KeyEvent.Put put) || !known.containsKey(put.key())) {
            super.apply(events, revision);
          }
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k1_stream_tellsVersions"})
  static class TellsNoVersions extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        public void apply(List<KeyEvent> events, long revision) {
          to.apply(
              events.stream()
                  .map(
                      event ->
                          event instanceof KeyEvent.Put put
                              ? new KeyEvent.Put(
                                  new KeyValue(put.key(), put.entry().value(), revision + 1000))
                              : event)
                  .toList(),
              revision);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k1_stream_tellsVersions"})
  static class OverlooksEqualValues extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        public void apply(List<KeyEvent> events, long revision) {
          KeyEvent event = events.get(0);
          KeyValue was = known.get(event.key());
          if (!(event instanceof KeyEvent.Put put)
              || was == null
              || !was.value().equals(put.entry().value())) {
            super.apply(events, revision);
          }
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k1_watch_selectsExactly"})
  static class ShowsLongerKeys extends Watching {
    @Override
    Keys watched(Keys keys) {
      return keys instanceof Keys.OfKey one ? Keys.prefix(one.key()) : keys;
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k1_watch_selectsExactly"})
  static class ShowsTheNeighboursOfAPrefix extends Watching {
    @Override
    Keys watched(Keys keys) {
      return keys instanceof Keys.OfPrefix some && some.prefix().endsWith("/")
          ? Keys.prefix(some.prefix().substring(0, some.prefix().length() - 1))
          : keys;
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_nothingLost_ofAThousandChanges"})
  static class DropsAChange extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        private int calls;

        @Override
        public void apply(List<KeyEvent> events, long revision) {
          if (++calls % 31 != 0) {
            to.apply(events, revision);
          }
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_nothingLost_ofAThousandChanges"})
  static class DropsEveryThousandthChange extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        private int calls;

        @Override
        public void apply(List<KeyEvent> events, long revision) {
          if (++calls % 1000 != 0) {
            to.apply(events, revision);
          }
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_order_isSerialAndRising"})
  static class Reorders extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        private List<KeyEvent> kept = List.of();

        @Override
        public void apply(List<KeyEvent> events, long revision) {
          if (kept.isEmpty()) {
            kept = events;
          } else {
            to.apply(events, revision);
            to.apply(kept, revision - 1);
            kept = List.of();
          }
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_order_isSerialAndRising"})
  static class CallsTheSinkFromManyThreads extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        public void apply(List<KeyEvent> events, long revision) {
          inBackground(() -> to.apply(events, revision));
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_nothingInvented_inTheStream"})
  static class ListsInTwoSteps extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        public void apply(List<KeyEvent> events, long revision) {
          super.apply(events, revision);
          to.replace(List.of(), revision);
          to.replace(List.copyOf(known.values()), revision);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_nothingInvented_inTheStream"})
  static class ShowsChangesTwiceRemoved extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        public void apply(List<KeyEvent> events, long revision) {
          if (events.get(0) instanceof KeyEvent.Put put && known.containsKey(put.key())) {
            to.apply(List.of(new KeyEvent.Delete(put.key())), revision);
          }
          super.apply(events, revision);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k1_stream_isNotWaitedFor"})
  static class BlocksInWatch extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public Watch watch(Keys keys, KeyValueSink sink) {
          try {
            if (new CountDownLatch(1).await(3, TimeUnit.SECONDS)) {
              throw new IllegalStateException("counted down");
            }
          } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
          }
          return super.watch(keys, sink);
        }
      };
    }
  }

  // ---- outages

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_outage_removesNothing"})
  static class ShowsAnOutageAsEmpty extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        public void interrupted(RegistryException cause) {
          to.replace(List.of(), 0);
          super.interrupted(cause);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_outage_removesNothing"})
  static class ShowsAnOutageAsDeletions extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        public void interrupted(RegistryException cause) {
          known.keySet().forEach(key -> to.apply(List.of(new KeyEvent.Delete(key)), 0));
          super.interrupted(cause);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_outage_removesNothing"})
  static class ShowsAnEmptyStateOnceInterrupted extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        public void interrupted(RegistryException cause) {
          super.interrupted(cause);
          to.replace(List.of(), 0);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_outage_removesNothing"})
  static class ResumesThroughAnEmptyState extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        void resume(List<KeyValue> entries, long revision) {
          to.replace(List.of(), revision);
          to.replace(entries, revision);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_outage_removesNothing"})
  static class BelievesAnEmptyAnswer extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        void resume(List<KeyValue> entries, long revision) {
          to.replace(List.of(), revision);
          to.synced();
          to.replace(entries, revision);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_outage_removesNothing"})
  static class NeverSaysInterrupted extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        public void interrupted(RegistryException cause) {}
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_outage_removesNothing"})
  static class CallsARefusalAnOutage extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        public void interrupted(RegistryException cause) {
          super.interrupted(RegistryException.unavailable("out of order", cause));
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_resume_withWhatIsThere"})
  static class NeverResumes extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        private boolean dead;

        @Override
        void resume(List<KeyValue> entries, long revision) {
          dead = true;
        }

        @Override
        public void synced() {
          if (!dead) {
            to.synced();
          }
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_resume_withWhatIsThere"})
  static class KeepsDeletedKeysAfterAnOutage extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        void resume(List<KeyValue> entries, long revision) {
          entries.forEach(pair -> to.apply(List.of(new KeyEvent.Put(pair)), revision));
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_resume_withWhatIsThere"})
  static class ForgetsNewKeysAfterAnOutage extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        void resume(List<KeyValue> entries, long revision) {
          to.replace(
              entries.stream().filter(pair -> known.containsKey(pair.key())).toList(), revision);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_resume_withWhatIsThere"})
  static class SaysSyncedBeforeTheReList extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        void resume(List<KeyValue> entries, long revision) {
          to.synced();
          to.replace(entries, revision);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_resume_withWhatIsThere"})
  static class ShowsAnOldStateAsLiveOnResumption extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        void resume(List<KeyValue> entries, long revision) {
          to.replace(List.copyOf(known.values()), 0);
          to.synced();
          to.replace(entries, revision);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_resume_withWhatIsThere"})
  static class SaysSyncedOnce extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        private boolean said;

        @Override
        public void synced() {
          if (!said) {
            said = true;
            to.synced();
          }
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_resume_withWhatIsThere"})
  static class ShowsNoChangeAfterAResumption extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        private boolean broken;

        @Override
        public void apply(List<KeyEvent> events, long revision) {
          if (!broken) {
            super.apply(events, revision);
          }
        }

        @Override
        public void interrupted(RegistryException cause) {
          broken = true;
          super.interrupted(cause);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k4_resume_afterAWipe"})
  static class TakesNoEmptyStateForTrue extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        void resume(List<KeyValue> entries, long revision) {
          if (!entries.isEmpty()) {
            to.replace(entries, revision);
          }
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.class,
      tests = {"k4_resume_afterAWipe"})
  static class KeepsWhatWasBeforeAWipe extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        private long last = 10;

        @Override
        public void apply(List<KeyEvent> events, long revision) {
          if (revision >= last) {
            last = revision;
            super.apply(events, revision);
          }
        }

        @Override
        void resume(List<KeyValue> entries, long revision) {
          if (revision >= last) {
            to.replace(entries, revision);
          }
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_order_interruptedInItsPlace"})
  static class SaysInterruptedFromAnotherThread extends Streaming {
    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      return new Shown(right) {
        @Override
        public void interrupted(RegistryException cause) {
          inBackground(() -> to.interrupted(cause));
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_order_interruptedInItsPlace"})
  static class SaysInterruptedInTheMiddleOfACall extends Streaming {
    private final List<KeyValueSink> sinks = new CopyOnWriteArrayList<>();

    @Override
    KeyValueSink sink(Keys keys, KeyValueSink right) {
      sinks.add(right);
      return right;
    }

    @Override
    void beginning(Fault fault) {
      sinks.forEach(sink -> sink.interrupted(RegistryException.unavailable("gone", null)));
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"r10_errors_ofAStoreInTrouble"})
  static class CallsEachRefusalAnOutage extends BrokenKeyContract {
    @Override
    Fault fault(Fault asked) {
      return asked == Fault.DENY ? Fault.CUT : asked;
    }
  }

  // ---- what is closed

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_close_leavesItsSiblings", "k4_close_fromWithinTheSink"})
  static class DeliversAfterClose extends Closing {
    @Override
    void close(KeyValueBackend.Watch right) {}
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_close_leavesItsSiblings"})
  static class ClosingOneWatchClosesItsSiblings extends Closing {
    @Override
    void close(KeyValueBackend.Watch right) {
      open.forEach(KeyValueBackend.Watch::close);
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_close_ofTheBackendEndsAllStreams"})
  static class LeavesItsWatchesOpenWhenClosed extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public void close() {}
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"k4_close_ofTheBackendEndsAllStreams"})
  static class SaysInterruptedWhenClosed extends Closing {
    @Override
    void close(KeyValueBackend.Watch right) {
      right.close();
    }

    @Override
    void changedAfterClose() {
      sinks.forEach(sink -> sink.interrupted(RegistryException.unavailable("closed", null)));
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"r10_errors_afterClose"})
  static class NeverCompletesGetsAfterClose extends Forgetting {
    NeverCompletesGetsAfterClose() {
      super(Call.GET);
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"r10_errors_afterClose"})
  static class NeverCompletesListsAfterClose extends Forgetting {
    NeverCompletesListsAfterClose() {
      super(Call.LIST);
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"r10_errors_afterClose"})
  static class NeverCompletesPutsAfterClose extends Forgetting {
    NeverCompletesPutsAfterClose() {
      super(Call.PUT);
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"r10_errors_afterClose"})
  static class NeverCompletesSwapsAfterClose extends Forgetting {
    NeverCompletesSwapsAfterClose() {
      super(Call.SWAP);
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"r10_errors_afterClose"})
  static class NeverCompletesDeletionsAfterClose extends Forgetting {
    NeverCompletesDeletionsAfterClose() {
      super(Call.DELETE);
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"r10_errors_afterClose"})
  static class NeverCompletesComparedDeletionsAfterClose extends Forgetting {
    NeverCompletesComparedDeletionsAfterClose() {
      super(Call.COMPARED_DELETE);
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"r10_errors_afterClose"})
  static class WorksAfterClose extends BrokenKeyContract {
    private final KeyValueBackend beside = reference.open(true);

    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Void> put(String key, Bytes value) {
          return beside.put(key, value);
        }

        @Override
        public CompletionStage<Optional<KeyValue>> get(String key) {
          return beside.get(key);
        }
      };
    }
  }

  @Breaks(
      group = KeyValueContract.Backend.class,
      tests = {"r10_errors_underWayWhenClosed"})
  static class ForgetsWhatIsUnderWayWhenClosed extends BrokenKeyContract {
    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        private volatile boolean closed;

        @Override
        public CompletionStage<Void> put(String key, Bytes value) {
          CompletableFuture<Void> answer = new CompletableFuture<>();
          CompletionStage<Void> unused =
              super.put(key, value)
                  .whenCompleteAsync(
                      (done, failure) -> {
                        if (!closed && failure == null) {
                          answer.complete(null);
                        } else if (!closed) {
                          answer.completeExceptionally(failure);
                        }
                      },
                      CompletableFuture.delayedExecutor(5, TimeUnit.MILLISECONDS));
          return answer;
        }

        @Override
        public void close() {
          closed = true;
          super.close();
        }
      };
    }
  }

  // ---- what the variants share

  private static void pause() {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
  }

  private static void inBackground(Runnable call) {
    Thread other = new Thread(call);
    other.setDaemon(true);
    other.start();
  }

  /** As a store that takes a key for a path of a URI. */
  private static String decoded(String key) {
    try {
      return URLDecoder.decode(key, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException plain) {
      return key;
    }
  }

  /** The reference with a fault in its clients. */
  abstract static class BrokenKeyContract extends ReferenceKeyValueContractTest {
    KeyValueBackend broken(KeyValueBackend right) {
      return right;
    }

    /** What happens instead of a fault. */
    Fault fault(Fault asked) {
      return asked;
    }

    /** Called before a fault begins. */
    void beginning(Fault fault) {}

    @Override
    protected KeyValueBackend open(Timer timer) {
      return broken(super.open(timer));
    }

    @Override
    protected Faults faults() {
      Faults right = super.faults();
      return new Faults() {
        @Override
        public Set<Fault> offered() {
          return right.offered();
        }

        @Override
        public void begin(Fault fault, String prefix) {
          beginning(fault);
          right.begin(fault(fault), prefix);
        }

        @Override
        public void heal() {
          right.heal();
        }

        @Override
        public RegistryBackend beside(Timer timer) {
          return right.beside(timer);
        }
      };
    }

    @Override
    protected Duration patience() {
      return Duration.ofSeconds(1);
    }
  }

  /** Shows versions of its own. */
  abstract static class Versioning extends BrokenKeyContract {
    final Map<String, Map<Long, Long>> counts = new ConcurrentHashMap<>();

    abstract long shown(KeyValue pair);

    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public CompletionStage<Optional<KeyValue>> get(String key) {
          UnaryOperator<KeyValue> shown =
              pair -> new KeyValue(pair.key(), pair.value(), Versioning.this.shown(pair));
          return super.get(key).thenApply(found -> found.map(shown));
        }

        @Override
        public CompletionStage<Boolean> compareAndSet(String key, long expected, Bytes value) {
          return super.get(key)
              .thenCompose(
                  is ->
                      is.isPresent() && shown(is.get()) == expected
                          ? super.compareAndSet(key, is.get().version(), value)
                          : super.compareAndSet(key, is.isPresent() ? -1 : expected, value));
        }
      };
    }
  }

  /** Watches other keys than it is asked for. */
  abstract static class Watching extends BrokenKeyContract {
    abstract Keys watched(Keys keys);

    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public Watch watch(Keys keys, KeyValueSink sink) {
          return super.watch(watched(keys), sink);
        }
      };
    }
  }

  /** Puts a sink with a fault before each sink of a client. */
  abstract static class Streaming extends BrokenKeyContract {
    abstract KeyValueSink sink(Keys keys, KeyValueSink right);

    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public Watch watch(Keys keys, KeyValueSink watching) {
          return super.watch(keys, sink(keys, watching));
        }
      };
    }
  }

  /** Knows what it has shown, and whether the next list is the first after an interruption. */
  static class Shown implements KeyValueSink {
    final KeyValueSink to;
    final Map<String, KeyValue> known = new HashMap<>();
    private boolean resuming;

    Shown(KeyValueSink to) {
      this.to = to;
    }

    void resume(List<KeyValue> entries, long revision) {
      to.replace(entries, revision);
    }

    @Override
    public void replace(List<KeyValue> entries, long revision) {
      if (resuming) {
        resuming = false;
        resume(entries, revision);
      } else {
        to.replace(entries, revision);
      }
      known.clear();
      entries.forEach(pair -> known.put(pair.key(), pair));
    }

    @Override
    public void apply(List<KeyEvent> events, long revision) {
      for (KeyEvent event : events) {
        if (event instanceof KeyEvent.Put put) {
          known.put(put.key(), put.entry());
        } else {
          known.remove(event.key());
        }
      }
      to.apply(events, revision);
    }

    @Override
    public void synced() {
      to.synced();
    }

    @Override
    public void interrupted(RegistryException cause) {
      resuming = true;
      to.interrupted(cause);
    }
  }

  /** Knows the watches of a client. */
  abstract static class Closing extends BrokenKeyContract {
    final List<KeyValueBackend.Watch> open = new CopyOnWriteArrayList<>();
    final List<KeyValueSink> sinks = new CopyOnWriteArrayList<>();

    private volatile boolean oneIsClosed;

    abstract void close(KeyValueBackend.Watch right);

    /** Called with each change after a client was closed. */
    void changedAfterClose() {}

    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        @Override
        public Watch watch(Keys keys, KeyValueSink sink) {
          Watch watch = super.watch(keys, sink);
          sinks.add(sink);
          open.add(watch);
          return () -> Closing.this.close(watch);
        }

        @Override
        public CompletionStage<Void> put(String key, Bytes value) {
          if (oneIsClosed) {
            changedAfterClose();
          }
          return super.put(key, value);
        }

        @Override
        public void close() {
          super.close();
          oneIsClosed = true;
        }
      };
    }
  }

  /** Leaves one kind of call unanswered once the client is closed. */
  abstract static class Forgetting extends BrokenKeyContract {
    /** What a client is asked for. */
    enum Call {
      GET,
      LIST,
      PUT,
      SWAP,
      DELETE,
      COMPARED_DELETE
    }

    private final Call forgotten;

    Forgetting(Call forgotten) {
      this.forgotten = forgotten;
    }

    @Override
    KeyValueBackend broken(KeyValueBackend right) {
      return new ForwardingKeyValueBackend(right) {
        private volatile boolean closed;

        private <T> CompletionStage<T> answer(Call call, CompletionStage<T> right) {
          return closed && call == forgotten ? new CompletableFuture<>() : right;
        }

        @Override
        public CompletionStage<Optional<KeyValue>> get(String key) {
          return answer(Call.GET, super.get(key));
        }

        @Override
        public CompletionStage<KeyValueListing> list(String prefix) {
          return answer(Call.LIST, super.list(prefix));
        }

        @Override
        public CompletionStage<Void> put(String key, Bytes value) {
          return answer(Call.PUT, super.put(key, value));
        }

        @Override
        public CompletionStage<Boolean> compareAndSet(String key, long expected, Bytes value) {
          return answer(Call.SWAP, super.compareAndSet(key, expected, value));
        }

        @Override
        public CompletionStage<Void> delete(Keys keys) {
          return answer(Call.DELETE, super.delete(keys));
        }

        @Override
        public CompletionStage<Boolean> compareAndDelete(String key, long expected) {
          return answer(Call.COMPARED_DELETE, super.compareAndDelete(key, expected));
        }

        @Override
        public void close() {
          closed = true;
          super.close();
        }
      };
    }
  }
}
