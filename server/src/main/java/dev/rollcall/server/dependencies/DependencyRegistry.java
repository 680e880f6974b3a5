package dev.rollcall.server.dependencies;

import static java.util.Objects.requireNonNull;

import dev.rollcall.Change;
import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.Subscription;
import dev.rollcall.server.outbound.CallTarget;
import dev.rollcall.server.outbound.OutboundCalls;
import dev.rollcall.server.outbound.Reply;
import dev.rollcall.spi.Timer;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the services that registered with dependencies: registers them as instances of the
 * registry, asks each for its heartbeat, and tells those who require others who is there.
 *
 * <p><b>Heartbeats.</b> Each service is asked every 3 s, whoever else does not answer. One that
 * does not answer with 200 is critical at once, and so for its dependants gone; it is asked again
 * twice a second apart and then ever less often, up to 30 s, for as long as it is registered. After
 * a minute its instance leaves the registry; when it answers, however late, it is there again.
 *
 * <p><b>Providers</b> are all passing instances of a required service, whoever registered them: at
 * the URL that they give, or else at {@code scheme://host:port} where the scheme is {@code http} or
 * {@code https}.
 *
 * <p><b>Patches.</b> One dependant is sent one patch at a time, with what has changed since the
 * last one that it took; see {@link SentState}. A failed one is tried again after 0.5 s, then ever
 * less often, up to 30 s. A dependant that does not answer heartbeats is not sent any until it
 * does.
 *
 * <p><b>Threads.</b> All state is confined to the one thread {@code rollcall-dependencies}; calls,
 * the registry and the timer hand their results over to it and wait for nothing. Public methods are
 * thread-safe and do not block.
 *
 * @since 0.1.0
 */
public final class DependencyRegistry implements AutoCloseable {
  static final int MAX_SERVICES = 10_000;

  static final Duration LEASE = Duration.ofSeconds(10);
  private static final int QUICK_RETRIES = 2;
  private static final Duration FORGETTABLE_AFTER = Duration.ofHours(1);
  private static final Logger LOG = LoggerFactory.getLogger(DependencyRegistry.class);

  private final Registry registry;
  private final OutboundCalls calls;
  private final Timer timer;
  private final Rhythm rhythm;
  private final ExecutorService loop;

  // Confined to the loop.
  private final Map<String, Member> members = new HashMap<>();
  private final Map<String, Watched> watched = new HashMap<>();
  private boolean closed;

  /**
   * Opens a centre.
   *
   * @param registry where the services are registered; stays the caller's to close, after this
   * @param calls how heartbeats and patches are sent; stays the caller's to close, after this
   * @param timer the clock; stays the caller's to close, after this
   */
  public DependencyRegistry(Registry registry, OutboundCalls calls, Timer timer) {
    this(registry, calls, timer, Rhythm.STANDARD);
  }

  DependencyRegistry(Registry registry, OutboundCalls calls, Timer timer, Rhythm rhythm) {
    this.registry = requireNonNull(registry, "registry");
    this.calls = requireNonNull(calls, "calls");
    this.timer = requireNonNull(timer, "timer");
    this.rhythm = rhythm;
    loop =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "rollcall-dependencies");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** When what is done. */
  record Rhythm(
      Duration heartbeat,
      Duration quickRetry,
      Duration longestRetry,
      Duration criticalKept,
      Duration firstPatchRetry) {
    static final Rhythm STANDARD =
        new Rhythm(
            Duration.ofSeconds(3),
            Duration.ofSeconds(1),
            Duration.ofSeconds(30),
            Duration.ofMinutes(1),
            Duration.ofMillis(500));
  }

  /**
   * Who registers.
   *
   * @param client who he is in counts
   * @param maxServices how many services he may have
   * @param address where his request comes from
   * @param mayTouch whether he may register and remove services of a name
   */
  record Registrant(
      String client, int maxServices, InetAddress address, Predicate<String> mayTouch) {}

  /**
   * Registers a service, in the place of the one that is known by the same URL.
   *
   * @return completes when the registry holds it; with {@code INVALID} where the centre may not
   *     call its URLs, with {@code CONFLICT} where there are too many services, with {@code DENIED}
   *     where another service is known by that URL that the caller may not touch
   */
  CompletableFuture<Void> register(DependencyRequest request, Registrant registrant) {
    CompletableFuture<Void> admitted =
        calls
            .admit("HeartbeatURL", request.heartbeat(), registrant.address())
            .toCompletableFuture();
    if (request.update().isPresent()) {
      CallTarget update = request.update().get();
      admitted =
          admitted.thenCompose(
              first ->
                  calls
                      .admit("ServiceUpdateURL", update, registrant.address())
                      .toCompletableFuture());
    }
    return admitted.thenCompose(
        both -> onLoop(() -> admit(request, registrant)).thenCompose(done -> done));
  }

  /**
   * Removes a service and tells its dependants.
   *
   * @return completes with whether there was one, when it is gone; with {@code DENIED} where the
   *     caller may not touch it
   */
  CompletableFuture<Boolean> remove(String url, Predicate<String> mayTouch) {
    return onLoop(
            () -> {
              Member member = members.get(url);
              if (member == null) {
                return CompletableFuture.completedFuture(false);
              }
              requireMayTouch(member, mayTouch);
              members.remove(url);
              return member.leave().thenApply(gone -> true);
            })
        .thenCompose(done -> done);
  }

  /**
   * Returns how many services are registered, those that do not answer included.
   *
   * @return completes with their number
   */
  public CompletableFuture<Integer> size() {
    return onLoop(members::size);
  }

  /** Deregisters all services that were registered here, and stops. Idempotent; does not block. */
  @Override
  public void close() {
    try {
      loop.execute(
          () -> {
            closed = true;
            List.copyOf(members.values()).forEach(Member::leave);
            members.clear();
          });
      loop.shutdown();
    } catch (RejectedExecutionException already) {
      LOG.trace("closed twice");
    }
  }

  private CompletableFuture<Void> admit(DependencyRequest request, Registrant registrant) {
    Member before = members.get(request.url());
    if (before != null) {
      requireMayTouch(before, registrant.mayTouch());
    } else if (servicesOf(registrant.client()) >= registrant.maxServices()) {
      throw RegistryException.conflict("too many services of one client are registered here");
    } else if (members.size() >= MAX_SERVICES && !forgetOne()) {
      throw RegistryException.conflict("too many services are registered here");
    }
    Member member = new Member(request, registrant);
    members.put(request.url(), member);
    return member.join(before);
  }

  private long servicesOf(String client) {
    return members.values().stream()
        .filter(member -> member.registrant.client().equals(client))
        .count();
  }

  /** Makes room by forgetting who has been absent for longest, if that is long. */
  private boolean forgetOne() {
    Member longest = null;
    for (Member member : members.values()) {
      if (member.failures > 0
          && (longest == null || member.absentSinceNanos - longest.absentSinceNanos < 0)) {
        longest = member;
      }
    }
    if (longest == null
        || timer.nanoTime() - longest.absentSinceNanos < FORGETTABLE_AFTER.toNanos()) {
      return false;
    }
    members.remove(longest.request.url());
    longest.leave();
    return true;
  }

  private static void requireMayTouch(Member member, Predicate<String> mayTouch) {
    if (!mayTouch.test(member.request.instance().service())) {
      throw RegistryException.denied("another's service is known by this URL", null);
    }
  }

  private void run(Runnable task) {
    try {
      loop.execute(
          () -> {
            try {
              task.run();
            } catch (RuntimeException | LinkageError thrown) {
              LOG.error("a step of a service's life failed", thrown);
            }
          });
    } catch (RejectedExecutionException closing) {
      LOG.trace("closed while something was under way");
    }
  }

  private interface Step<T> {
    T take();
  }

  private <T> CompletableFuture<T> onLoop(Step<T> step) {
    CompletableFuture<T> result = new CompletableFuture<>();
    try {
      loop.execute(
          () -> {
            try {
              if (closed) {
                throw RegistryException.unavailable("the centre is closing", null);
              }
              result.complete(step.take());
            } catch (RuntimeException | LinkageError refused) {
              result.completeExceptionally(refused);
            }
          });
    } catch (RejectedExecutionException closing) {
      result.completeExceptionally(RegistryException.unavailable("the centre is closing", null));
    }
    return result;
  }

  private Timer.Scheduled schedule(Runnable task, Duration delay) {
    return timer.schedule(() -> run(task), delay);
  }

  /** A service that somebody requires: one watch, however many do. Confined to the loop. */
  private final class Watched {
    private final String service;
    private final Set<Member> dependants = new LinkedHashSet<>();
    private final Subscription subscription;
    // Null until the registry has said who is there.
    private @Nullable Set<Provided> providers;

    Watched(String service) {
      this.service = service;
      // The view calls its listener one at a time and waits for it, but a step only looks at the
      // latest state, so that it does no harm to hand over and return.
      subscription = registry.service(service).watch((Change change) -> run(() -> changed(change)));
    }

    private void changed(Change change) {
      Set<Provided> now = new LinkedHashSet<>();
      for (ServiceInstance instance : change.now().instances()) {
        urlOf(instance).ifPresent(url -> now.add(new Provided(service, url)));
      }
      if (!now.equals(providers)) {
        providers = now;
        List.copyOf(dependants).forEach(Member::tell);
      }
    }

    void leave(Member member) {
      dependants.remove(member);
      if (dependants.isEmpty() && watched.remove(service, this)) {
        subscription.close();
      }
    }
  }

  private static Optional<String> urlOf(ServiceInstance instance) {
    String own = instance.metadata().get(DependencyRequest.URL_KEY);
    if (own != null && instance.tags().contains(DependencyRequest.TAG)) {
      return Optional.of(own);
    }
    if (!instance.scheme().equals("http") && !instance.scheme().equals("https")) {
      return Optional.empty();
    }
    String host = instance.host();
    return Optional.of(
        instance.scheme()
            + "://"
            + (host.indexOf(':') >= 0 ? "[" + host + "]" : host)
            + ":"
            + instance.port());
  }

  /** One registered service. Confined to the loop. */
  private final class Member {
    private final DependencyRequest request;
    private final Registrant registrant;
    private final SentState told = new SentState();
    private final List<Watched> requires = new ArrayList<>();

    private @Nullable Registration registration;
    private @Nullable Subscription states;
    private boolean joining;
    private boolean left;
    private int failures;
    private long absentSinceNanos;
    private boolean pushing;
    private int pushFailures;
    private Timer.@Nullable Scheduled pull;
    private Timer.@Nullable Scheduled push;

    Member(DependencyRequest request, Registrant registrant) {
      this.request = request;
      this.registrant = registrant;
    }

    /** Begins this service's life, and ends that of the one before it. */
    CompletableFuture<Void> join(@Nullable Member before) {
      if (before != null) {
        before.retire();
      }
      CompletableFuture<Void> entered = enter();
      entered.whenComplete((done, failed) -> run(() -> joined(before, failed)));
      return entered;
    }

    private void joined(@Nullable Member before, @Nullable Throwable failed) {
      if (before != null) {
        // Fenced where the key is the same: then this removes nothing.
        before.withdraw();
      }
      if (failed != null) {
        members.remove(request.url(), this);
        left = true;
        return;
      }
      if (left) {
        return;
      }
      LOG.info("{} registered", request.instance());
      for (String service : request.required()) {
        Watched watch = watched.computeIfAbsent(service, Watched::new);
        watch.dependants.add(this);
        requires.add(watch);
      }
      pullAfter(Attempts.within(rhythm.heartbeat()));
      tell();
    }

    /** Puts the instance into the registry. */
    private CompletableFuture<Void> enter() {
      joining = true;
      CompletableFuture<Registration> registering;
      try {
        registering = registry.register(request.instance(), Liveness.heartbeat(LEASE));
      } catch (IllegalStateException closing) {
        registering =
            CompletableFuture.failedFuture(
                RegistryException.unavailable("the registry is closed", closing));
      }
      return registering
          .whenComplete((entered, failed) -> run(() -> entered(entered)))
          .thenApply(entered -> null);
    }

    private void entered(@Nullable Registration entered) {
      joining = false;
      if (entered == null) {
        return;
      }
      if (left) {
        entered.deregister();
        return;
      }
      registration = entered;
      states =
          entered.onState(
              state -> {
                if (state == Registration.State.FENCED) {
                  run(() -> fenced(entered));
                }
              });
      if (failures > 0) {
        entered.health(Health.CRITICAL);
      }
    }

    /** Somebody else has registered the same service, at another centre perhaps: it is his now. */
    private void fenced(Registration lost) {
      if (!left && lost.equals(registration)) {
        members.remove(request.url(), this);
        retire();
      }
    }

    /** Stops asking and telling; the instance stays. */
    private void retire() {
      left = true;
      cancel(pull);
      cancel(push);
      requires.forEach(watch -> watch.leave(this));
      requires.clear();
      if (states != null) {
        states.close();
      }
    }

    private CompletableFuture<Void> withdraw() {
      Registration last = registration;
      registration = null;
      return last == null ? CompletableFuture.completedFuture(null) : last.deregister();
    }

    CompletableFuture<Void> leave() {
      LOG.info("{} left", request.instance().key());
      retire();
      return withdraw();
    }

    private void pullAfter(Duration wait) {
      pull = schedule(this::pull, wait);
    }

    private void pull() {
      if (!left) {
        calls
            .get(request.heartbeat(), registrant.address())
            .thenAccept(reply -> run(() -> answered(reply.is(200))));
      }
    }

    private void answered(boolean alive) {
      if (left) {
        return;
      }
      if (alive) {
        if (failures > 0) {
          failures = 0;
          LOG.info("{} answers again", request.instance().key());
          show(Health.PASSING);
          tell();
        }
        pullAfter(Attempts.spread(rhythm.heartbeat()));
        return;
      }
      failures++;
      if (failures == 1) {
        absentSinceNanos = timer.nanoTime();
        LOG.info("{} does not answer", request.instance().key());
        show(Health.CRITICAL);
      } else if (registration != null
          && timer.nanoTime() - absentSinceNanos > rhythm.criticalKept().toNanos()) {
        var unused = withdraw();
      }
      pullAfter(
          failures <= QUICK_RETRIES
              ? rhythm.quickRetry()
              : Attempts.afterFailures(
                  failures - QUICK_RETRIES, rhythm.heartbeat(), rhythm.longestRetry()));
    }

    private void show(Health health) {
      if (registration != null) {
        registration.health(health);
      } else if (health == Health.PASSING && !joining) {
        enter()
            .whenComplete(
                (done, failed) -> {
                  if (failed != null) {
                    // Seen as absent, so that the next answer tries again.
                    run(() -> failures = Math.max(failures, QUICK_RETRIES + 1));
                  }
                });
      }
    }

    /** Sends what this service has not been told yet, unless it is being told something. */
    void tell() {
      if (left || pushing || failures > 0 || request.update().isEmpty()) {
        return;
      }
      Set<Provided> now = new LinkedHashSet<>();
      for (Watched watch : requires) {
        if (watch.providers != null) {
          now.addAll(watch.providers);
        }
      }
      Optional<Patch> patch = told.next(now, this::isKnown);
      if (patch.isEmpty()) {
        return;
      }
      cancel(push);
      pushing = true;
      calls
          .post(request.update().get(), patch.get().json(), registrant.address())
          .thenAccept(reply -> run(() -> taken(reply)));
    }

    private boolean isKnown(String service) {
      Watched watch = watched.get(service);
      return watch != null && watch.providers != null;
    }

    private void taken(Reply reply) {
      pushing = false;
      if (reply.is(200)) {
        told.delivered();
        pushFailures = 0;
        tell();
        return;
      }
      boolean never =
          reply.end() == Reply.End.ANSWERED
              ? reply.status() / 100 == 4
              : reply.end() != Reply.End.UNCERTAIN;
      if (never) {
        told.notDelivered();
      } else {
        told.perhapsDelivered();
      }
      if (!left) {
        pushFailures++;
        push =
            schedule(
                this::tell,
                Attempts.afterFailures(
                    pushFailures, rhythm.firstPatchRetry(), rhythm.longestRetry()));
      }
    }
  }

  private static void cancel(Timer.@Nullable Scheduled scheduled) {
    if (scheduled != null) {
      scheduled.cancel();
    }
  }
}
