package dev.rollcall.spi.support;

import static java.util.Objects.requireNonNull;

import com.google.common.net.InetAddresses;
import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.GrpcHealthClient;
import dev.rollcall.spi.HealthChecker;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A checker of its own threads and sockets: HTTP by the JDK's asynchronous client, TCP by
 * asynchronous channels, gRPC by a {@link GrpcHealthClient} where the class path has one.
 *
 * <p><b>Design.</b> A {@link Run} is one check that goes on; it has one {@link CheckAttempt} at a
 * time, so its results are serial. An attempt waits for one of {@value #MAX_IN_FLIGHT} places,
 * first come, first served; then it is made, and its completion, whatever brings it about, frees
 * the place and drops the connection. So a thousand targets that drip bytes cost a place for a
 * timeout each, and all get their turn. The timeout counts from the place on, but that of {@link
 * #accepts} from the call on. The timer's thread only hands over to the workers.
 *
 * <p><b>Guards.</b> {@code lock} guards the fields that say so, and is held for no call of anything
 * else's.
 *
 * @since 0.1.0
 */
public final class NetworkHealthChecker implements HealthChecker {
  static final int MAX_IN_FLIGHT = 256;

  private static final double JITTER = 0.1;
  private static final Logger LOG = LoggerFactory.getLogger(HealthChecker.class);

  private final Timer timer;
  private final CheckNetwork network;

  private final Object lock = new Object();
  // All guarded by "lock".
  private final Set<Run> runs = new HashSet<>();
  private final Set<CheckAttempt> inFlight = new HashSet<>();
  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  private boolean closed;

  /** Found with the first check that needs it; another thread that finds it too does no harm. */
  private volatile @Nullable GrpcHealthClient grpc;

  /** An attempt that has no place yet, and what to do when it gets one. */
  private record Waiting(CheckAttempt attempt, Runnable begin) {}

  private NetworkHealthChecker(Timer timer, String name) {
    this.timer = requireNonNull(timer, "timer");
    network = new CheckNetwork(requireNonNull(name, "name"));
  }

  /**
   * Opens a checker, which takes its threads and sockets with the first check.
   *
   * @param timer says when the next check is due
   * @param name begins the names of the checker's threads
   * @return an open checker, the caller's to close
   */
  public static HealthChecker named(Timer timer, String name) {
    return new NetworkHealthChecker(timer, name);
  }

  @Override
  public void admit(Liveness.Check check) {
    if (check instanceof Liveness.GrpcCheck) {
      grpcClient();
    } else if (check instanceof Liveness.HttpCheck http
        && http.tls().serverName().isPresent()
        && !InetAddresses.isUriInetAddress(http.uri().getHost())) {
      throw RegistryException.invalid(
          "check uri: host "
              + http.uri().getHost()
              + " (expected: an IP address, since there is a tlsServerName and this process runs"
              + " the check)");
    }
  }

  private GrpcHealthClient grpcClient() {
    GrpcHealthClient found = grpc;
    if (found == null) {
      found = GrpcHealthClients.find();
      grpc = found;
    }
    return found;
  }

  private CheckAttempt attempt(Liveness.Check check) {
    if (check instanceof Liveness.HttpCheck http) {
      return new HttpAttempt(network, timer, http);
    }
    if (check instanceof Liveness.GrpcCheck asked) {
      return new GrpcAttempt(network, timer, asked, grpcClient());
    }
    return new TcpAttempt(network, timer, ((Liveness.TcpCheck) check).address());
  }

  @Override
  public Running start(Liveness.Check check, Consumer<Health> onResult) {
    admit(check);
    Run run = new Run(check, requireNonNull(onResult, "onResult"));
    synchronized (lock) {
      if (closed) {
        return () -> {};
      }
      runs.add(run);
    }
    run.next();
    return run;
  }

  @Override
  public CompletionStage<Boolean> accepts(HostPort address, Duration timeout) {
    CheckAttempt attempt = new TcpAttempt(network, timer, address);
    attempt.limit(timeout);
    submit(attempt, attempt::begin);
    return attempt.result.thenApply(health -> health == Health.PASSING);
  }

  @Override
  public void close() {
    Set<Run> stopped;
    Set<CheckAttempt> cancelled;
    synchronized (lock) {
      closed = true;
      stopped = new HashSet<>(runs);
      cancelled = new HashSet<>(inFlight);
      waiting.forEach(last -> cancelled.add(last.attempt));
      waiting.clear();
    }
    stopped.forEach(Run::stop);
    cancelled.forEach(CheckAttempt::fail);
    network.close();
  }

  /** Has an attempt made as soon as there is a place. */
  private void submit(CheckAttempt attempt, Runnable begin) {
    boolean place = false;
    boolean refused;
    synchronized (lock) {
      if (!closed) {
        place = inFlight.size() < MAX_IN_FLIGHT;
        if (place) {
          inFlight.add(attempt);
        } else {
          waiting.add(new Waiting(attempt, begin));
        }
      }
      refused = closed;
    }
    if (refused) {
      attempt.fail();
    }
    var unused = attempt.result.whenComplete((health, never) -> leave(attempt));
    if (place) {
      network.workers().execute(begin);
    }
  }

  private void leave(CheckAttempt attempt) {
    Waiting following = null;
    synchronized (lock) {
      if (inFlight.remove(attempt)) {
        following = waiting.poll();
        if (following != null) {
          inFlight.add(following.attempt);
        }
      } else {
        waiting.removeIf(other -> other.attempt == attempt);
      }
    }
    if (following != null) {
      network.workers().execute(following.begin);
    }
    attempt.drop();
  }

  /** One check that goes on. Its own monitor guards its fields that are not final. */
  private final class Run implements Running {
    private final Liveness.Check check;
    private final Consumer<Health> onResult;
    private boolean stopped;
    private @Nullable CheckAttempt attempt;
    private Timer.@Nullable Scheduled following;

    Run(Liveness.Check check, Consumer<Health> onResult) {
      this.check = check;
      this.onResult = onResult;
    }

    void next() {
      long began = timer.nanoTime();
      CheckAttempt made = attempt(check);
      synchronized (this) {
        if (stopped) {
          return;
        }
        attempt = made;
      }
      var unused = made.result.thenAcceptAsync(health -> deliver(health, began), network.workers());
      submit(
          made,
          () -> {
            made.limit(check.timeout());
            made.begin();
          });
    }

    private void deliver(Health health, long began) {
      synchronized (this) {
        if (stopped) {
          return;
        }
      }
      try {
        onResult.accept(health);
      } catch (Throwable thrown) {
        LOG.error("a receiver of health checks threw", thrown);
      }
      double spread = 1 + JITTER * (2 * ThreadLocalRandom.current().nextDouble() - 1);
      long due = began + (long) (check.interval().toNanos() * spread);
      Timer.Scheduled scheduled =
          timer.schedule(
              () -> network.workers().execute(this::next),
              Duration.ofNanos(Math.max(0, due - timer.nanoTime())));
      synchronized (this) {
        following = scheduled;
        if (!stopped) {
          return;
        }
      }
      scheduled.cancel();
    }

    @Override
    public void stop() {
      CheckAttempt last;
      Timer.Scheduled next;
      synchronized (this) {
        stopped = true;
        last = attempt;
        next = following;
      }
      synchronized (lock) {
        runs.remove(this);
      }
      if (next != null) {
        next.cancel();
      }
      if (last != null) {
        last.fail();
      }
    }
  }
}
