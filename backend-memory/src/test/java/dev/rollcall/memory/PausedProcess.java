package dev.rollcall.memory;

import static dev.rollcall.memory.Fixture.get;
import static dev.rollcall.memory.Fixture.instance;
import static dev.rollcall.memory.Fixture.owner;
import static dev.rollcall.memory.Fixture.register;

import dev.rollcall.Liveness;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.SystemTimer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A process with a store and a few instances that renew their leases three times a TTL. Says
 * "ready", and how many leases have ended when its input does.
 */
final class PausedProcess {
  static final Duration TTL = Duration.ofSeconds(1);

  private PausedProcess() {}

  public static void main(String[] arguments) throws IOException {
    Timer heartbeats = SystemTimer.named("heartbeats");
    RegistryBackend backend =
        MemoryStore.builder(SystemTimer.named("store")).withoutGuard().build().open();
    AtomicInteger ended = new AtomicInteger();
    List<Lease> leases = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      leases.add(
          register(
              backend,
              instance("orders", "i" + i),
              Liveness.heartbeat(TTL),
              owner("o" + i),
              end -> ended.incrementAndGet()));
    }
    beat(heartbeats, leases);
    System.out.println("ready");
    int read = System.in.read();
    while (read >= 0) {
      read = System.in.read();
    }
    System.out.println("ended " + ended);
  }

  private static void beat(Timer timer, List<Lease> leases) {
    for (Lease lease : leases) {
      if (!lease.renew().toCompletableFuture().isCompletedExceptionally()) {
        get(lease.renew());
      }
    }
    timer.schedule(() -> beat(timer, leases), TTL.dividedBy(3));
  }
}
