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
 * by chance so that a fleet does not renew in step. Where the owner has a probe, it is asked first,
 * on a thread of the listeners'. Scheduling and cancelling are guarded by the registration's lock.
 */
final class LeaseRenewer {
  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);

  private static final long TICK_NANOS = Duration.ofMillis(100).toNanos();

  private final InstanceKey key;
  private final Liveness liveness;
  private final Timer timer;
  private final Machine machine;
  private final Dispatcher dispatcher;
  private final Consumer<Health> probed;
  private final Consumer<Lease> renew;
  private Timer.@Nullable Scheduled renewal;

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
    // Renewals are due on common ticks, so that ten thousand wake the timer ten times a second.
    long past = Math.floorMod(timer.nanoTime() + wait, TICK_NANOS);
    renewal = timer.schedule(() -> due(lease), Duration.ofNanos(Math.max(0, wait - past)));
  }

  void cancel() {
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
