package dev.rollcall.engine;

import com.google.common.collect.ImmutableSortedMap;
import dev.rollcall.Catalog;
import dev.rollcall.CatalogListener;
import dev.rollcall.CatalogSnapshot;
import dev.rollcall.Freshness;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryObserver;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceName;
import dev.rollcall.Snapshot;
import dev.rollcall.Subscription;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.WatchSink;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * {@link Catalog} on one watch of everything, with a cache for each service that has an instance.
 *
 * <p>{@code caches} and {@code stream} are written under {@code this}, by the backend's calls (one
 * at a time) and by the loss guard's; they are read without. A call that begins after {@link
 * #close()} is dropped. A cost of one change is that of its own service: the listeners' subscribers
 * are told the names of the services that changed, under the lock, and are signalled after it was
 * released.
 */
final class StoreCatalog implements Catalog, WatchSink {
  private final Timer timer;
  private final LossGuard guard;
  private final Dispatcher dispatcher;
  private final Answers answers;
  private final Runnable whenBack;
  private final Map<String, InstanceCache> caches = new ConcurrentHashMap<>();
  private final List<Subscriber> subscribers = new CopyOnWriteArrayList<>();
  private final SubscriberGroup fanout;

  /** Shared by all services, so that one that vanishes and comes back goes on counting. */
  private final AtomicLong versions = new AtomicLong();

  /** Stands for the stream's own state, which all services share; it never holds an instance. */
  private final InstanceCache stream;

  /** The store's, as it was shown last: for services that are not there. Written under this. */
  private volatile long revision;

  /** When the latest state came, while somebody observes; by the thread that brings it. */
  private volatile long arrivedNanos;

  private final FailureLog failureLog = new FailureLog();
  private RegistryBackend.@Nullable Watch upstream; // guarded by this
  private boolean closed; // guarded by this
  private boolean away; // of the backend's calls alone, which come one at a time

  /**
   * Creates one that is not started.
   *
   * @param whenBack run each time that the stream works again after it was lost
   */
  StoreCatalog(
      Timer timer, LossGuard guard, Dispatcher dispatcher, Answers answers, Runnable whenBack) {
    this.timer = timer;
    this.guard = guard;
    this.dispatcher = dispatcher;
    this.answers = answers;
    this.fanout = new SubscriberGroup(dispatcher, subscribers);
    this.whenBack = whenBack;
    this.stream = new InstanceCache("*", timer, guard.window(), 0, versions);
  }

  void start(LoggedWatches watches) {
    RegistryBackend.Watch opened = watches.watch(Selector.everything(), this);
    boolean late;
    synchronized (this) {
      late = closed;
      upstream = opened;
    }
    if (late) {
      opened.close();
    }
  }

  /**
   * Closes the upstream watch and refuses listeners from now on; the caches keep what they have.
   */
  void close() {
    RegistryBackend.Watch open;
    synchronized (this) {
      closed = true;
      open = upstream;
    }
    if (open != null) {
      open.close();
    }
  }

  /** All snapshots say from now on that they are stale, and why; no listener is told. */
  void end(RegistryException cause) {
    synchronized (this) {
      stream.close(cause);
      caches.values().forEach(cache -> cache.close(cause));
    }
  }

  List<Subscriber> subscribers() {
    return subscribers;
  }

  @Override
  public SortedSet<String> services() {
    TreeSet<String> names = new TreeSet<>();
    if (isLoaded()) {
      names.addAll(caches.keySet());
    }
    return names;
  }

  @Override
  public ViewSnapshot snapshot(String service) {
    InstanceCache cache = caches.get(ServiceName.check(service));
    if (cache != null) {
      return cache.snapshot();
    }
    ViewSnapshot now = stream.snapshot();
    return new ViewSnapshot(
        service,
        InstanceList.EMPTY,
        InstanceList.EMPTY,
        now.version() == 0 ? 0 : versions.get(),
        revision,
        now.freshness());
  }

  /** Under the lock of the changes: one that bears on several services is seen whole. */
  @Override
  public synchronized ViewedCatalog snapshot() {
    Freshness now = freshness();
    ImmutableSortedMap.Builder<String, Snapshot> services = ImmutableSortedMap.naturalOrder();
    if (!(now instanceof Freshness.Loading)) {
      caches.forEach(
          (name, cache) -> {
            ViewSnapshot state = cache.snapshot();
            if (!state.all().isEmpty()) { // else it is being made, or is about to go
              services.put(name, state);
            }
          });
    }
    return new ViewedCatalog(services.buildOrThrow(), now);
  }

  @Override
  public Freshness freshness() {
    return stream.snapshot().freshness();
  }

  @Override
  public Catalog await(Duration timeout) {
    return FirstState.await(
        stream.loadedOrHopeless(), "catalog", timeout, this::freshness, () -> this);
  }

