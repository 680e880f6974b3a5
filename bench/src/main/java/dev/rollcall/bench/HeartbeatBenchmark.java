package dev.rollcall.bench;

import dev.rollcall.Liveness;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.BackendProviders;
import dev.rollcall.spi.support.SystemTimer;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** One renewal of one lease in the memory store. {@code ./rollcall bench heartbeat} */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class HeartbeatBenchmark {
  /** How many leases there are; they are renewed one after the other. */
  @Param("1000")
  int leases;

  private Timer timer;
  private RegistryBackend backend;
  private Lease[] held;
  private int at;

  /** Creates the benchmark. */
  public HeartbeatBenchmark() {}

  /** Registers the instances. */
  @Setup
  public void open() {
    timer = SystemTimer.named("heartbeat");
    backend = BackendProviders.open("memory:", timer);
    held = new Lease[leases];
    Liveness liveness = Liveness.heartbeat(Duration.ofHours(1));
    for (int i = 0; i < leases; i++) {
      held[i] =
          backend
              .register(
                  new RegisterRequest(
                      Fleet.instance(i / 100, i, 8080),
                      liveness,
                      new Owner("owner-" + i, 1),
                      RegisterRequest.Claim.TAKE_OVER),
                  end -> {})
              .toCompletableFuture()
              .join();
    }
  }

  /** Closes the store. */
  @TearDown
  public void close() {
    backend.close();
    timer.close();
  }

  /** One renewal. */
  @Benchmark
  public CompletionStage<Void> renew() {
    int now = at + 1;
    at = now == leases ? 0 : now;
    return held[at].renew();
  }
}
