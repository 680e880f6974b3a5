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
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The simplest store of keys and values that keeps the contract: one sorted map under one lock,
 * with a line that breaks. What is to be told is queued under the lock, in order, and told after it
 * was let go.
 */
final class ReferenceKeys {
  // All guarded by "this".
  private final TreeMap<String, KeyValue> entries = new TreeMap<>();
  private final Set<KeyWatch> watches = new LinkedHashSet<>();
  private Optional<RegistryException> fault = Optional.empty();
  private long revision;

  /** Opens a client, on the line that breaks or beside it. */
  KeyValueBackend open(boolean beside) {
    return new Client(beside);
  }

  /** Breaks the line: calls fail and watches are interrupted, for this cause. */
  void begin(RegistryException cause) {
    change(
        () -> {
          fault = Optional.of(cause);
          lost(cause, watch -> !watch.beside);
          return true;
        });
  }

  void heal() {
    change(
        () -> {
          fault = Optional.empty();
          watches.stream().filter(watch -> watch.lost).forEach(KeyWatch::list);
          return true;
        });
  }

  /** Loses everything, as a store does whose disk was exchanged. */
  void wipe() {
    change(
        () -> {
          entries.clear();
          revision = 0;
          lost(RegistryException.unavailable("wiped", null), watch -> true);
          watches.forEach(KeyWatch::list);
          return true;
        });
  }

  private void lost(RegistryException cause, Predicate<KeyWatch> which) {
    watches.stream()
        .filter(which)
        .forEach(
            watch -> {
              watch.lost = true;
              watch.calls.enqueue(sink -> sink.interrupted(cause));
            });
  }

  private boolean put(String key, Bytes value, Predicate<Long> version) {
    KeyValue old = entries.get(key);
    if (!version.test(old == null ? 0 : old.version())) {
      return false;
    }
    revision++;
    tell(List.of(new KeyEvent.Put(write(key, value))));
    return true;
  }

  private KeyValue write(String key, Bytes value) {
    KeyValue old = entries.get(key);
    KeyValue now = new KeyValue(key, value, revision, old == null ? revision : old.created());
    entries.put(key, now);
    return now;
  }

  private Optional<List<KeyValue>> commit(Map<String, Long> expected, List<KeyWrite> writes) {
    for (Map.Entry<String, Long> each : expected.entrySet()) {
      KeyValue is = entries.get(each.getKey());
      if ((is == null ? 0 : is.version()) != each.getValue()) {
        return Optional.empty();
      }
    }
    revision++;
    List<KeyValue> written = new ArrayList<>();
    List<KeyEvent> events = new ArrayList<>();
    for (KeyWrite write : writes) {
      if (write instanceof KeyWrite.Put put) {
        written.add(write(put.key(), put.value()));
        events.add(new KeyEvent.Put(written.get(written.size() - 1)));
      } else if (write instanceof KeyWrite.Delete delete) {
        for (String gone : names(selected(delete.keys()))) {
          entries.remove(gone);
          events.add(new KeyEvent.Delete(gone));
        }
      }
    }
    tell(events);
    return Optional.of(written);
  }

  private boolean delete(List<String> keys) {
    entries.keySet().removeAll(keys);
    revision++;
    tell(keys.stream().<KeyEvent>map(KeyEvent.Delete::new).toList());
    return true;
  }

  private List<KeyValue> selected(Keys keys) {
    return entries.values().stream().filter(entry -> keys.selects(entry.key())).toList();
  }

  private void tell(List<KeyEvent> events) {
    long now = revision;
    for (KeyWatch watch : watches) {
      List<KeyEvent> mine =
          events.stream().filter(event -> watch.keys.selects(event.key())).toList();
      if (!mine.isEmpty() && !watch.lost) {
        watch.calls.enqueue(sink -> sink.apply(mine, now));
      }
    }
  }

  private <T> T change(Supplier<T> change) {
    List<KeyWatch> told;
    T result;
    synchronized (this) {
      result = change.get();
      told = List.copyOf(watches);
    }
    told.forEach(watch -> watch.calls.drain());
    return result;
  }

  private final class KeyWatch implements KeyValueBackend.Watch {
    final Keys keys;
    final boolean beside;
    final SerialCalls<KeyValueSink> calls;
    boolean lost;

    KeyWatch(Keys keys, boolean beside, KeyValueSink sink) {
      this.keys = keys;
      this.beside = beside;
      this.calls = new SerialCalls<>(sink);
    }

    void list() {
      lost = false;
      List<KeyValue> all = selected(keys);
      long now = revision;
      calls.enqueue(sink -> sink.replace(all, now));
      calls.enqueue(KeyValueSink::synced);
    }

    @Override
    public void close() {
      synchronized (ReferenceKeys.this) {
        watches.remove(this);
      }
      calls.close();
    }
  }

  private final class Client implements KeyValueBackend {
    private final boolean beside;
    private final Set<KeyWatch> mine = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    Client(boolean beside) {
      this.beside = beside;
    }

    @Override
    public CompletionStage<Optional<KeyValue>> get(String key) {
      return call(() -> Optional.ofNullable(entries.get(key)));
    }

    @Override
    public CompletionStage<KeyValueListing> list(String prefix) {
      return call(() -> new KeyValueListing(selected(Keys.prefix(prefix)), revision));
    }

    @Override
    public CompletionStage<Void> put(String key, Bytes value) {
      return call(() -> ReferenceKeys.this.put(key, value, any -> true)).thenAccept(done -> {});
    }

    @Override
    public CompletionStage<Boolean> compareAndSet(String key, long expected, Bytes value) {
      return call(() -> ReferenceKeys.this.put(key, value, version -> version == expected));
    }

    @Override
    public CompletionStage<Void> delete(Keys keys) {
      return call(() -> ReferenceKeys.this.delete(names(selected(keys)))).thenAccept(done -> {});
    }

    @Override
    public CompletionStage<Boolean> compareAndDelete(String key, long expected) {
      return call(
          () -> {
            KeyValue old = entries.get(key);
            return old == null
                || (old.version() == expected && ReferenceKeys.this.delete(List.of(key)));
          });
    }

    @Override
    public CompletionStage<Optional<List<KeyValue>>> commit(
        Map<String, Long> expected, List<KeyWrite> writes) {
      return call(() -> ReferenceKeys.this.commit(expected, writes));
    }

    @Override
    public Watch watch(Keys keys, KeyValueSink sink) {
      KeyWatch watch = new KeyWatch(keys, beside, sink);
      mine.add(watch);
      change(
          () -> {
            if (closed) {
              return false;
            }
            watches.add(watch);
            if (beside || fault.isEmpty()) {
              watch.list();
            } else {
              watch.lost = true;
              RegistryException cause = fault.get();
              watch.calls.enqueue(to -> to.interrupted(cause));
            }
            return true;
          });
      return () -> {
        mine.remove(watch);
        watch.close();
      };
    }

    @Override
    public void close() {
      closed = true;
      mine.forEach(KeyWatch::close);
    }

    private <T> CompletionStage<T> call(Supplier<T> verb) {
      try {
        return CompletableFuture.completedFuture(
            change(
                () -> {
                  if (closed) {
                    throw RegistryException.unavailable("this client is closed", null);
                  }
                  if (!beside && fault.isPresent()) {
                    throw fault.get();
                  }
                  return verb.get();
                }));
      } catch (RegistryException refused) {
        return CompletableFuture.failedFuture(refused);
      }
    }
  }

  private static List<String> names(List<KeyValue> entries) {
    List<String> names = new ArrayList<>();
    entries.forEach(entry -> names.add(entry.key()));
    return names;
  }
}