  @Override
  public CompletableFuture<Catalog> ready() {
    return FirstState.of(
        answers, stream.loadedOrHopeless(), "catalog", this::freshness, () -> this);
  }

  @Override
  public Subscription watch(CatalogListener listener) {
    CatalogSubscriber subscriber = new CatalogSubscriber(dispatcher, this, listener, subscribers);
    if (!add(subscriber)) {
      subscriber.shut();
      throw Failures.closed();
    }
    subscriber.signal();
    return subscriber;
  }

  @Override
  public Flow.Publisher<CatalogSnapshot> publisher() {
    return to -> {
      FlowSubscriber<ViewedCatalog> subscriber =
          new FlowSubscriber<>(
              dispatcher,
              this::snapshot,
              ViewedCatalog::isNews,
              to,
              subscribers,
              "the catalog",
              RegistryObserver.CATALOG);
      if (add(subscriber)) {
        subscriber.signal();
      } else {
        subscriber.refuse(Failures.closed());
      }
    };
  }

  /** Returns whether this is still open. */
  private boolean add(Subscriber subscriber) {
    subscribers.add(subscriber);
    synchronized (this) {
      return !closed;
    }
  }

  boolean isLoaded() {
    return stream.snapshot().version() > 0;
  }

  @Override
  public void replace(Selector scope, List<ServiceInstance> instances, long revision) {
    Map<String, List<ServiceInstance>> byService = new HashMap<>();
    for (ServiceInstance instance : instances) {
      byService.computeIfAbsent(instance.service(), name -> new ArrayList<>()).add(instance);
    }
    arrives();
    synchronized (this) {
      if (closed) {
        return;
      }
      this.revision = revision;
      for (String known : caches.keySet()) {
        if (scope.selects(known)) {
          byService.putIfAbsent(known, List.of());
        }
      }
      byService.forEach(
          (service, present) -> changed(service, cache(service).replace(present, revision)));
    }
    signal();
  }

  @Override
  public void apply(List<InstanceEvent> events, long revision) {
    Map<String, List<InstanceEvent>> byService = new TreeMap<>();
    for (InstanceEvent event : events) {
      byService.computeIfAbsent(event.key().service(), name -> new ArrayList<>()).add(event);
    }
    arrives();
    synchronized (this) {
      if (closed) {
        return;
      }
      this.revision = revision;
      byService.forEach((service, own) -> changed(service, cache(service).apply(own, revision)));
    }
    signal();
  }

  @Override
  public void synced() {
    arrives();
    synchronized (this) {
      if (closed) {
        return;
      }
      caches.forEach((service, cache) -> changed(service, cache.synced()));
      stream.synced();
    }
    failureLog.works();
    signal();
    if (away) {
      away = false;
      whenBack.run();
    }
  }

  @Override
  public void interrupted(RegistryException cause) {
    RegistryException why = Failures.of(cause);
    synchronized (this) {
      if (closed) {
        return;
      }
      stream.interrupted(why);
      caches.values().forEach(cache -> cache.interrupted(why));
    }
    away = true;
    failureLog.failed("the watch of all services", why);
    signal();
  }

  @Override
  public void withholding(String service, String reason) {
    synchronized (this) {
      InstanceCache cache = closed ? null : caches.get(service);
      if (cache != null) {
        cache.withholding(reason);
      }
    }
    signal();
  }

  private void release(InstanceCache cache, ServiceInstance instance) {
    arrives();
    synchronized (this) {
      changed(instance.service(), cache.release(instance));
    }
    signal();
  }

  private InstanceCache cache(String service) {
    return caches.computeIfAbsent(
        service,
        name -> {
          InstanceCache cache = new InstanceCache(name, timer, guard.window(), 0, versions);
          cache.join(stream.snapshot().freshness());
          return cache;
        });
  }

  private void changed(String service, boolean published) {
    InstanceCache cache = cache(service);
    List<ServiceInstance> held = cache.takeNewlyHeld();
    if (!held.isEmpty()) {
      // Off this thread, and so out of the lock, even where a connect fails at once.
      dispatcher.run(() -> guard.ask(held, cache, this::release));
    }
    if (cache.isEmpty()) {
      caches.remove(service);
    }
    if (published) {
      subscribers.forEach(subscriber -> subscriber.touch(service));
    }
  }

  private void signal() {
    fanout.signal();
  }

  /** Returns when the latest state came, while somebody observes. */
  long arrivedNanos() {
    return arrivedNanos;
  }

  /** Something comes that may change the state; before it does, so that no lag is too long. */
  private void arrives() {
    if (dispatcher.observation().isOn()) {
      arrivedNanos = timer.nanoTime();
    }
  }

  Set<String> names() {
    return caches.keySet();
  }
}
