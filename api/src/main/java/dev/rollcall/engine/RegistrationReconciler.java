package dev.rollcall.engine;

import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.RegistrationStatus;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.Subscription;
import dev.rollcall.engine.ObservedInstance.Sending;
import dev.rollcall.spi.HealthChecker;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.BrokenClassPath;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Brings what the store holds of one registration to what it should hold.
 *
 * <p>Design: {@link #goal()} says what the store should do with {@code desired}; {@link
 * ObservedInstance} says what it holds as far as is known. {@link #step()} compares the two and,
 * where they differ, makes <b>one</b> call to the backend; when that call ends it compares again.
 * There is never a second writing call under way, which is what makes closing final: a
 * deregistration is sent only after every registration has been answered.
 *
 * <p>{@link Phase} is what goes on at the store, {@link ReportedState} what the application is told
 * of it. The phases follow each other like this:
 *
 * <pre>
 *   from           to             when
 *   IDLE           REGISTERING    the store should hold what it is not known to hold
 *   IDLE           DEREGISTERING  it should hold nothing, and may hold something
 *   REGISTERING    IDLE           taken; refused for good
 *   DEREGISTERING  IDLE           out of the store until a check passes
 *   DEREGISTERING  DONE           out of it for ever; refused for good
 *   either         BACKING_OFF    not answered, and refused only for now
 *   BACKING_OFF    IDLE           the next attempt is due, or it is wanted at once
 *   any            DONE           the registry is closed
 * </pre>
 *
 * <p>All fields, and the parts that say so, are guarded by {@code lock}. It is never held while the
 * backend, the application or a future's dependants are called; what is to be called is collected
 * under it and run after it. Callers are the application, the backend's threads, the timer's and
 * the checker's.
 *
 * <p>A pause of this process shows as a renewal that is late: once more than a TTL has passed since
 * the last renewal that was answered, the lease counts as lost, and the instance is registered
 * again as the same owner with the next epoch, which a store refuses where another owner has come.
 */
final class RegistrationReconciler {
  private final InstanceKey key;
  private final Timer timer;
  private final Observation observation;
  private final StoreCalls calls;
  private final Liveness liveness;
  private final Claim firstClaim;
  private final Registration registration;
  private final Runnable whenDone;
  private final HealthGate health;
  private final LeaseRenewer renewer;
  private final FailureLog failureLog = new FailureLog();
  private final CompletableFuture<Registration> active = new CompletableFuture<>();
  private final CompletableFuture<@Nullable Void> gone = new CompletableFuture<>();

  private final Object lock = new Object();
  private final PendingUpdates updates = new PendingUpdates();
  private final ReportedState reported;
  private final ObservedInstance observed;
  private final RetrySchedule retry;
  private Phase phase = Phase.IDLE;
  private ServiceInstance desired;
  private boolean closing;

  /** Whether a caller was told that this is being undone. */
  private boolean owed;

  /** What goes on at the store. */
  private enum Phase {
    /** Nothing: the next step decides. */
    IDLE,
    /** A registration is under way, or an update. */
    REGISTERING,
    /** A deregistration is under way. */
    DEREGISTERING,
    /** The next attempt waits for its time. */
    BACKING_OFF,
    /** Nothing will be done any more. */
    DONE
  }

  /** What the store is to do. */
  private enum Goal {
    /** Hold the instance as it is desired. */
    HELD,
    /** Be without it until a check passes. */
    OUT,
    /** Be without it, for ever. */
    GONE
  }

  /**
   * Creates one that has not begun.
   *
   * @param registration what {@link #active()} completes with
   * @param whenDone run once there is nothing more to do
   */
  RegistrationReconciler(
      RegistrationContext context,
      String ownerId,
      ServiceInstance instance,
      Liveness liveness,
      Claim firstClaim,
      Registration registration,
      Runnable whenDone) {
    this.key = instance.key();
    this.timer = context.timer();
    this.observation = context.dispatcher().observation();
    this.calls = new StoreCalls(key, context, gone, whenDone);
    this.liveness = liveness;
    this.firstClaim = firstClaim;
    this.registration = registration;
    this.whenDone = whenDone;
    this.desired = instance;
    this.reported = new ReportedState(key, context);
    this.observed = new ObservedInstance(ownerId);
    this.retry = new RetrySchedule(context, this::retryDue);
    boolean storeChecks = context.backend().capabilities().runsChecks();
    this.health = new HealthGate(liveness, storeChecks, timer, this::park);
    this.renewer =
        new LeaseRenewer(
            key,
            liveness,
            timer,
            context.machine(),
            context.dispatcher(),
            found -> checked(found, 0),
            this::renew);
  }

  /** Begins: called once, by the registry. */
  void start(HealthChecker checker) {
    observation.registrationOpened(key);
    if (health.runsChecks()) {
      HealthChecker.Running running = checker.startAll(liveness.checks(), this::checked);
      boolean late;
      synchronized (lock) {
        late = closing;
        if (!late) {
          health.started(running);
        }
      }
      if (late) {
        running.stop();
      }
    }
    step();
  }

  // ---- what the application asks

  /** Completes when the store holds the instance for the first time. */
  CompletableFuture<Registration> active() {
    return active;
  }

  /** Completes when the instance is gone, whenever that is. */
  CompletableFuture<@Nullable Void> gone() {
    return gone;
  }

  ServiceInstance desired() {
    synchronized (lock) {
      return desired;
    }
  }

  State state() {
    synchronized (lock) {
      return reported.get();
    }
  }

  RegistrationStatus status() {
    synchronized (lock) {
      return new TakenRegistrationStatus(
          key,
          reported.get(),
          reported.age(),
          reported.reason(gone),
          Optional.ofNullable(reported.lastFailure()),
          health.shown(desired.health()),
          observed.epoch(),
          phase == Phase.BACKING_OFF ? Optional.of(retry.left()) : Optional.empty());
    }
  }

  Subscription onState(Consumer<State> listener) {
    StateSubscriber subscriber;
    synchronized (lock) {
      subscriber = reported.subscribe(listener);
    }
    subscriber.signal();
    return subscriber;
  }

  /** Desires other fields; completes when the store has taken them. */
  CompletableFuture<@Nullable Void> update(ServiceInstance instance) {
    CompletableFuture<@Nullable Void> future;
    synchronized (lock) {
      if (closing || reported.is(State.FENCED)) {
        return CompletableFuture.failedFuture(
            RegistryException.conflict(key + ": the registration is " + reported.get()));
      }
      desired = instance;
      future = updates.add();
    }
    step();
    return future;
  }

  /** Desires that the instance be gone, for ever. */
  void beginClosing() {
    synchronized (lock) {
      if (closing) {
        return;
      }
      closing = true;
      if (!reported.is(State.FENCED)) {
        reported.become(State.CLOSED);
      }
      cancelTimers();
    }
    stopWorking();
    step();
  }

  /** Leaves with the registry: what waits for its next attempt makes it now. */
  void leave() {
    synchronized (lock) {
      cancelRetry();
    }
    beginClosing();
    step(); // it may have been closing already
  }

  /** The registry is closed and its backend with it: nothing more can be done or waited for. */
  void abandon() {
    RegistryException cause =
        RegistryException.unavailable(
            key + ": the registry was closed before the store confirmed", null);
    synchronized (lock) {
      cancelTimers();
      phase = Phase.DONE;
      if (!gone.isDone()) {
        reported.lastFailure(cause);
      }
    }
    active.completeExceptionally(cause);
    gone.completeExceptionally(cause);
  }

  /** Returns the failure of something that took too long, with what the store said last. */
  RegistryException late(String what) {
    RegistryException last;
    synchronized (lock) {
      last = reported.lastFailure();
      owed = true;
    }
    return RegistryException.unavailable(
        key + ": " + what + (last == null ? "" : "; last: " + last.getMessage()), last);
  }

  /** Takes note that the store answers again: the next attempt or renewal is brought forward. */
  void storeAnswers() {
    synchronized (lock) {
      retry.storeAnswers();
      renewer.hurry();
    }
  }

  // ---- what is to be done

  /** Compares desired with observed, and makes the one call that brings them together. */
  private void step() {
    Runnable action;
    synchronized (lock) {
      action = decide();
    }
    reported.tell();
    action.run();
    reported.signal();
  }

  private Goal goal() {
    if (closing || reported.is(State.FENCED)) {
      return Goal.GONE;
    }
    return health.isParked() ? Goal.OUT : Goal.HELD;
  }

  private Runnable decide() {
    if (phase != Phase.IDLE) {
      return () -> {};
    }
    boolean fenced = reported.is(State.FENCED);
    return switch (goal()) {
      case GONE ->
          (fenced && !observed.isDoubted()) || (closing && !observed.wasSent())
              ? this::done
              : deregister(true);
      case OUT -> observed.hasLease() ? deregister(false) : () -> {};
      case HELD -> {
        ServiceInstance wanted = health.shown(desired);
        yield observed.shows(wanted) && updates.isEmpty() ? () -> {} : register(wanted);
      }
    };
  }

  private Runnable register(ServiceInstance wanted) {
    phase = Phase.REGISTERING;
    Claim claim = observed.accepted() != null ? Claim.CONTINUE : firstClaim;
    Sending sending = observed.sending(desired, wanted, updates.size(), timer.nanoTime());
    RegisterRequest request = new RegisterRequest(wanted, health.told(), observed.owner(), claim);
    return () ->
        calls.register(
            request,
            end -> ended(sending.generation(), end),
            sending.atNanos(),
            (taken, failure) -> registered(sending, taken, failure));
  }

  private Runnable deregister(boolean last) {
    phase = Phase.DEREGISTERING;
    boolean fenced = reported.is(State.FENCED);
    Owner mine = observed.owner();
    long sentNanos = timer.nanoTime();
    return () -> {
      if (fenced) {
        stopWorking();
      }
      calls.deregister(mine, sentNanos, failure -> deregistered(last, sentNanos, failure));
    };
  }

  /** There is nothing more to do, for ever. */
  private void done() {
    stopWorking();
    if (!active.isDone()) {
      boolean fenced = state() == State.FENCED;
      active.completeExceptionally(
          RegistryException.conflict(
              key
                  + (fenced
                      ? ": another owner took it over before this one had it"
                      : ": closed before the store took the registration")));
    }
    boolean left;
    synchronized (lock) {
      left = observed.accepted() != null && !reported.is(State.FENCED);
    }
    if (gone.complete(null) && left) {
      observation.deregistered(key);
    }
    whenDone.run();
  }

  /** No check runs and no update waits any more. */
  private void stopWorking() {
    HealthChecker.Running running;
    List<CompletableFuture<@Nullable Void>> dropped;
    synchronized (lock) {
      running = health.stop();
      dropped = updates.take(updates.size());
    }
    if (running != null) {
      running.stop();
    }
    if (!dropped.isEmpty()) { // an exception costs more than all the rest of an end
      PendingUpdates.fail(
          dropped, RegistryException.conflict(key + ": the registration has ended"));
    }
  }

  // ---- what the store answers

  private void registered(
      Sending sent, @Nullable Lease taken, @Nullable RegistryException failure) {
    List<CompletableFuture<@Nullable Void>> answered = List.of();
    RegistryException refused = null;
    synchronized (lock) {
      callEnded();
      if (reported.is(State.FENCED)) {
        // Superseded while the answer was under way: whatever it says, this owner has no lease.
        if (taken != null || Failures.isUnavailable(failure)) {
          observed.takenAfterEnd(sent);
        }
      } else if (taken != null) {
        reported.lastFailure(null);
        adopt(sent, taken);
        answered = updates.take(sent.updates());
      } else if (Failures.isUnavailable(failure)) {
        observed.unanswered();
        if (!closing) {
          reported.lastFailure(failure);
          retryLater(sent.atNanos());
        }
      } else if (failure != null && !closing) {
        owed = observed.isDoubted() && observed.accepted() == null;
        refused = owed ? beingUndone(failure) : failure;
        answered = updates.take(sent.updates());
        refuse(sent, failure);
      }
    }
    if (refused != null) {
      PendingUpdates.fail(answered, refused);
      active.completeExceptionally(refused);
    } else {
      PendingUpdates.complete(answered);
      if (taken != null && state() == State.ACTIVE) {
        active.complete(registration);
      }
    }
    step();
  }

  /** Takes note under the lock of what the store holds now. */
  private void adopt(Sending sent, Lease taken) {
    if (observed.taken(sent, taken)) {
      lose("its lease ended at once");
    } else if (!closing && !health.isParked()) {
      reported.become(State.ACTIVE);
      renewer.schedule(taken, timer.nanoTime() - sent.atNanos());
    }
  }

  /** Decides under the lock what follows from the store's refusal. */
  private void refuse(Sending sent, RegistryException failure) {
    reported.lastFailure(failure);
    ServiceInstance accepted = observed.accepted();
    if (accepted == null) {
      reported.refused(failure);
      closing = true;
      // Where the answer could not be read for want of a class, the store may hold it.
      observed.refused(BrokenClassPath.isCauseOf(failure));
      cancelTimers();
      reported.become(State.CLOSED);
    } else if (failure.kind() == RegistryException.Kind.CONFLICT) {
      fence();
    } else if (sent.updates() == 0) {
      failureLog.failed(key, failure);
      retryLater(sent.atNanos()); // it refuses what it held before: a permission may come back
    } else if (updates.isEmpty()) {
      desired = accepted;
    }
    LeaseEnd missed = observed.missed();
    if (missed != null) {
      end(missed);
    }
  }

  private void deregistered(boolean last, long sentNanos, @Nullable RegistryException failure) {
    boolean finished = false;
    synchronized (lock) {
      callEnded();
      if (!reported.isRefused()) {
        reported.lastFailure(failure);
      }
      if (failure == null) {
        observed.withoutLease();
        renewer.cancel();
        finished = last;
      } else if (!last || owed || observed.isDoubted() || Failures.isUnavailable(failure)) {
        failureLog.failed(key, failure);
        retryLater(sentNanos);
      } else {
        finished = true;
      }
      if (finished) {
        phase = Phase.DONE;
      }
    }
    if (finished) {
      if (failure != null) {
        gone.completeExceptionally(failure);
      }
      done();
    } else {
      step();
    }
  }

  /** A writing call has been answered, or has failed. */
  private void callEnded() {
    if (isCalling()) {
      phase = Phase.IDLE;
    }
  }

  private boolean isCalling() {
    return phase == Phase.REGISTERING || phase == Phase.DEREGISTERING;
  }

  private static RegistryException beingUndone(RegistryException failure) {
    return new RegistryException(
        failure.kind(),
        failure.getMessage() + "; an earlier attempt may have arrived, being undone",
        failure);
  }

  // ---- the lease

  /** A lease has ended, as the backend says. */
  private void ended(int of, LeaseEnd end) {
    synchronized (lock) {
      if (closing || reported.is(State.FENCED) || !observed.ends(of, end, isCalling())) {
        return;
      }
      end(end);
    }
    step();
  }

  /** Takes note under the lock of how the lease has ended. */
  private void end(LeaseEnd how) {
    if (how == LeaseEnd.SUPERSEDED) {
      fence();
    } else if (observed.hasLease()) {
      lose("its lease has " + (how == LeaseEnd.EXPIRED ? "expired" : "been removed"));
    }
  }

  /** Notes under the lock that the store no longer holds the instance. */
  private void lose(String why) {
    observed.lost();
    renewer.cancel();
    if (goal() == Goal.HELD) {
      reported.lost(why);
    }
  }

  /** Notes under the lock that another owner has come. */
  private void fence() {
    observed.withoutLease();
    cancelTimers();
    reported.become(State.FENCED);
  }

  private void renew(Lease due) {
    long since = timer.nanoTime();
    boolean lost;
    synchronized (lock) {
      if (!observed.isHeldBy(due) || closing) {
        return;
      }
      lost = !(liveness instanceof Liveness.Permanent) && observed.hasRunOut(due, since);
      if (lost) {
        lose("no renewal was answered for its TTL");
      }
    }
    if (lost) {
      step();
    } else {
      calls.renew(due, since, failure -> renewed(due, since, failure));
    }
  }

  private void renewed(Lease due, long since, @Nullable RegistryException failure) {
    synchronized (lock) {
      if (!observed.isHeldBy(due) || closing) {
        return;
      }
      reported.lastFailure(failure);
      if (failure == null) {
        observed.renewed(since);
        failureLog.works();
      } else {
        failureLog.failed(key, failure);
        if (failure.kind() == RegistryException.Kind.CONFLICT) {
          lose("its lease has ended");
        }
      }
      if (observed.isHeldBy(due)) {
        renewer.schedule(due, failure == null ? timer.nanoTime() - since : 0);
      }
    }
    step();
  }

  // ---- checks

  /** Takes a result of a check or a probe that runs here. */
  private void checked(Health result, int check) {
    synchronized (lock) {
      if (goal() == Goal.GONE) {
        return;
      }
      HealthGate.Verdict verdict = health.take(result, check);
      if (verdict == HealthGate.Verdict.SAME) {
        return;
      }
      if (verdict == HealthGate.Verdict.RETURNS) {
        observed.lost(); // a removal may have arrived, or arrive yet
        renewer.cancel();
      }
    }
    step();
  }

  /** Critical for too long: out of the store until a check passes. */
  private void park() {
    synchronized (lock) {
      if (goal() == Goal.GONE || !health.park()) {
        return;
      }
      reported.lost("its check has been critical for " + liveness.deregisterAfter());
    }
    step();
  }

  // ---- the next attempt

  private void retryLater(long sentNanos) {
    if (phase != Phase.DONE) {
      phase = Phase.BACKING_OFF;
      retry.later(sentNanos);
    }
  }

  private void retryDue() {
    synchronized (lock) {
      cancelRetry();
    }
    step();
  }

  private void cancelRetry() {
    retry.cancel();
    if (phase == Phase.BACKING_OFF) {
      phase = Phase.IDLE;
    }
  }

  private void cancelTimers() {
    cancelRetry();
    renewer.cancel();
    health.cancel();
  }
}
