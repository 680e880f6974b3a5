package dev.rollcall.engine;

import static java.util.Objects.requireNonNull;

import dev.rollcall.Arguments;
import dev.rollcall.RegistryException;
import dev.rollcall.Subscription;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueListener;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.KeyValueStoreBuilder;
import dev.rollcall.kv.KeyValueView;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueListing;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.BackendProviders;
import dev.rollcall.spi.support.Futures;
import dev.rollcall.spi.support.SystemTimer;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@link KeyValueStore} on any backend: checks what is given, holds every call to a deadline, and
 * shares one upstream watch among all listeners of the same keys.
 *
 * <p>{@code watched}, {@code views} and {@code closed} are guarded by {@code this}; neither the
 * backend nor a listener is called under it.
 */
public final class BackedKeyValueStore implements KeyValueStore {
  private static final Logger LOG = LoggerFactory.getLogger(KeyValueStore.class);

  /** Consul's limit, 512 KiB; etcd takes more. */
  private static final int MAX_VALUE_BYTES = 512 * 1024;

  private static final String CLOSED = "the key-value store is closed";
  private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** How often it is looked for views that are held no longer. */
  private static final Duration IDLE = Duration.ofMinutes(1);

  /**
   * A view that was given away.
   *
   * @param view what the application holds, or has held
   * @param live what that shows
   * @param subscriber what feeds it
   */
  private record Shown(
      WeakReference<? extends KeyValueView<?>> view,
      LiveValues<?> live,
      KeyValueSubscriber subscriber) {}

  private final KeyValueBackend backend;
  private final Timer timer;
  private final @Nullable Timer ownTimer;
  private final Duration deadline;
  private final Dispatcher dispatcher;
  private final Answers answers;
  private final Map<Keys, WatchedKeys> watched = new HashMap<>();
  private final Set<Shown> views = new HashSet<>();
  private volatile boolean closed;

  /**
   * Opens a store.
   *
   * @param uri of the backend to open; not read where there is a backend
   * @param backend an open backend, null for one by the URI
   * @param timer the caller's to close; null for one of the store's own
   * @param listenerExecutor where listeners are called; null for threads of the store's own
   * @param deadline of one call
   * @return an open store
   * @throws RegistryException of kind {@code INVALID} as {@link KeyValueStoreBuilder#build()} says
   */
  public static KeyValueStore open(
      @Nullable String uri,
      @Nullable KeyValueBackend backend,
      @Nullable Timer timer,
      @Nullable Executor listenerExecutor,
      Duration deadline) {
    Timer own = timer == null ? SystemTimer.named("rollcall-kv-timer") : null;
    Timer used = timer == null ? requireNonNull(own) : timer;
    KeyValueBackend opened = backend;
    try {
      if (opened == null) {
        opened = BackendProviders.openKeyValue(Arguments.notNull("uri", uri, ""), used);
      }
      return new BackedKeyValueStore(
          opened, used, own, RealMachine.INSTANCE, listenerExecutor, deadline);
    } catch (RuntimeException | Error refused) {
      if (opened != null && backend == null) {
        opened.close();
      }
      if (own != null) {
        own.close();
      }
      if (refused instanceof LinkageError broken) {
        throw Failures.of(broken);
      }
      throw refused;
    }
  }

  BackedKeyValueStore(
      KeyValueBackend backend,
      Timer timer,
      @Nullable Timer ownTimer,
      Machine machine,
      @Nullable Executor listenerExecutor,
      Duration deadline) {
    this.backend = backend;
    this.timer = timer;
    this.ownTimer = ownTimer;
    this.deadline = deadline;
    this.dispatcher = new Dispatcher(timer, machine.listenerPool(), listenerExecutor);
    this.answers = Answers.on(timer, machine);
  }

  @Override
  public CompletableFuture<Optional<KeyValue>> get(String key) {
    Arguments.key("key", key);
    return answer("get", key, () -> backend.get(key));
  }

  @Override
  public CompletableFuture<Void> put(String key, Bytes value) {
    Arguments.key("key", key);
    checkValue(value, key);
    return answer("put", key, () -> backend.put(key, value));
  }

  @Override
  public CompletableFuture<Boolean> compareAndSet(String key, long expectedVersion, Bytes value) {
    Arguments.key("key", key);
    checkVersion(expectedVersion, 0, key);
    checkValue(value, key);
    return answer("compareAndSet", key, () -> backend.compareAndSet(key, expectedVersion, value));
  }

  @Override
  public CompletableFuture<Void> delete(String key) {
    Keys keys = Keys.key(key);
    return answer("delete", key, () -> backend.delete(keys));
  }

  @Override
  public CompletableFuture<Boolean> compareAndDelete(String key, long expectedVersion) {
    Arguments.key("key", key);
    checkVersion(expectedVersion, 1, key);
    return answer("compareAndDelete", key, () -> backend.compareAndDelete(key, expectedVersion));
  }

  @Override
  public CompletableFuture<Void> deleteAll(String prefix) {
    Keys keys = Keys.prefix(prefix);
    return answer("deleteAll", prefix, () -> backend.delete(keys));
  }

  @Override
  public CompletableFuture<List<KeyValue>> list(String prefix) {
    Arguments.keyPrefix("prefix", prefix);
    return answer(
        "list", prefix, () -> backend.list(prefix).thenApply(BackedKeyValueStore::sorted));
  }

