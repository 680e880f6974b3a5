package dev.rollcall.testkit.soak;

import dev.rollcall.InstanceKey;
import dev.rollcall.Registry;
import dev.rollcall.ServiceView;
import dev.rollcall.Subscription;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.RegistryBackend;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.UnaryOperator;

/**
 * One process, as far as the store can tell: a registry and a key-value store on a line of their
 * own. Opened, used and ended by the soak's thread; its views and listeners are read by the
 * watchdog as well, hence the concurrent collections.
 */
final class Client {
  static final Duration DEADLINE = Duration.ofSeconds(5);

  private static final Duration IDLE = Duration.ofSeconds(2);

  /** A view that is held, and the version that was seen last. */
  static final class Held {
    final ServiceView view;
    long version;

    Held(ServiceView view) {
      this.view = view;
    }
  }

  /** A listener and its attachment. */
  record Listening<L>(L ear, Subscription subscription) {}

  final String name;
  final CountedTimer timer;
  final Line line;
  final Registry registry;
  final Optional<KeyValueStore> keys;
  private final RegistryBackend backend;
  private final Optional<KeyValueBackend> keyBackend;

  /** What this client has registered and not left, by key; the soak's thread alone. */
  final Map<InstanceKey, Claim> holds = new HashMap<>();

  final Map<String, Held> views = new ConcurrentHashMap<>();
  final Deque<Listening<Ear>> ears = new ConcurrentLinkedDeque<>();
  final Deque<Listening<KeyEar>> keyEars = new ConcurrentLinkedDeque<>();
  final Deque<Listening<CatalogEar>> catalogEars = new ConcurrentLinkedDeque<>();

  Client(String name, Line line, UnaryOperator<Registry> registries) {
    this.name = name;
    this.line = line;
    timer = new CountedTimer("soak-timer-" + name);
    backend = line.registry(timer);
    registry =
        registries.apply(
            Registry.builder(backend)
                .timer(timer)
                .deadline(DEADLINE)
                .dropIdleViewsAfter(IDLE)
                // Whether a doubted loss is shown is W14's matter: here views are to equal the
                // store.
                .massLossProtection(1, Duration.ofMinutes(5))
                .build());
    keyBackend = line.keys(timer);
    keys =
        keyBackend.map(
            store -> KeyValueStore.builder(store).timer(timer).deadline(DEADLINE).build());
  }

  /** Returns the view of a service that this client holds from now on. */
  Held view(String service) {
    return views.computeIfAbsent(service, any -> new Held(registry.service(service)));
  }

  void listen(String service, Ear ear) {
    ears.add(new Listening<>(ear, view(service).view.watch(ear)));
  }

  void listen(String prefix, KeyEar ear) {
    keys.ifPresent(
        store -> keyEars.add(new Listening<>(ear, store.watch(Keys.prefix(prefix), ear))));
  }

  void listen(CatalogEar ear) {
    catalogEars.add(new Listening<>(ear, registry.catalog().watch(ear)));
  }

  /** Returns how much later than a TTL the store may still show a dead instance. */
  Duration slack() {
    return backend.capabilities().expirySlack();
  }

  boolean storeKeepsCritical() {
    return backend.capabilities().keepsCritical();
  }

  /** Holds a view no longer, and detaches its listeners: its watch is to end. */
  void drop(String service) {
    views.remove(service);
    for (Listening<Ear> one : List.copyOf(ears)) {
      if (one.ear().name().endsWith(":" + service)) {
        close(one);
      }
    }
  }

  void close(Listening<Ear> one) {
    ears.remove(one);
    one.subscription().close();
    one.ear().closed();
  }

  /**
   * Dies as by {@code kill -9}: nothing is renewed, nothing tidied up. What is left of it in this
   * process is put away by {@link #bury}.
   */
  void kill() {
    line.sever();
    backend.close();
    keyBackend.ifPresent(KeyValueBackend::close);
    timer.close(); // last, as the SPI asks: a backend ends its calls by it
  }

  /** Frees threads and memory of a client that is dead. Blocks for some seconds. */
  void bury() {
    keys.ifPresent(KeyValueStore::close);
    registry.close();
    line.close();
  }

  /** Ends as a process does that is told to. Blocks for the deadline at most. */
  void close() {
    keys.ifPresent(KeyValueStore::close);
    registry.close();
    timer.close();
    line.close();
  }

  /** Returns what cannot be live while the line is broken. */
  List<ServiceView> watched() {
    Deque<ServiceView> all = new ArrayDeque<>();
    views.values().forEach(held -> all.add(held.view));
    return List.copyOf(all);
  }

  @Override
  public String toString() {
    return name;
  }
}
