package dev.rollcall.engine;

import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says when a lease is to be renewed: a third of its TTL after the last renewal, a little earlier
 * by chance so that a fleet does not renew in step; and soon, where the store answers again after
 * an outage. Where the owner has a probe, it is asked first, on a thread of the listeners'.
 * Scheduling and cancelling are guarded by the registration's lock.
 */
final class LeaseRenewer {
  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);

  private static final long TICK_NANOS = Duration.ofMillis(100).toNanos();

  /** Within the two seconds in which a store that answers again is to be as desired. */
  private static final long HURRY_NANOS = Duration.ofMillis(1_500).toNanos();

  private final InstanceKey key;
  private final Liveness liveness;
  private final Timer timer;
  private final Machine machine;
  private final Dispatcher dispatcher;
  private final Consumer<Health> probed;
  private final Consumer<Lease> renew;
  private Timer.@Nullable Scheduled renewal;
  private @Nullable Lease scheduled; // what is to be renewed
  private long dueNanos;

  /**
   * Creates one that has nothing to renew.
   *
   * @param probed given what the probe has found, without a lock
   * @param renew renews a lease that is due, on the timer's thread or a listener's
   */
  LeaseRenewer(
      InstanceKey key,
      Liveness liveness,
      Timer timer,
      Machine machine,
      Dispatcher dispatcher,
      Consumer<Health> probed,
      Consumer<Lease> renew) {
    this.key = key;
    this.liveness = liveness;
    this.timer = timer;
    this.machine = machine;
    this.dispatcher = dispatcher;
    this.probed = probed;
    this.renew = renew;
  }

  /** Schedules a renewal for a third of the TTL, of which some may have passed. */
  void schedule(Lease lease, long passedNanos) {
    cancel();
    if (lease.ttl().isZero()) {
      return;
    }
    double spread = machine.random().nextDouble(0.9, 1.0);
    long wait = Math.max(0, (long) (lease.ttl().toNanos() / 3.0 * spread) - passedNanos);
    renewAfter(lease, wait);
  }

  /**
   * Brings a renewal forward that is not due soon, by chance as well: while the store was away, it
   * may have lost what it had. A renewal finds that out, and else the next one of a long lease
   * would be the first.
   */
  void hurry() {
    Lease held = scheduled;
    if (held != null && dueNanos - timer.nanoTime() > HURRY_NANOS) {
      cancel();
      renewAfter(held, (long) (machine.random().nextDouble(0, 1) * HURRY_NANOS));
    }
  }

  private void renewAfter(Lease lease, long waitNanos) {
    // Renewals are due on common ticks, so that ten thousand wake the timer ten times a second.
    long past = Math.floorMod(timer.nanoTime() + waitNanos, TICK_NANOS);
    long wait = Math.max(0, waitNanos - past);
    scheduled = lease;
    dueNanos = timer.nanoTime() + wait;
    renewal = timer.schedule(() -> due(lease), Duration.ofNanos(wait));
  }

  void cancel() {
    scheduled = null;
    if (renewal != null) {
      renewal.cancel();
      renewal = null;
    }
  }

  private void due(Lease lease) {
    if (liveness instanceof Liveness.Heartbeat heartbeat && heartbeat.probe().isPresent()) {
      dispatcher.run(
          () -> {
            boolean healthy;
            try {
              healthy = heartbeat.probe().get().getAsBoolean();
            } catch (Throwable thrown) {
              LOG.warn("{}: its probe has thrown, which counts as unhealthy", key, thrown);
              healthy = false;
            }
            probed.accept(healthy ? Health.PASSING : Health.CRITICAL);
            renew.accept(lease);
          });
    } else {
      renew.accept(lease);
    }
  }
}
