package dev.rollcall.server.dependencies;

import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.RegistryException;
import dev.rollcall.Subscription;
import dev.rollcall.server.BudgetException;
import dev.rollcall.server.MemoryBudget;
import dev.rollcall.server.dependencies.DependencyRegistry.Registrant;
import dev.rollcall.server.outbound.Reply;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One service that is registered with {@link DependencyRegistry}: its heartbeats and its patches.
 * Confined to that class's loop.
 */
final class Member {
  private static final int QUICK_RETRIES = 2;

  /** A service with its heartbeat, its registration and what the engine has of it. */
  private static final long WEIGHT = 8_192;

  /** The view of a required service, which may be there for this one alone. */
  private static final long REQUIRED_WEIGHT = 2_048;

  /** A provider among those that a dependant has been told of. */
  private static final long TOLD_WEIGHT = 96;

  private static final Logger LOG = LoggerFactory.getLogger(DependencyRegistry.class);

  private final DependencyRegistry dependencies;
  final DependencyRequest request;
  final Registrant registrant;
  final MemoryBudget.Hold room;
  private final SentState told = new SentState();
  private final List<Watched> requires = new ArrayList<>();

  private @Nullable Registration registration;
  private @Nullable Subscription states;
  private boolean joining;
  private boolean left;
  int failures;
  long absentSinceNanos;
  private boolean pushing;
  private int pushFailures;
  private Timer.@Nullable Scheduled pull;
  private Timer.@Nullable Scheduled push;

  /**
   * Creates a member.
   *
   * @param room what it takes of its client's memory, given back when it is known no more
   */
  Member(
      DependencyRegistry dependencies,
      DependencyRequest request,
      Registrant registrant,
      MemoryBudget.Hold room) {
    this.dependencies = dependencies;
    this.request = request;
    this.registrant = registrant;
    this.room = room;
  }

  /** Returns about how many bytes of memory a service takes that has not been told anything. */
  static long weigh(DependencyRequest request) {
    long weight = WEIGHT + 8L * request.url().length(); // in the instance, its id and its answers
    for (String service : request.required()) {
      weight += REQUIRED_WEIGHT + 4L * service.length();
    }
    return weight;
  }

  /** Begins this service's life, and ends that of the one before it. */
  CompletableFuture<Void> join(@Nullable Member before) {
    if (before != null) {
      before.retire();
    }
    CompletableFuture<Void> entered = enter();
    entered.whenComplete((done, failed) -> dependencies.run(() -> joined(before, failed)));
    return entered;
  }

  private void joined(@Nullable Member before, @Nullable Throwable failed) {
    if (before != null) {
      // Fenced where the key is the same: then this removes nothing.
      before.withdraw();
    }
    if (failed != null) {
      dependencies.members.remove(request.url(), this);
      left = true;
      room.close();
      return;
    }
    if (left) {
      return;
    }
    LOG.info("{} registered", request.instance());
    for (String service : request.required()) {
      Watched watch =
          dependencies.watched.computeIfAbsent(service, of -> new Watched(dependencies, of));
      watch.dependants.add(this);
      requires.add(watch);
    }
    pullAfter(Attempts.within(dependencies.rhythm.heartbeat()));
    tell();
  }

  /** Puts the instance into the registry. */
  private CompletableFuture<Void> enter() {
    joining = true;
    CompletableFuture<Registration> registering;
    try {
      registering =
          dependencies.registry.register(
              request.instance(), Liveness.heartbeat(DependencyRegistry.LEASE));
    } catch (IllegalStateException closing) {
      registering =
          CompletableFuture.failedFuture(
              RegistryException.unavailable("the registry is closed", closing));
    }
    return registering
        .whenComplete((entered, failed) -> dependencies.run(() -> entered(entered)))
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
                dependencies.run(() -> fenced(entered));
              }
            });
    if (failures > 0) {
      entered.health(Health.CRITICAL);
    }
  }

  /** Another owner has registered the same service, perhaps at another centre. It keeps it. */
  private void fenced(Registration lost) {
    if (!left && lost.equals(registration)) {
      dependencies.members.remove(request.url(), this);
      retire();
    }
  }

  /** Stops asking and telling; the instance stays. */
  private void retire() {
    left = true;
    room.close();
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
    pull = dependencies.schedule(this::pull, wait);
  }

  private void pull() {
    if (!left) {
      dependencies
          .calls
          .get(request.heartbeat(), registrant.address())
          .thenAccept(reply -> dependencies.run(() -> answered(reply.is(200))));
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
      pullAfter(Attempts.spread(dependencies.rhythm.heartbeat()));
      return;
    }
    failures++;
    if (failures == 1) {
      absentSinceNanos = dependencies.timer.nanoTime();
      LOG.info("{} does not answer", request.instance().key());
      show(Health.CRITICAL);
    } else if (registration != null
        && dependencies.timer.nanoTime() - absentSinceNanos
            > dependencies.rhythm.criticalKept().toNanos()) {
      var unused = withdraw();
    }
    pullAfter(
        failures <= QUICK_RETRIES
            ? dependencies.rhythm.quickRetry()
            : Attempts.afterFailures(
                failures - QUICK_RETRIES,
                dependencies.rhythm.heartbeat(),
                dependencies.rhythm.longestRetry()));
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
                  dependencies.run(() -> failures = Math.max(failures, QUICK_RETRIES + 1));
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
    byte[] json = patch.get().json();
    MemoryBudget.Hold sending;
    try {
      room.resize(weigh(request) + TOLD_WEIGHT * (told.size() + patch.get().added().size()));
      sending = dependencies.memory.underWay().take(registrant.client(), 2L * json.length);
    } catch (BudgetException later) {
      told.notDelivered();
      tryAgain();
      return;
    }
    pushing = true;
    dependencies
        .calls
        .post(request.update().get(), json, registrant.address())
        .whenComplete((reply, failed) -> sending.close())
        .thenAccept(reply -> dependencies.run(() -> taken(reply)));
  }

  private boolean isKnown(String service) {
    Watched watch = dependencies.watched.get(service);
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
      tryAgain();
    }
  }

  private void tryAgain() {
    pushFailures++;
    push =
        dependencies.schedule(
            this::tell,
            Attempts.afterFailures(
                pushFailures,
                dependencies.rhythm.firstPatchRetry(),
                dependencies.rhythm.longestRetry()));
  }

  private static void cancel(Timer.@Nullable Scheduled scheduled) {
    if (scheduled != null) {
      scheduled.cancel();
    }
  }
}