  private static List<KeyValue> sorted(KeyValueListing listing) {
    return listing.entries().stream().sorted(Comparator.comparing(KeyValue::key)).toList();
  }

  @Override
  public Subscription watch(Keys keys, KeyValueListener listener) {
    Arguments.notNull("keys", keys, "");
    Arguments.notNull("listener", listener, ", keys " + keys);
    return subscribe(keys, listener);
  }

  private KeyValueSubscriber subscribe(Keys keys, KeyValueListener listener) {
    KeyValueSubscriber subscriber;
    WatchedKeys of;
    synchronized (this) {
      requireOpen();
      of = watched.computeIfAbsent(keys, missing -> new WatchedKeys(missing, timer, dispatcher));
      subscriber = new KeyValueSubscriber(dispatcher, of, listener, this::left);
      of.add(subscriber);
    }
    try {
      of.start(backend);
    } catch (RegistryException broken) {
      subscriber.close();
      throw broken;
    }
    subscriber.signal();
    return subscriber;
  }

  @Override
  public <T> KeyValueView<T> view(Keys keys, Function<? super KeyValue, ? extends T> reader) {
    Arguments.notNull("keys", keys, "");
    Arguments.notNull("reader", reader, ", keys " + keys);
    LiveValues<T> live = new LiveValues<>(reader, dispatcher);
    KeyValueView<T> view = new LiveView<>(keys, live, reader, answers);
    KeyValueSubscriber subscriber = subscribe(keys, live);
    boolean late;
    boolean first;
    synchronized (this) {
      late = closed;
      first = views.isEmpty();
      if (!late) {
        views.add(new Shown(new WeakReference<>(view), live, subscriber));
      }
    }
    if (late) {
      subscriber.shut();
      throw closed();
    }
    if (first) {
      timer.schedule(this::sweep, IDLE);
    }
    return view;
  }

  /** Ends the watches of views that are held no longer. */
  private void sweep() {
    List<Shown> dropped = new ArrayList<>();
    boolean more;
    synchronized (this) {
      views.removeIf(shown -> shown.view.refersTo(null) && dropped.add(shown));
      more = !views.isEmpty() && !closed;
    }
    dropped.forEach(shown -> shown.subscriber.shut());
    if (more) {
      timer.schedule(this::sweep, IDLE);
    }
  }

  /** Takes a subscriber off its keys; the last one takes their upstream watch along. */
  private void left(KeyValueSubscriber subscriber) {
    WatchedKeys of = subscriber.watched();
    synchronized (this) {
      if (!of.remove(subscriber)) {
        return;
      }
      watched.remove(of.keys(), of);
    }
    of.close();
  }

  /** Turns a backend's stage into a future that ends by the deadline, with one of the kinds. */
  private <T> CompletableFuture<T> answer(
      String verb, String key, Supplier<CompletionStage<T>> call) {
    requireOpen();
    return answers.of(
        Failures.told(Futures.call(call)),
        deadline,
        () ->
            RegistryException.unavailable(
                verb + " " + Arguments.shown(key) + ": no answer from the store within " + deadline,
                null));
  }

  private static void checkValue(@Nullable Bytes given, String key) {
    Bytes value = Arguments.notNull("value", given, ", key " + Arguments.shown(key));
    if (value.size() > MAX_VALUE_BYTES) {
      throw RegistryException.invalid(
          "value: "
              + value
              + " (expected: at most "
              + MAX_VALUE_BYTES
              + " bytes), key "
              + Arguments.shown(key));
    }
  }

  private static void checkVersion(long value, long least, String key) {
    if (value < least) {
      throw RegistryException.invalid(
          "expectedVersion: "
              + value
              + " (expected: "
              + least
              + " or more), key "
              + Arguments.shown(key));
    }
  }

  private void requireOpen() {
    if (closed) {
      throw closed();
    }
  }

  /** What every call gets that comes too late. */
  static IllegalStateException closed() {
    return new IllegalStateException(CLOSED);
  }

  @Override
  public void close() {
    List<WatchedKeys> all;
    List<Shown> shown;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      all = List.copyOf(watched.values());
      shown = List.copyOf(views);
      views.clear();
    }
    List<Subscriber> subscribers = new ArrayList<>();
    all.forEach(keys -> subscribers.addAll(keys.subscribers()));
    all.forEach(WatchedKeys::close); // one that is being opened would outlive the backend
    try {
      shown.forEach(view -> subscribers.addAll(view.live.subscribers()));
      subscribers.forEach(Subscriber::shut);
      RegistryException why = RegistryException.unavailable(CLOSED, null);
      shown.forEach(view -> view.live.end(Timestamp.now(timer).stale(why)));
      long until = System.nanoTime() + QUIET_NANOS;
      subscribers.forEach(subscriber -> subscriber.awaitQuiet(until - System.nanoTime()));
    } finally {
      try {
        backend.close();
      } catch (LinkageError broken) {
        LOG.error("closing: {}", Failures.of(broken).getMessage());
      } finally {
        dispatcher.close();
        answers.close();
        if (ownTimer != null) {
          ownTimer.close();
        }
      }
    }
  }
}
