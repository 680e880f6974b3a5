package dev.rollcall.engine;

import dev.rollcall.Absence;
import dev.rollcall.Balancer;
import dev.rollcall.Change;
import dev.rollcall.Filter;
import dev.rollcall.Freshness;
import dev.rollcall.NoInstanceException;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceListener;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import dev.rollcall.Subscription;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.WatchSink;
import dev.rollcall.spi.support.RetryBackoff;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One service that is looked at: its cache, the one upstream watch that feeds it, and the
 * subscribers of its listeners.
 *
 * <p>The backend calls the {@link WatchSink} methods, one at a time; they change the cache and then
 * signal the subscribers, holding no lock. A call that begins after {@link #close()} is dropped, as
 * backends may make one that was decided before. The view is held weakly here, and strongly by the
 * registry for a while after each resolution, so that one that is not kept is found by {@link
 * #idleSince}. {@code weakView} and {@code idleSince} are touched within the registry's map,
 * atomically for this service.
 */
final class WatchedService implements WatchSink {
  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);
  private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
  private static final Duration LAST_RETRY = Duration.ofMinutes(1);

  private static final AtomicLongFieldUpdater<WatchedService> PUBLISHED =
      AtomicLongFieldUpdater.newUpdater(WatchedService.class, "published");

  private final String name;
  private final InstanceCache cache;
  private final LossGuard guard;
  private final Dispatcher dispatcher;
  private final Answers answers;
  private final Runnable whenBack;
  private final Targets targets;

  private final List<WeakReference<BalancedView>> derived = new CopyOnWriteArrayList<>();
  private final List<Subscriber> subscribers = new CopyOnWriteArrayList<>();
  private final SubscriberGroup fanout;

  /** Set before the first view is derived or listener added: until then no change looks for any. */
  private volatile boolean followed;

  private final AtomicBoolean started = new AtomicBoolean();
  private WeakReference<CachedView> weakView;
  private volatile @Nullable Change lastChange; // by any worker: at worst it is made twice
  private volatile long arrivedNanos; // of the latest state, while somebody observes
  private volatile long published; // states for listeners, while somebody observes; by PUBLISHED
  private long idleSince;
  private boolean idle;
  private final FailureLog failureLog = new FailureLog();
  private boolean away; // of the backend's calls alone, which come one at a time
  private Timer.@Nullable Scheduled opening; // guarded by this
  private RegistryBackend.@Nullable Watch upstream; // guarded by this
  private volatile boolean closed; // written under this

  /**
   * Creates one that is not started.
   *
   * @param whenBack run each time that the stream works again after it was lost
   */
  WatchedService(
      String name,
      InstanceCache cache,
      LossGuard guard,
      Dispatcher dispatcher,
      Answers answers,
      Runnable whenBack) {
    this.name = name;
    this.cache = cache;
    this.guard = guard;
    this.dispatcher = dispatcher;
    this.answers = answers;
    this.whenBack = whenBack;
    this.targets = new Targets(cache.timer());
    this.fanout = new SubscriberGroup(dispatcher, subscribers);
    this.weakView = new WeakReference<>(null);
  }

  /** Returns the view, made anew where the last one was collected. Called within the map. */
  CachedView resolve() {
    CachedView present = weakView.get();
    if (present == null) {
      present = new CachedView(name, cache, this);
      weakView = new WeakReference<>(present);
    }
    idle = false;
    return present;
  }

  /**
   * Ages by one sweep; returns whether this service is not needed any more. Called within the map.
   */
  boolean expired(long nowNanos, long idleNanos) {
    if (weakView.get() != null || !subscribers.isEmpty()) {
      idle = false;
    } else if (!idle) {
      idle = true;
      idleSince = nowNanos;
    }
    return idle && nowNanos - idleSince >= idleNanos;
  }

  /**
   * Starts the upstream watch, once, with what an earlier process has kept of the service's state.
   *
   * @param kept null where nothing is kept
   * @throws RegistryException where the class path does not fit; the next call then tries again
   */
  void start(LoggedWatches watches, @Nullable StateCache kept) {
    if (!started.compareAndSet(false, true)) {
      return;
    }
    if (kept != null && restore(kept)) {
      // The caller has a state already. A store's client takes a moment to begin, most of it for
      // the loading of classes; the caller does not wait for that.
      openLater(watches, new RetryBackoff(FIRST_RETRY, LAST_RETRY), Duration.ZERO);
      return;
    }
    try {
      open(watches, false);
    } catch (LinkageError broken) {
      started.set(false);
      throw Failures.of(broken);
    }
  }

  /** Opens after a while, and where the class path does not fit again and again: none else does. */
  private void openLater(LoggedWatches watches, RetryBackoff steps, Duration wait) {
    synchronized (this) {
      if (!closed) {
        opening = cache.timer().schedule(() -> openNow(watches, steps), wait);
      }
    }
  }

  private void openNow(LoggedWatches watches, RetryBackoff steps) {
    synchronized (this) {
      if (closed) {
        return;
      }
    }
    try {
      open(watches, true);
    } catch (LinkageError broken) {
      interrupted(Failures.of(broken));
      openLater(watches, steps, steps.failed());
    }
  }

  private void open(LoggedWatches watches, boolean hasState) {
    RegistryBackend.Watch opened = watches.watch(Selector.service(name), this, hasState);
    boolean late;
    synchronized (this) {
      late = closed;
      upstream = opened;
    }
    if (late) {
      opened.close();
    }
  }

  private boolean restore(StateCache kept) {
    StateCache.Loaded state = kept.load(name);
    if (state == null) {
      return false;
    }
    boolean shown =
        cache.restore(
            state, RegistryException.unavailable("kept on disk; " + FirstState.SILENT, null));
    published(shown);
    return shown;
  }

  /** Closes the upstream watch and refuses listeners from now on; the cache keeps what it has. */
  void close() {
    RegistryBackend.Watch open;
    synchronized (this) {
      closed = true;
      open = upstream;
      if (opening != null) {
        opening.cancel();
      }
    }
    if (open != null) {
      open.close();
    }
  }

  /** All views say from now on that their state is stale, and why; no listener is told. */
  void end(RegistryException cause) {
    cache.close(cause);
    catchUp();
  }

  Freshness freshness() {
    return cache.snapshot().freshness();
  }

  /** Returns what the stream alone would say. */
  Freshness streamFreshness() {
    return cache.streamFreshness();
  }

  /** Returns the state that the store has shown last, null where it has not shown any. */
  @Nullable ViewSnapshot lastSeen() {
    return cache.lastSeen();
  }

  List<Subscriber> subscribers() {
    return subscribers;
  }

  /** Returns what completes the futures that views give away. */
  Answers answers() {
    return answers;
  }

  Targets targets() {
    return targets;
  }

  /** Makes a view with a filter or a balancer; kept up to date for as long as it is held. */
  ServiceView derive(CachedView base, @Nullable Filter filter, Balancer balancer) {
    BalancedView view = new BalancedView(base, this, filter, balancer);
    synchronized (targets) {
      followed = true;
      derived.add(new WeakReference<>(view));
    }
    catchUp();
    return view;
  }

  /** Takes the present state to all derived views. {@code targets} is the lock of that. */
  void catchUp() {
    if (derived.isEmpty()) {
      return;
    }
    synchronized (targets) {
      ViewSnapshot now = cache.snapshot();
      targets.follow(now);
      derived.removeIf(reference -> reference.refersTo(null));
      for (WeakReference<BalancedView> reference : derived) {
        BalancedView view = reference.get();
        if (view != null) {
          follow(view, now);
        }
      }
    }
  }

  /** A filter or balancer of the user's that throws costs its own view that state alone. */
  private void follow(BalancedView view, ViewSnapshot now) {
    try {
      view.follow(now);
    } catch (RuntimeException | Error thrown) {
      LOG.error("a filter or balancer of {} threw; its view stays behind", name, thrown);
    }
  }

  /** A caller was failed by an instance. */
  void failed(ServiceInstance instance) {
    String id = instance.id();
    if (cache.eject(id)) {
      catchUp();
      Duration ejection = Duration.ofNanos(targets.of(id).strike());
      cache
          .timer()
          .schedule(
              () -> {
                if (cache.readmit(id)) {
                  catchUp();
                }
              },
              ejection);
      dispatcher.observation().ejected(instance.key(), ejection);
    }
    if (cache.holds(instance)) {
      release(cache, instance);
    }
  }

  private void release(InstanceCache from, ServiceInstance instance) {
    arrives();
    published(from.release(instance));
  }

  /** Tells that a look-up has found nothing, and returns what it throws. */
  NoInstanceException none(Absence why) {
    dispatcher.observation().lookupFailed(name, why.reason());
    return new NoInstanceException(why);
  }

  Subscription watch(ServiceListener listener) {
    return watch(listener, cache::snapshot);
  }

  /** Tells a listener of the states of a derived view. */
  Subscription watch(ServiceListener listener, Supplier<ViewSnapshot> states) {
    ServiceSubscriber subscriber =
        new ServiceSubscriber(dispatcher, states, this::change, listener, subscribers, this);
    if (!add(subscriber)) {
      subscriber.shut();
      throw Failures.closed();
    }
    subscriber.signal();
    return subscriber;
  }

  /** Gives a subscriber the states of a view. */
  void publish(Flow.Subscriber<? super Snapshot> to, Supplier<ViewSnapshot> states) {
    FlowSubscriber<ViewSnapshot> subscriber =
        new FlowSubscriber<>(
            dispatcher, states, WatchedService::isNews, to, subscribers, "service " + name, name);
    if (add(subscriber)) {
      subscriber.signal();
    } else {
      subscriber.refuse(Failures.closed());
    }
  }

  private static boolean isNews(@Nullable ViewSnapshot given, ViewSnapshot latest) {
    return latest.version() > 0
        && (given == null
            || ServiceSubscriber.isNews(given.freshness(), latest.freshness())
            || !latest.hasSameInstances(given));
  }

  /** Returns whether this is still open. */
  private boolean add(Subscriber subscriber) {
    followed = true;
    subscribers.add(subscriber);
    synchronized (this) {
      return !closed;
    }
  }

  /** Compares two states once for all listeners that were given the same one before. */
  private Change change(ViewSnapshot before, ViewSnapshot now) {
    Change last = lastChange;
    if (last == null || last.before() != before || last.now() != now) {
      last = ViewChange.between(before, now);
      lastChange = last;
    }
    return last;
  }

  /** Returns when the latest state came, while somebody observes. */
  long arrivedNanos() {
    return arrivedNanos;
  }

  /** Returns how often listeners were signalled, while somebody observed. */
  long published() {
    return published;
  }

  /** Something comes that may change the state; before it does, so that no lag is too long. */
  private void arrives() {
    if (dispatcher.observation().isOn()) {
      arrivedNanos = cache.timer().nanoTime();
    }
  }

  @Override
  public void replace(Selector scope, List<ServiceInstance> instances, long revision) {
    if (!closed) {
      arrives();
      published(cache.replace(instances, revision));
    }
  }

  @Override
  public void apply(List<InstanceEvent> events, long revision) {
    if (!closed) {
      arrives();
      published(cache.apply(events, revision));
    }
  }

  @Override
  public void put(ServiceInstance instance, long revision) {
    if (!closed) {
      arrives();
      published(cache.put(instance, revision));
    }
  }

  @Override
  public void synced() {
    if (closed) {
      return;
    }
    arrives();
    published(cache.synced());
    failureLog.works();
    if (away) {
      away = false;
      whenBack.run();
    }
  }

  @Override
  public void interrupted(RegistryException cause) {
    if (closed) {
      return;
    }
    away = true;
    RegistryException why = Failures.of(cause);
    failureLog.failed("the watch of service " + name, why);
    published(cache.interrupted(why));
  }

  @Override
  public void withholding(String service, String reason) {
    if (!closed) {
      published(cache.withholding(reason));
    }
  }

  private void published(boolean something) {
    if (something && followed) {
      if (dispatcher.observation().isOn()) {
        PUBLISHED.incrementAndGet(this);
      }
      catchUp();
      fanout.signal();
    }
    List<ServiceInstance> held = cache.takeNewlyHeld();
    if (!held.isEmpty()) {
      guard.ask(held, cache, this::release);
    }
  }
}
