package dev.rollcall.engine;

import dev.rollcall.Arguments;
import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.RegistrationStatus;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryObserver.Transition;
import dev.rollcall.RegistryObserver.Verb;
import dev.rollcall.ServiceInstance;
import dev.rollcall.Subscription;
import dev.rollcall.spi.HealthChecker;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.BrokenClassPath;
import dev.rollcall.spi.support.Futures;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@link Registration} as a reconciler.
 *
 * <p>Design: {@code desired} says what the store should hold: an instance, or nothing once {@code
 * closing}. {@code lease} and {@code shown} say what it does hold as far as is known. {@link
 * #step()} compares the two and, where they differ, makes <b>one</b> call to the backend; when that
 * call ends it compares again. There is never a second writing call under way, which is what makes
 * closing final: a deregistration is sent only after every registration has been answered.
 *
 * <p>All fields are guarded by {@code lock}. It is never held while the backend, the application or
 * a future's dependants are called; what is to be called is collected under it and run after it.
 * Callers are the application, the backend's threads, the timer's and the checker's.
 *
 * <p>A pause of this process shows as a renewal that is late: once more than a TTL has passed since
 * the last renewal that was answered, the lease counts as lost, and the instance is registered
 * again as the same owner with the next epoch, which a store refuses where another owner has come.
 */
final class StoreRegistration implements Registration {
  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);

  private final RegistryBackend backend;
  private final Timer timer;
  private final Machine machine;
  private final Dispatcher dispatcher;
  private final Observation observation;
  private final HealthGate health;
  private final LeaseRenewer renewer;
  private final Answers answers;
  private final StoreContact contact;
  private final Duration deadline;
  private final Liveness liveness;
  private final Claim firstClaim;
  private final Set<StateSubscriber> listening;
  private final Consumer<StoreRegistration> whenDone;
  private final InstanceKey key;
  private final String owner;
  private final List<StateSubscriber> subscribers = new CopyOnWriteArrayList<>();
  private final FailureLog failureLog = new FailureLog();
  private final CompletableFuture<Registration> active = new CompletableFuture<>();
  private final CompletableFuture<@Nullable Void> gone = new CompletableFuture<>();

  private final Object lock = new Object();
  private final Backoff backoff;
  private State state = State.PENDING;
  private long stateNanos;
  private String lostBecause = "";

  /** Whether the store has refused the first registration. */
  private boolean refused;

  private ServiceInstance desired;
  private @Nullable ServiceInstance accepted;
  private @Nullable ServiceInstance shown;
  private @Nullable Lease lease;
  private long epoch = 1;
  private int generation;
  private int endedGeneration = -1;

  /** Of the call that gave the lease; later ones may have been refused, and changed nothing. */
  private int heldGeneration = -1;

  /** How the lease has ended while a later call was under way, whose answer may say better. */
  private @Nullable LeaseEnd missed;

  private Phase phase = Phase.IDLE;

  /** Whether anything was ever sent. */
  private boolean sent;

  /** Whether a registration was not answered, after the last that was taken and counts. */
  private boolean doubted;

  /** Whether a caller was told that this is being undone. */
  private boolean owed;

  private boolean closing;
  private long renewedNanos;

  /** Of the last call; null where it was answered as it should be. */
  private @Nullable RegistryException lastFailure;

  private Timer.@Nullable Scheduled retry;
  private long retryAtNanos;

  /**
   * What the log and the observer are to be told. Added to under the lock, taken by any thread
   * without it.
   */
  private final Queue<Runnable> lines = new ConcurrentLinkedQueue<>();

  private final PendingUpdates updates = new PendingUpdates();

  /** What goes on at the store; {@link State} is what the application is told. */
  private enum Phase {
    /** Nothing: the next step decides. */
    IDLE,
    /** A writing call is under way. */
    CALLING,
    /** The next attempt waits for its time. */
    BACKING_OFF,
    /** Nothing will be done any more. */
    OVER
  }

  /**
   * A registering call that is under way.
   *
   * @param generation grows with each call
   * @param said the fields as they were desired
   * @param wanted the same in the health that was to be shown
   * @param updates how many waiting updates it contains
   * @param atNanos when it was sent
   */
  private record Sending(
      int generation, ServiceInstance said, ServiceInstance wanted, int updates, long atNanos) {}

  StoreRegistration(
      RegistryBackend backend,
      Timer timer,
      Machine machine,
      Dispatcher dispatcher,
      Answers answers,
      StoreContact contact,
      Duration deadline,
      String owner,
      ServiceInstance instance,
      Liveness liveness,
      Claim firstClaim,
      Set<StateSubscriber> listening,
      Consumer<StoreRegistration> whenDone) {
    this.backend = backend;
    this.timer = timer;
    this.machine = machine;
    this.dispatcher = dispatcher;
    this.observation = dispatcher.observation();
    this.answers = answers;
    this.contact = contact;
    this.deadline = deadline;
    this.owner = owner;
    this.liveness = liveness;
    this.firstClaim = firstClaim;
    this.listening = listening;
    this.whenDone = whenDone;
    this.key = instance.key();
    this.desired = instance;
    this.stateNanos = timer.nanoTime();
    this.backoff = new Backoff(timer, machine);
    this.health = new HealthGate(liveness, backend.capabilities().runsChecks(), timer, this::park);
    this.renewer =
        new LeaseRenewer(
            key, liveness, timer, machine, dispatcher, found -> checked(found, 0), this::renew);
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

  /** Completes when the store holds the instance for the first time. */
  CompletableFuture<Registration> active() {
    return active;
  }

  @Override
  public ServiceInstance instance() {
    synchronized (lock) {
      return desired;
    }
  }

  @Override
  public State state() {
    synchronized (lock) {
      return state;
    }
  }

  @Override
  public RegistrationStatus status() {
    synchronized (lock) {
      long now = timer.nanoTime();
      return new TakenRegistrationStatus(
          key,
          state,
          new Timestamp(timer, stateNanos).age(),
          reason(),
          Optional.ofNullable(lastFailure),
          health.shown(desired.health()),
          epoch,
          phase == Phase.BACKING_OFF
              ? Optional.of(Duration.ofNanos(Math.max(0, retryAtNanos - now)))
              : Optional.empty());
    }
  }

  /** Says under the lock why the state is as it is. */
  private String reason() {
    return switch (state) {
      case PENDING ->
          lastFailure == null ? "the store has not answered yet" : "the store has not taken it yet";
      case ACTIVE -> lastFailure == null ? "" : "the last renewal or update has failed";
      case LOST -> lostBecause;
      case FENCED -> "another owner has taken it over";
      case CLOSED -> {
        if (refused) {
          yield "the store has refused it";
        }
        if (!gone.isDone()) {
          yield "being deregistered";
        }
        yield gone.isCompletedExceptionally()
            ? "the store has not confirmed that it is gone"
            : "deregistered";
      }
    };
  }

  @Override
  public CompletableFuture<Void> update(ServiceInstance instance) {
    Arguments.notNull("instance", instance, "");
    if (!instance.key().equals(key)) {
      return CompletableFuture.failedFuture(
          RegistryException.invalid(
              "instance: " + instance.key() + " (expected: the registered key " + key + ")"));
    }
    CompletableFuture<@Nullable Void> future;
    synchronized (lock) {
      if (closing || state == State.FENCED) {
        return CompletableFuture.failedFuture(
            RegistryException.conflict(key + ": the registration is " + state));
      }
      desired = instance;
      future = updates.add();
    }
    step();
    return answers.of(future);
  }

  @Override
  public CompletableFuture<Void> drain(Duration wait) {
    Arguments.between("wait", wait, Duration.ZERO, Arguments.MAX_TTL);
    return answers.of(
        deregister()
            .thenCompose(
                done -> {
                  CompletableFuture<@Nullable Void> waited = new CompletableFuture<>();
                  timer.schedule(() -> waited.complete(null), wait);
                  return CompletableFuture.anyOf(waited, contact.closed()).thenApply(over -> null);
                }));
  }

  @Override
  public CompletableFuture<Void> deregister() {
    beginClosing();
    return answers.of(
        gone, deadline, () -> late("not confirmed gone within " + deadline + ", being undone"));
  }

  /** Returns the failure of something that took too long, with what the store said last. */
  RegistryException late(String what) {
    RegistryException last;
    synchronized (lock) {
      last = lastFailure;
      owed = true;
    }
    return RegistryException.unavailable(
        key + ": " + what + (last == null ? "" : "; last: " + last.getMessage()), last);
  }

  @Override
  public void close() {
    boolean interrupted = Thread.interrupted(); // which is none of the backend's business
    CompletableFuture<Void> told =
        deregister()
            .exceptionally(
                failed -> {
                  LOG.warn("closing: {}", Failures.of(failed).getMessage());
                  return null;
                });
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    try {
      machine.await(told);
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt(); // it goes on without this thread
    } catch (ExecutionException logFailed) {
      throw new IllegalStateException(key + ": its end could not be logged", logFailed);
    }
  }

  /** Leaves with the registry: what waits for its next attempt makes it now. */
  void leave() {
    synchronized (lock) {
      cancelRetry();
    }
    beginClosing();
    step(); // it may have been closing already
  }

  /** Completes when the instance is gone, whenever that is. */
  CompletableFuture<@Nullable Void> gone() {
    return gone;
  }

  /** Tells whether the store would keep the instance for ever if it were never told. */
  boolean staysByItself() {
    return liveness instanceof Liveness.Permanent;
  }

  /** The registry is closed and its backend with it: nothing more can be done or waited for. */
  void abandon() {
    RegistryException cause =
        RegistryException.unavailable(
            key + ": the registry was closed before the store confirmed", null);
    synchronized (lock) {
      cancelTimers();
      phase = Phase.OVER;
      if (!gone.isDone()) {
        lastFailure = cause;
      }
    }
    active.completeExceptionally(cause);
    gone.completeExceptionally(cause);
  }

  @Override
  public Subscription onState(Consumer<State> listener) {
    StateSubscriber subscriber =
        new StateSubscriber(dispatcher, key, listener, subscribers, listening);
    synchronized (lock) {
      subscribers.add(subscriber);
      listening.add(subscriber);
      subscriber.add(state);
    }
    subscriber.signal();
    return subscriber;
  }

  private void beginClosing() {
    synchronized (lock) {
      if (closing) {
        return;
      }
      closing = true;
      if (state != State.FENCED) {
        become(State.CLOSED);
      }
      cancelTimers();
    }
    stopWorking();
    step();
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

  /** Compares desired with observed, and makes the one call that brings them together. */
  private void step() {
    Runnable action;
    synchronized (lock) {
      action = decide();
    }
    for (Runnable line = lines.poll(); line != null; line = lines.poll()) {
      line.run();
    }
    action.run();
    subscribers.forEach(Subscriber::signal);
  }

  private Runnable decide() {
    if (phase != Phase.IDLE) {
      return () -> {};
    }
    boolean fenced = state == State.FENCED;
    if ((fenced && !doubted) || (closing && !sent)) {
      return this::done;
    }
    ServiceInstance wanted = health.shown(desired);
    if (fenced || closing || (health.isParked() && lease != null)) {
      phase = Phase.CALLING;
      Owner mine = new Owner(owner, epoch);
      boolean last = fenced || closing;
      long sentNanos = timer.nanoTime();
      return () -> {
        if (fenced) {
          stopWorking();
        }
        // An answer that is there at once is the backend's own, and no word of the store's.
        AtomicBoolean asked = new AtomicBoolean();
        Futures.call(() -> backend.deregister(key, mine))
            .whenComplete((nothing, failed) -> deregistered(last, asked.get(), sentNanos, failed));
        asked.set(true);
      };
    }
    if (health.isParked() || (lease != null && wanted.equals(shown) && updates.isEmpty())) {
      return () -> {};
    }
    phase = Phase.CALLING;
    Claim claim = accepted != null ? Claim.CONTINUE : firstClaim;
    sent = true;
    Sending sending = new Sending(++generation, desired, wanted, updates.size(), timer.nanoTime());
    RegisterRequest request =
        new RegisterRequest(wanted, health.told(), new Owner(owner, epoch), claim);
    return () ->
        Futures.call(() -> backend.register(request, end -> ended(sending.generation, end)))
            .whenComplete((taken, failed) -> registered(sending, taken, failed));
  }

  private void registered(Sending sent, @Nullable Lease taken, @Nullable Throwable thrown) {
    List<CompletableFuture<@Nullable Void>> answered = List.of();
    RegistryException failure = told(Verb.REGISTER, sent.atNanos, thrown);
    note(failure);
    RegistryException refused = null;
    synchronized (lock) {
      callEnded();
      // Superseded while the answer was under way: whatever it says, this owner has no lease.
      boolean fenced = state == State.FENCED;
      if (fenced) {
        // Granted or not answered, it may stand there, unless it was itself what was superseded.
        boolean itself = endedGeneration == sent.generation;
        doubted |= !itself && (taken != null || isUnavailable(failure));
      } else if (taken != null) {
        lastFailure = null;
        adopt(sent, taken);
        answered = updates.take(sent.updates);
      } else if (failure != null && closing) {
        doubted |= isUnavailable(failure);
      } else if (failure != null) {
        if (isUnavailable(failure)) {
          lastFailure = failure;
          doubted = true;
          shown = null; // it may have arrived, or arrive yet
          retryLater(sent.atNanos);
        } else {
          owed = doubted && accepted == null;
          refused = owed ? beingUndone(failure) : failure;
          answered = updates.take(sent.updates);
          refuse(sent, failure);
          if (missed != null && lease != null) {
            end(missed);
          }
        }
      }
    }
    if (refused != null) {
      PendingUpdates.fail(answered, refused);
      active.completeExceptionally(refused);
    } else {
      PendingUpdates.complete(answered);
      if (taken != null) {
        confirm();
      }
    }
    step();
  }

  /** Returns what a call has failed of, null where it has not, and tells the observer. */
  private @Nullable RegistryException told(Verb verb, long sentNanos, @Nullable Throwable thrown) {
    RegistryException failure = thrown == null ? null : Failures.of(thrown);
    observation.storeCalled(verb, key.service(), sentNanos, failure);
    return failure;
  }

  /** Notes what the end of a call says of the store. */
  private void note(@Nullable RegistryException failure) {
    if (failure != null && isUnavailable(failure)) {
      contact.failed(failure);
    } else {
      contact.answered();
    }
  }

  private static boolean isUnavailable(@Nullable RegistryException failure) {
    return failure != null && failure.kind() == RegistryException.Kind.UNAVAILABLE;
  }

  /** Takes note under the lock of what the store holds now. */
  private void adopt(Sending sent, Lease taken) {
    doubted = false;
    accepted = sent.said;
    shown = sent.wanted;
    lease = taken;
    heldGeneration = sent.generation;
    missed = null;
    renewedNanos = sent.atNanos;
    if (endedGeneration == sent.generation) {
      lose("its lease ended at once");
    } else if (!closing && !health.isParked()) {
      become(State.ACTIVE);
      renewer.schedule(taken, timer.nanoTime() - sent.atNanos);
    }
  }

  /** Decides under the lock what follows from the store's refusal. */
  private void refuse(Sending sent, RegistryException failure) {
    lastFailure = failure;
    if (accepted == null) {
      refused = true;
      // Where the answer could not be read for want of a class, the store may hold it.
      giveUp(BrokenClassPath.isCauseOf(failure));
    } else if (failure.kind() == RegistryException.Kind.CONFLICT) {
      fence();
    } else if (sent.updates == 0) {
      failureLog.failed(key, failure);
      retryLater(sent.atNanos); // it refuses what it held before: a permission may come back
    } else if (updates.isEmpty()) {
      desired = accepted;
    }
  }

  private void confirm() {
    boolean held;
    synchronized (lock) {
      held = state == State.ACTIVE;
    }
    if (held) {
      active.complete(this);
    }
  }

  private void deregistered(
      boolean last, boolean asked, long sentNanos, @Nullable Throwable thrown) {
    RegistryException failure = told(Verb.DEREGISTER, sentNanos, thrown);
    if (asked || failure != null) {
      note(failure);
    }
    boolean finished = false;
    synchronized (lock) {
      callEnded();
      lastFailure = refused ? lastFailure : failure;
      if (failure == null) {
        lease = null;
        renewer.cancel();
        finished = last;
      } else if (!last || owed || doubted || isUnavailable(failure)) {
        failureLog.failed(key, failure);
        retryLater(sentNanos);
      } else {
        finished = true;
      }
      if (finished) {
        phase = Phase.OVER;
      }
    }
    if (finished) {
      if (failure == null) {
        done();
      } else {
        gone.completeExceptionally(failure);
        done();
      }
    } else {
      step();
    }
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
      left = accepted != null && state != State.FENCED;
    }
    if (gone.complete(null) && left) {
      observation.deregistered(key);
    }
    whenDone.accept(this);
  }

  private void ended(int of, LeaseEnd end) {
    synchronized (lock) {
      // Superseded is believed of an earlier call too, unless a later one was granted since.
      boolean late =
          lease != null ? of < heldGeneration : of != generation && end != LeaseEnd.SUPERSEDED;
      if (late || closing || state == State.FENCED) {
        return;
      }
      if (phase == Phase.CALLING && lease != null && of != generation) {
        missed = missed == LeaseEnd.SUPERSEDED ? missed : end;
        return;
      }
      endedGeneration = of;
      end(end);
    }
    step();
  }

  /** Takes note under the lock of how the lease has ended. */
  private void end(LeaseEnd how) {
    if (how == LeaseEnd.SUPERSEDED) {
      fence();
    } else if (lease != null) {
      lose("its lease has " + (how == LeaseEnd.EXPIRED ? "expired" : "been removed"));
    }
  }

  /** Notes under the lock that the store no longer holds the instance. */
  private void lose(String why) {
    lease = null;
    missed = null;
    epoch++;
    renewer.cancel();
    if (!closing && !health.isParked()) {
      lostBecause = why;
      become(State.LOST);
    }
  }

  private void fence() {
    lease = null;
    cancelTimers();
    become(State.FENCED);
  }

  private static RegistryException beingUndone(RegistryException failure) {
    return new RegistryException(
        failure.kind(),
        failure.getMessage() + "; an earlier attempt may have arrived, being undone",
        failure);
  }

  /**
   * The store has refused the first registration. Nothing of this owner's stands there, unless an
   * earlier attempt was not answered, or the refusal may hide an answer.
   */
  private void giveUp(boolean mayStand) {
    closing = true;
    sent = doubted || mayStand;
    cancelTimers();
    become(State.CLOSED);
  }

  /** Moves to a state under the lock; returns whether it is another one. */
  private boolean become(State next) {
    if (state == next) {
      return false;
    }
    noteLine(state, next);
    state = next;
    stateNanos = timer.nanoTime();
    subscribers.forEach(subscriber -> subscriber.add(next));
    return true;
  }

  /** Notes under the lock what the log and the observer are to be told of a change of state. */
  private void noteLine(State before, State next) {
    if (observation.isNews(next)) {
      Duration after = new Timestamp(timer, stateNanos).age();
      String why = next == State.LOST ? lostBecause : "";
      Transition<State> change = new Transition<>(before, next, after, why);
      lines.add(() -> observation.registrationChanged(key, change));
    }
  }

  /** A writing call has been answered, or has failed. */
  private void callEnded() {
    if (phase == Phase.CALLING) {
      phase = Phase.IDLE;
    }
  }

  /** What was sent before the store answered another call says nothing of how it is now. */
  private void retryLater(long sentNanos) {
    if (contact.hasAnsweredSince(sentNanos)) {
      backoff.answersAgain();
    }
    retryAfter(backoff.failed());
  }

  private void retryAfter(Duration wait) {
    if (phase == Phase.OVER) {
      return;
    }
    phase = Phase.BACKING_OFF;
    retryAtNanos = timer.nanoTime() + wait.toNanos();
    retry =
        timer.schedule(
            () -> {
              synchronized (lock) {
                cancelRetry();
              }
              step();
            },
            wait);
  }

  private void cancelRetry() {
    if (retry != null) {
      retry.cancel();
      retry = null;
    }
    if (phase == Phase.BACKING_OFF) {
      phase = Phase.IDLE;
    }
  }

  /**
   * Takes note that the store answers again. After a long outage the rest of a step may be longer
   * than what the store still keeps of this instance, so the next attempt is brought forward.
   */
  void storeAnswers() {
    synchronized (lock) {
      Duration wait = backoff.answersAgain();
      if (retry != null && retryAtNanos - timer.nanoTime() > wait.toNanos()) {
        cancelRetry();
        retryAfter(wait);
      }
    }
  }

  private void renew(Lease due) {
    long since = timer.nanoTime();
    synchronized (lock) {
      if (lease != due || closing) {
        return;
      }
      if (!staysByItself() && since - renewedNanos > due.ttl().toNanos()) {
        lose("no renewal was answered for its TTL");
      }
    }
    if (isLost(due)) {
      step();
      return;
    }
    Futures.call(due::renew)
        .whenComplete(
            (nothing, thrown) -> {
              RegistryException failure = told(Verb.RENEW, since, thrown);
              note(failure);
              synchronized (lock) {
                if (lease != due || closing) {
                  return;
                }
                lastFailure = failure;
                if (failure == null) {
                  renewedNanos = since;
                  failureLog.works();
                } else {
                  failureLog.failed(key, failure);
                  if (failure.kind() == RegistryException.Kind.CONFLICT) {
                    lose("its lease has ended");
                  }
                }
                if (lease == due) {
                  renewer.schedule(due, failure == null ? timer.nanoTime() - since : 0);
                }
              }
              step();
            });
  }

  private boolean isLost(Lease due) {
    synchronized (lock) {
      return lease != due;
    }
  }

  /** Takes a result of a check or a probe that runs here. */
  private void checked(Health result, int check) {
    synchronized (lock) {
      if (closing || state == State.FENCED) {
        return;
      }
      HealthGate.Verdict verdict = health.take(result, check);
      if (verdict == HealthGate.Verdict.SAME) {
        return;
      }
      if (verdict == HealthGate.Verdict.RETURNS) {
        epoch++;
        lease = null; // a removal may have arrived, or arrive yet
        renewer.cancel();
      }
    }
    step();
  }

  /** Critical for too long: out of the store until a check passes. */
  private void park() {
    synchronized (lock) {
      if (closing || state == State.FENCED || !health.park()) {
        return;
      }
      lostBecause = "its check has been critical for " + liveness.deregisterAfter();
      become(State.LOST);
    }
    step();
  }

  private void cancelTimers() {
    cancelRetry();
    renewer.cancel();
    health.cancel();
  }
}
