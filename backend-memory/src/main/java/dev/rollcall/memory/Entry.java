package dev.rollcall.memory;

import dev.rollcall.Health;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One instance in the store, and at once the lease that its owner holds: one object for both, since
 * there may be a million. A takeover by another owner makes a new entry, so that the old lease
 * stays dead; the same owner's next registration changes this one, so that its earlier leases stay
 * good.
 *
 * <p><b>Guards.</b> {@link #deadline} is the only field that is written without a lock: renewals
 * raise it by compare-and-set, never from {@link #ENDED}; the holder of the store's lock ends it,
 * by compare-and-set where a renewal may still win, and restarts it by a plain volatile write,
 * which a renewal under way either precedes or loses to. {@link #ttlNanos} is written under the
 * lock and read by renewals; one that still sees the old TTL extends the lease by that one, once.
 * Every other field that is not final is guarded by the store's lock.
 */
final class Entry implements Lease {
  /** The deadline of a lease that is over. */
  static final long ENDED = Long.MIN_VALUE;

  /** The deadline of what nobody has to renew; the time of what is not going to happen. */
  static final long NEVER = Long.MAX_VALUE;

  private static final VarHandle DEADLINE;
  private static final CompletionStage<Void> RENEWED = CompletableFuture.completedStage(null);

  static {
    try {
      DEADLINE = MethodHandles.lookup().findVarHandle(Entry.class, "deadline", long.class);
    } catch (ReflectiveOperationException impossible) {
      throw new ExceptionInInitializerError(impossible);
    }
  }

  final RunningClock clock;
  final ServiceEntries service;
  final String ownerId;

  long epoch;
  ServiceInstance registered;
  long deregisterAfterNanos;

  /** Told once when the lease ends without its owner's asking; null once that was done. */
  @Nullable LeaseListener listener;

  /** Whose listener it is; renewals read it without the lock, to see that he has closed. */
  volatile @Nullable MemoryBackend home;

  /** What a lost lease or a check makes of the instance, whatever it says of itself. */
  Health imposed = Health.PASSING;

  /** When the instance is to be removed, in running time. */
  long removeAt = NEVER;

  @Nullable CheckRun check;

  @Nullable LeaseList list;
  @Nullable Entry next;
  @Nullable Entry previous;

  private volatile long deadline = NEVER;
  private volatile long ttlNanos;
  private @Nullable ServiceInstance shown;

  Entry(RunningClock clock, ServiceEntries service, String ownerId, ServiceInstance registered) {
    this.clock = clock;
    this.service = service;
    this.ownerId = ownerId;
    this.registered = registered;
  }

  @Override
  public Duration ttl() {
    return Duration.ofNanos(ttlNanos);
  }

  @Override
  public CompletionStage<Void> renew() {
    if (clock.isStopped()) {
      return CompletableFuture.failedStage(
          RegistryException.unavailable("the memory store is closed", null));
    }
    long seen = deadline;
    if (seen != ENDED && home == null) {
      return CompletableFuture.failedStage(
          RegistryException.unavailable("the memory backend is closed", null));
    }
    if (seen != ENDED && seen != NEVER) {
      long until = clock.nanos() + ttlNanos;
      while (seen < until && seen != ENDED && !DEADLINE.compareAndSet(this, seen, until)) {
        seen = deadline;
      }
    }
    return seen == ENDED
        ? CompletableFuture.failedStage(RegistryException.conflict("the lease has ended"))
        : RENEWED;
  }

  long deadline() {
    return deadline;
  }

  /** Starts or restarts the lease, also one that has ended. */
  void grant(long ttlNanos, long deadline) {
    this.ttlNanos = ttlNanos;
    this.deadline = deadline;
  }

  /** Ends the lease: no renewal revives it. */
  void end() {
    deadline = ENDED;
  }

  /** Ends the lease unless its deadline lies after a time; tells whether it did. */
  boolean endIfDue(long nowNanos) {
    long seen = deadline;
    while (seen <= nowNanos && seen != ENDED) {
      if (DEADLINE.compareAndSet(this, seen, ENDED)) {
        return true;
      }
      seen = deadline;
    }
    return false;
  }

  /** Tells whether this is a lease that runs out unless it is renewed. */
  boolean isTicking() {
    long now = deadline;
    return now != ENDED && now != NEVER;
  }

  /** Tells whether the lease has not ended. */
  boolean isAlive() {
    return deadline != ENDED;
  }

  /** Returns the health that readers and watchers are to see. */
  Health health() {
    return registered.health().worse(imposed);
  }

  /** Returns the instance as readers and watchers are to see it; made when somebody asks. */
  ServiceInstance shown() {
    Health health = health();
    if (health == registered.health()) {
      return registered;
    }
    if (shown == null || shown.health() != health) {
      shown = registered.withHealth(health);
    }
    return shown;
  }

  /** Replaces what the owner said; the next {@link #shown()} is made of it. */
  void say(ServiceInstance instance) {
    registered = instance;
    shown = null;
  }
}
