package dev.rollcall.engine;

import static java.util.Objects.requireNonNull;

import dev.rollcall.Arguments;
import dev.rollcall.Catalog;
import dev.rollcall.Freshness;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryBuilder;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryObserver;
import dev.rollcall.RegistryObserver.Verb;
import dev.rollcall.RegistryStatus;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceName;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import dev.rollcall.spi.HealthChecker;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.BackendProviders;
import dev.rollcall.spi.support.Futures;
import dev.rollcall.spi.support.SystemTimer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@link Registry} on any backend: it owns the views, the catalog, the registrations and the
 * threads, wires them together, and closes them in the order that their promises need; what they do
 * stands with them. {@code catalog} is guarded by {@code this}.
 */
public final class StoreRegistry implements Registry {
  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);
  private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * What {@link RegistryBuilder} collects.
   *
   * @param deadline of registrations and deregistrations
   * @param idleViewsAfter when a view that is not needed is dropped
   * @param lossShare see {@link LossGuard}
   * @param lossBound see {@link LossGuard}
   * @param maxEjected the largest share of a service's passing instances that is not picked
   */
  public record Settings(
      Duration deadline,
      Duration idleViewsAfter,
      double lossShare,
      Duration lossBound,
      double maxEjected) {}

  /**
   * Where the last known states are kept, see {@link RegistryBuilder#cache(Path, Duration)}.
   *
   * @param folder of the application's
   * @param maxAge what is older is not shown
   */
  public record CacheSettings(Path folder, Duration maxAge) {}

  private final RegistryBackend backend;
  private final Timer timer;
  private final Machine machine;
  private final @Nullable Timer ownTimer;
  private final Settings settings;
  private final Dispatcher dispatcher;
  private final Answers answers;
  private final OutageLog outages;
  private final LoggedWatches watches;
  private final HealthChecker checker;
  private final LossGuard guard;
  private final RecentViews recent = new RecentViews();
  private final WatchedServices services;
  private final Registrations registrations;

  private final AtomicBoolean closed = new AtomicBoolean();
  private final CompletableFuture<@Nullable Void> stopped = new CompletableFuture<>();
  private @Nullable StoreCatalog catalog;

  /** Written once by the opener; null where no states are kept on disk. */
  private volatile @Nullable StateCache stateCache;

  /** Written once by the opener; read by the thread that ends the closing. */
  private volatile @Nullable ShutdownHook shutdownHook;

  /**
   * Opens a registry.
   *
   * @param uri of the backend to open; not read where there is a backend
   * @param backend an open backend, null for one by the URI
   * @param timer the caller's to close; null for one of the registry's own
   * @param listenerExecutor where listeners are called; null for threads of the registry's own
   * @param observer told what happens; null for none
   * @param closeOnShutdown whether the end of the JVM closes the registry
   * @param cache where states are kept on disk; null for nowhere
   * @param settings the rest
   * @return an open registry
   * @throws RegistryException of kind {@code INVALID} as {@link RegistryBuilder#build()} says
   * @throws IllegalStateException where the JVM is shutting down, and takes no hook any more
   */
  public static Registry open(
      @Nullable String uri,
      @Nullable RegistryBackend backend,
      @Nullable Timer timer,
      @Nullable Executor listenerExecutor,
      @Nullable RegistryObserver observer,
      boolean closeOnShutdown,
      @Nullable CacheSettings cache,
      Settings settings) {
    Timer own = timer == null ? SystemTimer.named("rollcall-timer") : null;
    Timer used = timer == null ? requireNonNull(own) : timer;
    RegistryBackend opened = backend;
    try {
      if (opened == null) {
        opened = BackendProviders.open(Arguments.notNull("uri", uri, ""), used);
      }
      StoreRegistry registry =
          new StoreRegistry(
              opened, used, own, RealMachine.INSTANCE, listenerExecutor, observer, settings);
      if (closeOnShutdown) {
        registry.closeOnShutdown();
      }
      if (cache != null) { // last, since it starts a thread
        registry.keepStates(
            cache, uri == null ? opened.getClass().getName() : BackendProviders.identity(uri));
      }
      return registry;
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

  StoreRegistry(
      RegistryBackend backend,
      Timer timer,
      @Nullable Timer ownTimer,
      Machine machine,
      @Nullable Executor listenerExecutor,
      @Nullable RegistryObserver observer,
      Settings settings) {
    this.backend = backend;
    this.timer = timer;
    this.machine = machine;
    this.ownTimer = ownTimer;
    this.settings = settings;
    this.dispatcher = new Dispatcher(timer, machine.listenerPool(), listenerExecutor, observer);
    this.answers = Answers.on(timer, machine);
    this.outages = new OutageLog(timer);
    this.watches = new LoggedWatches(backend, outages, dispatcher.observation(), timer);
    this.checker = machine.checker(timer);
    this.guard =
        new LossGuard(
            timer, checker, settings.lossShare, settings.lossBound, dispatcher.observation());
    this.registrations =
        new Registrations(
            backend, timer, machine, dispatcher, answers, outages, checker, settings.deadline);
    this.services = new WatchedServices(timer, watches, recent, this::watched);
    timer.schedule(this::sweep, settings.idleViewsAfter);
  }

  /** Called once, before the registry is handed out. */
  private void keepStates(CacheSettings where, String store) {
    StateCache opened =
        StateCache.open(
            where.folder,
            store,
            where.maxAge,
            timer,
            machine,
            keep ->
                services.forEach(
                    (name, service) -> {
                      ViewSnapshot seen = service.lastSeen();
                      if (seen != null) {
                        keep.accept(seen);
                      }
                    }));
    stateCache = opened;
    services.keepIn(opened);
  }

  /** Called once, before the registry is handed out. */
  private void closeOnShutdown() {
    try {
      shutdownHook = ShutdownHook.closing(this::close);
    } catch (IllegalStateException shuttingDown) {
      closed.set(true); // which ends the sweep; the opener closes what was opened
      throw shuttingDown;
    }
  }

  private WatchedService watched(String name) {
    return new WatchedService(
        name,
        new InstanceCache(name, timer, guard.window(), settings.maxEjected),
        guard,
        dispatcher,
        answers,
        registrations::streamAnswers);
  }

  @Override
  public CompletableFuture<Registration> register(ServiceInstance instance, Liveness liveness) {
    return registrations.register(instance, liveness, Claim.TAKE_OVER);
  }

  @Override
  public CompletableFuture<Registration> registerExclusive(
      ServiceInstance instance, Liveness liveness) {
    return registrations.register(instance, liveness, Claim.EXCLUSIVE);
  }

  @Override
  public Registration announce(ServiceInstance instance, Liveness liveness) {
    return registrations.announce(instance, liveness);
  }

  @Override
  public CompletableFuture<Void> deregister(InstanceKey key) {
    Arguments.notNull("key", key, "");
    requireOpen();
    return answer(
        called(Verb.DEREGISTER, key.service(), () -> backend.deregister(key, Owner.ANY)),
        key.toString());
  }

  @Override
  public ServiceView service(String name) {
    CachedView view = recent.get(name);
    return view != null ? view : resolve(ServiceName.check(name));
  }

  private ServiceView resolve(String name) {
    requireOpen();
    return services.resolve(name);
  }

  private void sweep() {
    if (closed.get()) {
      return;
    }
    services.sweep(settings.idleViewsAfter.toNanos());
    timer.schedule(this::sweep, settings.idleViewsAfter);
  }

  @Override
  public Catalog catalog() {
    requireOpen();
    StoreCatalog opened;
    synchronized (this) {
      if (catalog != null) {
        return catalog;
      }
      opened = new StoreCatalog(timer, guard, dispatcher, answers, registrations::streamAnswers);
      catalog = opened;
    }
    try {
      opened.start(watches);
    } catch (LinkageError broken) {
      synchronized (this) {
        catalog = null; // so that the next call tries again
      }
      throw Failures.of(broken);
    }
    if (closed.get()) {
      opened.close();
      opened.end(Failures.atClose());
    }
    return opened;
  }

  @Override
  public CompletableFuture<Snapshot> snapshot(String name) {
    ServiceName.check(name);
    requireOpen();
    return answer(
        called(Verb.SNAPSHOT, name, () -> backend.snapshot(Selector.service(name)))
            .thenApply(
                listing -> {
                  InstanceList all = InstanceList.of(listing.instances());
                  return new ViewSnapshot(
                      name, all, all.passing(), 1, listing.revision(), Timestamp.LIVE);
                }),
        "service " + name);
  }

  @Override
  public RegistryStatus status() {
    TreeMap<String, Freshness> watched = new TreeMap<>();
    List<Freshness> streams = new ArrayList<>();
    services.forEach(
        (name, service) -> {
          watched.put(name, service.freshness());
          streams.add(service.streamFreshness());
        });
    StoreCatalog everything;
    synchronized (this) {
      everything = catalog;
    }
    return TakenRegistryStatus.of(
        registrations.contact(),
        watched,
        streams,
        Optional.ofNullable(everything).map(StoreCatalog::freshness),
        registrations.status(),
        closed.get());
  }

  /** Calls the backend, and tells the observer how that has ended. */
  private <T extends @Nullable Object> CompletionStage<T> called(
      Verb verb, String service, Supplier<? extends CompletionStage<T>> call) {
    long since = timer.nanoTime();
    return Futures.call(call)
        .whenComplete(
            (value, thrown) ->
                dispatcher
                    .observation()
                    .storeCalled(
                        verb, service, since, thrown == null ? null : Failures.of(thrown)));
  }

  /** Turns a backend's stage into a future that ends by the deadline, with one of the kinds. */
  private <T> CompletableFuture<T> answer(CompletionStage<T> stage, String what) {
    return answers.of(
        Failures.told(stage),
        settings.deadline,
        () ->
            RegistryException.unavailable(
                what + ": no answer from the store within " + settings.deadline, null));
  }

  private void requireOpen() {
    if (closed.get()) {
      throw Failures.closed();
    }
  }

  @Override
  public void close() {
    // The flag shortens this thread's waiting and nothing else: what the store is told, and the
    // backend, must not see it.
    boolean interrupted = Thread.interrupted();
    try {
      if (!closed.compareAndSet(false, true)) {
        awaitStopped(interrupted);
        return;
      }
      LeavingRegistrations leaving = registrations.leave();
      boolean later = interrupted && !leaving.areGone();
      if (!later) {
        try {
          leaving.await();
        } catch (InterruptedException stop) {
          interrupted = true;
          later = true;
        }
      }
      interrupted |= closeStateCache(interrupted);
      try {
        stopListening(interrupted);
      } finally {
        if (later) {
          // No daemon: the process is to live until the store was told, or the deadline is over.
          machine.runApart("rollcall-closing", () -> stopLater(leaving));
        } else {
          stop(leaving);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public CompletableFuture<Void> closeAsync() {
    CompletableFuture<Void> end = new CompletableFuture<>();
    machine.runApart(
        "rollcall-closing",
        () -> {
          try {
            close();
            stopped.whenComplete(
                (done, failed) -> end.complete(null)); // close() may give up before
          } catch (RuntimeException | Error failed) {
            end.completeExceptionally(failed);
          }
        });
    return end;
  }

  private void stopLater(LeavingRegistrations leaving) {
    try {
      leaving.await();
    } catch (InterruptedException never) {
      LOG.warn("closing was interrupted; what is still registered goes when its lease runs out");
    } finally {
      stop(leaving);
    }
  }

  private void stop(LeavingRegistrations leaving) {
    try {
      backend.close();
    } catch (LinkageError broken) {
      LOG.error("closing: {}", Failures.of(broken).getMessage());
    } finally {
      leaving.abandon();
      outages.close();
      registrations.contact().closed().complete(null);
      checker.close();
      dispatcher.close();
      answers.close();
      if (ownTimer != null) {
        ownTimer.close();
      }
      stopped.complete(null);
      ShutdownHook hook = shutdownHook;
      if (hook != null) {
        hook.remove(); // last: a shutdown that begins before waits for this
      }
    }
  }

  private void stopListening(boolean interrupted) {
    StoreCatalog everything;
    synchronized (this) {
      everything = catalog;
    }
    List<WatchedService> watched = services.close(); // before their listeners are counted
    List<Subscriber> subscribers = new ArrayList<>();
    watched.forEach(service -> subscribers.addAll(service.subscribers()));
    subscribers.addAll(registrations.listening());
    if (everything != null) {
      everything.close();
      subscribers.addAll(everything.subscribers());
    }
    subscribers.forEach(Subscriber::shut);
    RegistryException cause = Failures.atClose();
    watched.forEach(service -> service.end(cause));
    if (everything != null) {
      everything.end(cause);
    }
    if (!interrupted) {
      long deadline = machine.nanoTime() + QUIET_NANOS;
      subscribers.forEach(subscriber -> subscriber.awaitQuiet(deadline - machine.nanoTime()));
    }
  }

  /** Keeps the last states, before the views are stale; returns whether it was interrupted. */
  private boolean closeStateCache(boolean interrupted) {
    StateCache cache = stateCache;
    if (cache == null) {
      return false;
    }
    try {
      cache.close(interrupted ? 0 : 2 * QUIET_NANOS);
      return false;
    } catch (InterruptedException stop) {
      return true; // it goes on by itself
    }
  }

  private void awaitStopped(boolean interrupted) {
    if (interrupted) {
      return; // the other thread goes on
    }
    try {
      machine.await(stopped, settings.deadline.toNanos() + 2 * QUIET_NANOS);
    } catch (TimeoutException | ExecutionException late) {
      LOG.warn("closing has not ended in time on another thread");
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }
}
