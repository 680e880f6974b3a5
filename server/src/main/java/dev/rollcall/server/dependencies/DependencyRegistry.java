package dev.rollcall.server.dependencies;

import static java.util.Objects.requireNonNull;

import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.server.ClientMemory;
import dev.rollcall.server.MemoryBudget;
import dev.rollcall.server.outbound.CallTarget;
import dev.rollcall.server.outbound.OutboundCalls;
import dev.rollcall.spi.Timer;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
 * registry, asks each for its heartbeat, and tells those that require others which providers are
 * there.
 *
 * <p><b>Heartbeats.</b> Each service is asked every 3 s, whether others answer or not. One that
 * does not answer with 200 is critical at once, and so for its dependants gone; it is asked again
 * twice a second apart and then ever less often, up to 30 s, for as long as it is registered. After
 * a minute its instance leaves the registry; when it answers, however late, it is there again.
 *
 * <p><b>Providers</b> are all passing instances of a required service, however they were
 * registered: at the URL that they give, or else at {@code scheme://host:port} where the scheme is
 * {@code http} or {@code https}.
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
  private static final Duration FORGETTABLE_AFTER = Duration.ofHours(1);
  private static final Logger LOG = LoggerFactory.getLogger(DependencyRegistry.class);

  // Shared with the members and what they watch.
  final Registry registry;
  final OutboundCalls calls;
  final Timer timer;
  final Rhythm rhythm;
  final ClientMemory memory;

  private final ExecutorService loop;

  // Confined to the loop; the members and what they watch take part.
  final Map<String, Member> members = new HashMap<>();
  final Map<String, Watched> watched = new HashMap<>();
  private boolean closed;

  /**
   * Opens a centre.
   *
   * @param registry where the services are registered; stays the caller's to close, after this
   * @param calls how heartbeats and patches are sent; stays the caller's to close, after this
   * @param timer the clock; stays the caller's to close, after this
   * @param memory how much memory clients may hold
   */
  public DependencyRegistry(
      Registry registry, OutboundCalls calls, Timer timer, ClientMemory memory) {
    this(registry, calls, timer, memory, Rhythm.STANDARD);
  }

  DependencyRegistry(
      Registry registry, OutboundCalls calls, Timer timer, ClientMemory memory, Rhythm rhythm) {
    this.memory = requireNonNull(memory, "memory");
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
   * The client that registers.
   *
   * @param client its name in counts
   * @param maxServices how many services it may have
   * @param address where its request comes from
   * @param mayTouch whether it may register and remove services of a name
   */
  record Registrant(
      String client, int maxServices, InetAddress address, Predicate<String> mayTouch) {}

  /**
   * Registers a service, in the place of the one that is known by the same URL.
   *
   * @return completes when the registry holds it; with {@code INVALID} where the centre may not
   *     call its URLs, with {@code CONFLICT} where there are too many services, with {@code DENIED}
   *     where another service is known by that URL that the caller may not touch; with a {@link
   *     dev.rollcall.server.BudgetException} where its client holds too much memory
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
    Member member = new Member(this, request, registrant, room(request, registrant, before));
    members.put(request.url(), member);
    return member.join(before);
  }

  /** Takes the service's memory, in exchange for that of the one before it. */
  private MemoryBudget.Hold room(
      DependencyRequest request, Registrant registrant, @Nullable Member before) {
    long weight = Member.weigh(request);
    boolean isSame = before != null && before.registrant.client().equals(registrant.client());
    long has = before != null && isSame ? before.room.bytes() : 0;
    MemoryBudget.Hold room = memory.kept().take(registrant.client(), Math.max(0, weight - has));
    if (before != null) {
      before.room.close();
    }
    room.correct(weight);
    return room;
  }

  private long servicesOf(String client) {
    return members.values().stream()
        .filter(member -> member.registrant.client().equals(client))
        .count();
  }

  /** Makes room by forgetting the service that has been absent for longest, if that is long. */
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

  void run(Runnable task) {
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

  Timer.Scheduled schedule(Runnable task, Duration delay) {
    return timer.schedule(() -> run(task), delay);
  }
}
