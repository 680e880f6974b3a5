package dev.rollcall.server.outbound;

import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.HealthChecker;
import dev.rollcall.spi.Timer;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks through {@link OutboundCalls}. A target that may not be called is critical; {@link #admit}
 * says beforehand what never will be. Thread-safe, and nothing blocks. A run's own monitor guards
 * its fields that are not final, and nothing is called under it.
 *
 * @since 0.1.0
 */
public final class GuardedChecker implements HealthChecker {
  private static final int TOO_MANY_REQUESTS = 429;
  private static final double JITTER = 0.1;
  private static final Logger LOG = LoggerFactory.getLogger(GuardedChecker.class);

  private final OutboundCalls calls;
  private final Timer timer;
  private final Supplier<InetAddress> registrants;
  private final Set<Run> runs = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  GuardedChecker(OutboundCalls calls, Timer timer, Supplier<InetAddress> registrants) {
    this.calls = calls;
    this.timer = timer;
    this.registrants = registrants;
  }

  /**
   * Refuses a check whose target will never be called for the client that registers: one with a
   * forbidden port, or a literal address that the client may not name. A name is judged when it is
   * called, since it may have another address by then. Settings of TLS are not served.
   *
   * @param check what is to be checked
   * @throws RegistryException of kind {@code INVALID} with the field, {@code HTTP}, {@code TCP} or
   *     {@code GRPC}, and the rule
   */
  @Override
  public void admit(Liveness.Check check) {
    if (check instanceof Liveness.HttpCheck http) {
      CallTarget target = CallTarget.parse("HTTP", http.uri().toString());
      requireServed("HTTP", http);
      calls.admitNow("HTTP", target.address(), true, registrants.get());
    } else if (check instanceof Liveness.TcpCheck tcp) {
      calls.admitNow("TCP", tcp.address(), false, registrants.get());
    } else if (check instanceof Liveness.GrpcCheck grpc) {
      requireServed("GRPC", grpc);
      calls.admitNow("GRPC", grpc.address(), true, registrants.get());
    }
  }

  private static void requireServed(String field, Liveness.Check check) {
    if (!isServed(check)) {
      throw RegistryException.invalid(
          field + ": settings of TLS are not served (expected: a certificate for the host)");
    }
  }

  @Override
  public Running start(Liveness.Check check, Consumer<Health> onResult) {
    CheckRequest request =
        check instanceof Liveness.HttpCheck http
            ? CheckRequest.of(http.method(), http.headers(), http.body())
            : CheckRequest.GET;
    return start(check, request, onResult);
  }

  /** As above, with a request of the client's in place of the check's. */
  Running start(Liveness.Check check, CheckRequest request, Consumer<Health> onResult) {
    return start(check, request, registrant(), onResult);
  }

  /**
   * Returns the address of the client on whose behalf a check would be started now.
   *
   * @return the address, which no check may reach as its own where there is no client
   */
  public InetAddress registrant() {
    return registrants.get();
  }

  /**
   * As {@link #start(Liveness.Check, Consumer)}, with a request of the client's in place of the
   * check's, and for a client that may have registered long ago.
   *
   * @param check where to ask, and how often
   * @param request what an HTTP check sends
   * @param registrant the address of the client that has registered the check
   * @param onResult given each result, one at a time; must not block
   * @return stops the checks
   */
  public Running start(
      Liveness.Check check,
      CheckRequest request,
      InetAddress registrant,
      Consumer<Health> onResult) {
    Run run = new Run(check, request, registrant, onResult);
    runs.add(run);
    if (closed) {
      run.stop();
    }
    run.next();
    return run;
  }

  @Override
  public CompletionStage<Boolean> accepts(HostPort address, Duration timeout) {
    return accepts(address, registrants.get(), timeout);
  }

  private CompletionStage<Boolean> accepts(
      HostPort address, InetAddress registrant, Duration timeout) {
    return calls
        .connect(address, registrant, timeout)
        .thenApply(reply -> reply.end() == Reply.End.ANSWERED);
  }

  @Override
  public void close() {
    closed = true;
    runs.forEach(Run::stop);
  }

  private CompletionStage<Health> ask(
      Liveness.Check check, CheckRequest request, InetAddress registrant) {
    if (!isServed(check)) {
      return CompletableFuture.completedFuture(Health.CRITICAL);
    }
    if (check instanceof Liveness.HttpCheck http) {
      CallTarget target;
      try {
        target = CallTarget.parse("check", http.uri().toString());
      } catch (RegistryException never) {
        return CompletableFuture.completedFuture(Health.CRITICAL);
      }
      return calls
          .send(request, target, registrant, http.timeout())
          .thenApply(GuardedChecker::healthOf);
    }
    if (check instanceof Liveness.GrpcCheck grpc) {
      return calls
          .health(
              grpc.address(), grpc.tls().isPresent(), grpc.service(), registrant, grpc.timeout())
          .thenApply(GuardedChecker::healthOf);
    }
    Liveness.TcpCheck tcp = (Liveness.TcpCheck) check;
    return accepts(tcp.address(), registrant, tcp.timeout())
        .thenApply(accepted -> accepted ? Health.PASSING : Health.CRITICAL);
  }

  private static boolean isServed(Liveness.Check check) {
    if (check instanceof Liveness.GrpcCheck grpc) {
      return grpc.tls().orElse(Liveness.Tls.DEFAULT).equals(Liveness.Tls.DEFAULT);
    }
    return !(check instanceof Liveness.HttpCheck http) || http.tls().equals(Liveness.Tls.DEFAULT);
  }

  private static Health healthOf(Reply reply) {
    if (reply.is(TOO_MANY_REQUESTS)) {
      return Health.WARNING;
    }
    return reply.status() / 100 == 2 ? Health.PASSING : Health.CRITICAL;
  }

  private final class Run implements Running {
    private final Liveness.Check check;
    private final CheckRequest request;
    private final InetAddress registrant;
    private final Consumer<Health> onResult;
    private boolean stopped;
    private Timer.@Nullable Scheduled following;

    Run(
        Liveness.Check check,
        CheckRequest request,
        InetAddress registrant,
        Consumer<Health> onResult) {
      this.check = check;
      this.request = request;
      this.registrant = registrant;
      this.onResult = onResult;
    }

    void next() {
      if (isStopped()) {
        return;
      }
      long began = timer.nanoTime();
      var unused = ask(check, request, registrant).thenAccept(health -> deliver(health, began));
    }

    private void deliver(Health health, long began) {
      if (isStopped()) {
        return;
      }
      try {
        onResult.accept(health);
      } catch (Throwable thrown) {
        LOG.error("a receiver of health checks threw", thrown);
      }
      double spread = 1 + JITTER * (2 * ThreadLocalRandom.current().nextDouble() - 1);
      long due = began + (long) (check.interval().toNanos() * spread);
      Timer.Scheduled scheduled =
          timer.schedule(this::next, Duration.ofNanos(Math.max(0, due - timer.nanoTime())));
      synchronized (this) {
        following = scheduled;
        if (!stopped) {
          return;
        }
      }
      scheduled.cancel();
    }

    private synchronized boolean isStopped() {
      return stopped;
    }

    @Override
    public void stop() {
      Timer.Scheduled next;
      synchronized (this) {
        stopped = true;
        next = following;
      }
      runs.remove(this);
      if (next != null) {
        next.cancel();
      }
    }
  }
}
