package dev.rollcall.engine;

import static java.util.Objects.requireNonNull;

import dev.rollcall.Arguments;
import dev.rollcall.Catalog;
import dev.rollcall.Freshness;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.RegistrationStatus;
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
import dev.rollcall.spi.support.BrokenClassPath;
import dev.rollcall.spi.support.Futures;
import dev.rollcall.spi.support.SystemTimer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@link Registry} on any backend: it owns the views, the catalog, the registrations and the
 * threads, and wires them together; what they do stands with them.
 *
 * <p>{@code services} is changed atomically for one name at a time, by the first resolution and by
 * the sweep; {@code recent}, the views that were resolved since the last sweep, is added to within
 * that and read without. {@code catalog} is guarded by {@code this}.
 */
public final class StoreRegistry implements Registry {
  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);
  static final String CLOSED = "the registry is closed";
  private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** What a store that does not answer is waited for, to hear of what it removes by itself. */
  private static final long LAST_CHANCE_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** The streams of one store come back together; one round serves them all. */
  private static final Duration ROUND = Duration.ofMillis(50);

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
  private final StoreContact contact;
  private final HealthChecker checker;
  private final LossGuard guard;
  private final ConcurrentHashMap<String, WatchedService> services = new ConcurrentHashMap<>();
  private final RecentViews recent = new RecentViews();

  /** By number, so that the order in which they are gone through hangs on nothing by chance. */
  private final ConcurrentHashMap<Long, StoreRegistration> registrations =
      new ConcurrentHashMap<>();

  /** Of the listeners to registrations' states, those that may still be called. */
  private final Set<StateSubscriber> listening = ConcurrentHashMap.newKeySet();

  private final UUID owners = UUID.randomUUID();
  private final AtomicLong begun = new AtomicLong();
  private final AtomicBoolean answering = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final CompletableFuture<@Nullable Void> stopped = new CompletableFuture<>();
  private @Nullable StoreCatalog catalog;

  /** Written once by the opener; null where no states are kept on disk. */
  private volatile @Nullable StateCache stateCache;

  /** Written once by the opener; read by the thread that ends the closing. */
  private volatile @Nullable Thread shutdownHook;

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
    this.contact = new StoreContact(timer, this::storeAnswers, outages);
    this.checker = machine.checker(timer);
    this.guard =
        new LossGuard(
            timer, checker, settings.lossShare, settings.lossBound, dispatcher.observation());
    timer.schedule(this::sweep, settings.idleViewsAfter);
  }

  /** Called once, before the registry is handed out. */
  private void keepStates(CacheSettings where, String store) {
    stateCache =
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
  }

  /** Called once, before the registry is handed out. */
  private void closeOnShutdown() {
    Thread hook = new Thread(this::close, "rollcall-shutdown");
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException shuttingDown) {
      closed.set(true); // which ends the sweep; the opener closes what was opened
      throw new IllegalStateException(
          "closeOnShutdown: the JVM is shutting down (expected: opened before)", shuttingDown);
    }
    shutdownHook = hook;
  }

  /** A hook that is not removed would hold a closed registry for the life of the JVM. */
  private void removeShutdownHook() {
    Thread hook = shutdownHook;
    if (hook != null) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException shuttingDown) {
        // It runs, or has run, and finds this registry closed.
      }
    }
  }

  @Override
  public CompletableFuture<Registration> register(ServiceInstance instance, Liveness liveness) {
    return registerBy(instance, liveness, Claim.TAKE_OVER);
  }

  @Override
  public CompletableFuture<Registration> registerExclusive(
      ServiceInstance instance, Liveness liveness) {
    return registerBy(instance, liveness, Claim.EXCLUSIVE);
  }

  @Override
  public Registration announce(ServiceInstance instance, Liveness liveness) {
    StoreRegistration registration = begin(instance, liveness, Claim.TAKE_OVER);
    FailureLog failureLog = new FailureLog();
    registration
        .active()
        .whenComplete(
            (active, failed) -> {
              if (failed != null) { // no future tells why
                RegistryException why = Failures.of(failed);
                if (BrokenClassPath.isCauseOf(why)) {
                  failureLog.failed(instance.key(), why);
                } else if (why.kind() != RegistryException.Kind.CONFLICT) { // closed, or fenced
                  LOG.warn("refused: {}: {}", instance.key(), why.getMessage());
                }
              }
            });
    return registration;
  }

  private CompletableFuture<Registration> registerBy(
      ServiceInstance instance, Liveness liveness, Claim claim) {
    StoreRegistration registration = begin(instance, liveness, claim);
    CompletableFuture<Registration> answer =
        answers.of(
            registration.active(),
            settings.deadline,
            () -> {
              RegistryException late =
                  registration.late(
                      "not registered within "
                          + settings.deadline
                          + "; may have arrived, being undone");
              registration.deregister();
              return late;
            });
    answer.whenComplete(
        (registered, failed) -> {
          if (failed != null) { // cancelled, too
            registration.deregister();
          }
        });
    return answer;
  }

  /** As unique as a random UUID each, whose cost would be a fifth of a registration's in memory. */
  private String owner(long number) {
    return new UUID(owners.getMostSignificantBits(), owners.getLeastSignificantBits() + number)
        .toString();
  }

  private StoreRegistration begin(ServiceInstance instance, Liveness liveness, Claim claim) {
    Arguments.notNull("instance", instance, "");
    Arguments.notNull("liveness", liveness, () -> ", instance " + instance.key());
    requireOpen();
    if (!liveness.checks().isEmpty() && !backend.capabilities().runsChecks()) {
      liveness.checks().forEach(checker::admit);
    }
    long number = begun.getAndIncrement();
    StoreRegistration registration =
        new StoreRegistration(
            backend,
            timer,
            machine,
            dispatcher,
            answers,
            contact,
            settings.deadline,
            owner(number),
            instance,
            liveness,
            claim,
            listening,
            ended -> {
              registrations.remove(number);
              if (registrations.isEmpty()) {
                contact.idle();
              }
            });
    registrations.put(number, registration);
    registration.start(checker);
    if (closed.get()) {
      registration.deregister(); // close() may have passed by before it was added
    }
    return registration;
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
    Arguments.notNull("service", name, "");
    CachedView view = recent.get(name);
    return view != null ? view : resolve(ServiceName.check(name));
  }

  private ServiceView resolve(String name) {
    requireOpen();
    CachedView[] view = new CachedView[1];
    WatchedService watched =
        services.compute(
            name,
            (same, known) -> {
              WatchedService service =
                  known != null
                      ? known
                      : new WatchedService(
                          name,
                          new InstanceCache(name, timer, guard.window(), settings.maxEjected),
                          guard,
                          dispatcher,
                          answers,
                          this::streamAnswers);
              view[0] = service.resolve();
              recent.put(view[0]);
              return service;
            });
    try {
      watched.start(watches, stateCache);
    } catch (RegistryException broken) {
      recent.clear(); // so that the next call tries again
      throw broken;
    }
    if (closed.get()) {
      recent.clear();
      services.remove(name, watched); // close() may have passed by before it was added
      watched.close();
      watched.end(RegistryException.unavailable(CLOSED, null));
    }
    return view[0];
  }

  /** A stream works again, which proves it for all. */
  private void streamAnswers() {
    contact.answered();
    storeAnswers();
  }

  /** The store answers again: registrations that wait for their next attempt need not wait on. */
  private void storeAnswers() {
    if (answering.compareAndSet(false, true)) {
      timer.schedule(
          () -> {
            answering.set(false);
            registrations.values().forEach(StoreRegistration::storeAnswers);
          },
          ROUND);
    }
  }

  private void sweep() {
    if (closed.get()) {
      return;
    }
    long now = timer.nanoTime();
    List<WatchedService> dropped = new ArrayList<>();
    recent.clear(); // first: what is resolved from now on is held, and so found not to be idle
    for (String name : services.keySet()) {
      services.computeIfPresent(
          name,
          (same, watched) -> {
            if (!watched.expired(now, settings.idleViewsAfter.toNanos())) {
              return watched;
            }
            dropped.add(watched);
            return null;
          });
    }
    dropped.forEach(WatchedService::close);
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
      opened = new StoreCatalog(timer, guard, dispatcher, answers, this::streamAnswers);
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
      opened.end(RegistryException.unavailable(CLOSED, null));
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
    List<RegistrationStatus> kept = new ArrayList<>();
    new TreeMap<>(registrations).values().forEach(registration -> kept.add(registration.status()));
    return TakenRegistryStatus.of(
        contact,
        watched,
        streams,
        Optional.ofNullable(everything).map(StoreCatalog::freshness),
        kept,
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
      throw closed();
    }
  }

  /** What every call gets that comes too late. */
  static IllegalStateException closed() {
    return new IllegalStateException(CLOSED);
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
      List<StoreRegistration> all = List.copyOf(registrations.values());
      long deadline = machine.nanoTime() + settings.deadline.toNanos();
      all.forEach(StoreRegistration::leave);
      boolean later = interrupted && !gone(all).isDone();
      if (!later) {
        try {
          awaitGone(all, deadline);
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
          machine.runApart("rollcall-closing", () -> stopLater(all, deadline));
        } else {
          stop(all);
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

  private void stopLater(List<StoreRegistration> all, long deadline) {
    try {
      awaitGone(all, deadline);
    } catch (InterruptedException never) {
      LOG.warn("closing was interrupted; what is still registered goes when its lease runs out");
    } finally {
      stop(all);
    }
  }

  private void stop(List<StoreRegistration> all) {
    try {
      backend.close();
    } catch (LinkageError broken) {
      LOG.error("closing: {}", Failures.of(broken).getMessage());
    } finally {
      all.forEach(StoreRegistration::abandon);
      outages.close();
      contact.closed().complete(null);
      checker.close();
      dispatcher.close();
      answers.close();
      if (ownTimer != null) {
        ownTimer.close();
      }
      stopped.complete(null);
      removeShutdownHook(); // last: a shutdown that begins before waits for this
    }
  }

  private void stopListening(boolean interrupted) {
    StoreCatalog everything;
    synchronized (this) {
      everything = catalog;
    }
    List<WatchedService> watched = List.copyOf(services.values());
    watched.forEach(WatchedService::close); // before their listeners are counted
    List<Subscriber> subscribers = new ArrayList<>();
    watched.forEach(service -> subscribers.addAll(service.subscribers()));
    subscribers.addAll(listening);
    if (everything != null) {
      everything.close();
      subscribers.addAll(everything.subscribers());
    }
    recent.clear();
    services.clear(); // so that the next call finds the registry closed
    subscribers.forEach(Subscriber::shut);
    RegistryException cause = RegistryException.unavailable(CLOSED, null);
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

  /**
   * Waits until the store has confirmed all departures, but no longer than that is of use: once the
   * store is known not to answer, and has had a moment more, only for what it would keep for ever.
   * The rest goes when its lease runs out, about as late as it would after a longer wait.
   */
  private void awaitGone(List<StoreRegistration> all, long deadline) throws InterruptedException {
    List<StoreRegistration> lasting =
        all.stream().filter(StoreRegistration::staysByItself).toList();
    CompletableFuture<?> awaited = gone(all);
    for (boolean last = false; !last; ) {
      long left = deadline - machine.nanoTime();
      last = left <= LAST_CHANCE_NANOS;
      try {
        machine.await(awaited, Math.min(left, LAST_CHANCE_NANOS));
        last = true;
      } catch (ExecutionException refused) {
        last = true;
      } catch (TimeoutException silent) {
        awaited = gone(contact.isDown() ? lasting : all);
      }
    }
    if (!gone(all).isDone() || gone(all).isCompletedExceptionally()) {
      LOG.warn(
          "closing: {} of {} registrations were not confirmed gone; they go when their leases run"
              + " out",
          registrations.size(),
          all.size());
    }
    if (!gone(lasting).isDone()) {
      LOG.warn("closing: permanent registrations are among them, and may stay in the store");
    }
  }

  private static CompletableFuture<?> gone(List<StoreRegistration> all) {
    return CompletableFuture.allOf(
        all.stream().map(StoreRegistration::gone).toArray(CompletableFuture[]::new));
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
