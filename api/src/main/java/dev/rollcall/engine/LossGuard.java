package dev.rollcall.engine;

import static java.util.Objects.requireNonNull;

import dev.rollcall.HostPort;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.HealthChecker;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Bounded mass-loss protection. A store that restarts, or loses its data, shows a service as gone
 * that is not. So a loss that is too sudden is not believed at once: the lost instances stay
 * readable while each is asked, by a TCP connect, whether it is still there. One that does not
 * accept within a second goes at once; one that does stays, is asked again every 10 s, and goes
 * when the bound has passed in any case.
 *
 * <p>{@code protections} counts, for the log and the observer, what each service holds; nothing is
 * called under its lock. The {@link HealthChecker} bounds how many connects are under way.
 */
final class LossGuard {
  private static final Duration CONNECT_TIMEOUT = Duration.ofMillis(800);
  private static final Duration ASK_AGAIN = Duration.ofSeconds(10);
  private static final Duration WINDOW = Duration.ofSeconds(10);

  private final Timer timer;
  private final HealthChecker checker;
  private final double share;
  private final Duration bound;
  private final Observation observation;
  private final Map<String, Protection> protections = new HashMap<>(); // guarded by itself

  /** Creates one that tells no observer. */
  LossGuard(Timer timer, HealthChecker checker, double share, Duration bound) {
    this(timer, checker, share, bound, new Observation(timer));
  }

  LossGuard(
      Timer timer, HealthChecker checker, double share, Duration bound, Observation observation) {
    this.timer = timer;
    this.checker = checker;
    this.share = share;
    this.bound = bound;
    this.observation = observation;
  }

  /** Returns the memory of recent losses of one service. */
  Window window() {
    return new Window(timer, share);
  }

  /** Asks instances that a cache holds; {@code release} is called for each that is to go. */
  void ask(Iterable<ServiceInstance> held, InstanceCache cache, Release release) {
    held.forEach(instance -> begin(instance.service())); // all, before the first may be let go
    for (ServiceInstance instance : held) {
      ask(instance, cache, release, Timestamp.now(timer));
    }
  }

  /** What one service holds, in its view and in the catalog. */
  private static final class Protection {
    private final Timestamp since;
    private int held;

    Protection(Timestamp since) {
      this.since = since;
    }
  }

  private void begin(String service) {
    boolean first;
    synchronized (protections) {
      Protection protection =
          protections.computeIfAbsent(service, name -> new Protection(Timestamp.now(timer)));
      first = protection.held++ == 0;
    }
    if (first) {
      observation.protectionBegan(service);
    }
  }

  private void end(String service) {
    Protection over;
    synchronized (protections) {
      Protection protection = requireNonNull(protections.get(service));
      over = --protection.held == 0 ? protections.remove(service) : null;
    }
    if (over != null) {
      observation.protectionEnded(service, over.since.age());
    }
  }

  private void ask(
      ServiceInstance instance, InstanceCache cache, Release release, Timestamp since) {
    if (!cache.holds(instance)) {
      end(instance.service());
      return;
    }
    if (since.age().compareTo(bound) >= 0) {
      release.release(cache, instance);
      end(instance.service());
      return;
    }
    checker
        .accepts(new HostPort(instance.host(), instance.port()), CONNECT_TIMEOUT)
        .whenComplete(
            (accepts, failed) -> {
              if (Boolean.TRUE.equals(accepts)) {
                Duration left = bound.minus(since.age());
                timer.schedule(
                    () -> ask(instance, cache, release, since),
                    left.compareTo(ASK_AGAIN) < 0 ? left : ASK_AGAIN);
              } else {
                release.release(cache, instance);
                end(instance.service());
              }
            });
  }

  /** Takes an instance out of a cache and tells who listens to it. */
  @FunctionalInterface
  interface Release {
    void release(InstanceCache cache, ServiceInstance instance);
  }

  /** The recent losses of one service. Not thread-safe: guarded by its cache's lock. */
  static final class Window {
    private final Timer timer;
    private final double share;
    private boolean open;
    private long openedNanos;
    private int passingAtOpening;
    private int lost;

    private Window(Timer timer, double share) {
      this.timer = timer;
      this.share = share;
    }

    /**
     * Notes a loss and tells whether it is too sudden to be believed.
     *
     * @param passing how many passed until now
     * @param lostNow how many of these are lost with this change
     */
    boolean tooSudden(int passing, int lostNow) {
      if (share >= 1) {
        return false;
      }
      long now = timer.nanoTime();
      if (!open || now - openedNanos > WINDOW.toNanos()) {
        open = true;
        openedNanos = now;
        passingAtOpening = passing;
        lost = 0;
      }
      lost += lostNow;
      return lostNow >= passing || lost > share * passingAtOpening;
    }
  }
}
