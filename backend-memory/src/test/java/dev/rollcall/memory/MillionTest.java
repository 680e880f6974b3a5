package dev.rollcall.memory;

import static dev.rollcall.memory.Fixture.get;
import static dev.rollcall.memory.Fixture.instance;
import static dev.rollcall.memory.Fixture.passing;
import static dev.rollcall.memory.Fixture.register;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.SystemTimer;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A million instances of ten thousand services in one store, in real time. Needs 2 GB of heap. */
@Tag("long")
class MillionTest {
  private static final int COUNT = 1_000_000;
  private static final int SERVICES = 10_000;
  private static final Liveness HEARTBEAT = Liveness.heartbeat(Duration.ofSeconds(20));
  private static final int SECONDS = 60;
  private static final int SLICES = 100;

  @Test
  void aMillionInstances_renewedAtTenPercentASecond_allLive() throws InterruptedException {
    AtomicInteger ended = new AtomicInteger();
    LeaseListener listener = end -> ended.incrementAndGet();
    ServiceInstance[] instances = new ServiceInstance[COUNT];
    Lease[] leases = new Lease[COUNT];
    for (int i = 0; i < COUNT; i++) {
      instances[i] = instance("service-" + i % SERVICES, "i" + i);
    }
    try (Timer timer = SystemTimer.named("million");
        MemoryStore store = MemoryStore.create(timer)) {
      RegistryBackend backend = store.open();
      long before = heap();
      long began = System.nanoTime();
      for (int i = 0; i < COUNT; i++) {
        Owner owner = new Owner(UUID.randomUUID().toString(), 1);
        leases[i] = register(backend, instances[i], HEARTBEAT, owner, listener);
      }
      long registered = System.nanoTime() - began;
      System.out.printf(
          "a million instances: %d registrations a second, %d B of heap each, owner included%n",
          COUNT * 1_000_000_000L / registered, (heap() - before) / COUNT);

      AtomicBoolean over = new AtomicBoolean();
      AtomicLong lookups = new AtomicLong();
      AtomicLong blocked = new AtomicLong();
      try (Registry registry = Registry.builder(store.open()).timer(timer).build()) {
        ServiceView[] views = new ServiceView[SERVICES];
        for (int i = 0; i < SERVICES; i++) {
          views[i] = registry.service("service-" + i);
          views[i].await(Duration.ofSeconds(10));
        }
        Thread reader = new Thread(() -> lookUp(views, over, lookups, blocked));
        reader.start();
        renewSpread(leases);
        over.set(true);
        reader.join();
      }

      System.out.printf(
          "%d look-ups a second meanwhile on one thread, which was blocked %d times%n",
          lookups.get() / SECONDS, blocked.get());
      assertThat(lookups.get()).as("0 where a look-up went wrong").isPositive();
      assertThat(blocked).hasValue(0);
      assertThat(ended).hasValue(0);
      assertThat(passing(backend)).isEqualTo(COUNT);
      System.out.printf(
          "renewals a second on one thread: %.1f M over a million leases, %.1f M over a thousand%n",
          rate(leases, COUNT, 3_000_000), rate(leases, 1000, 30_000_000));
    }
  }

  private static void renewSpread(Lease[] leases) {
    int aSlice = COUNT / 10 / SLICES;
    int next = 0;
    long began = System.nanoTime();
    for (int slice = 0; slice < SECONDS * SLICES; slice++) {
      for (int i = 0; i < aSlice; i++) {
        get(leases[next].renew());
        next = (next + 1) % COUNT;
      }
      long due = began + (slice + 1) * (1_000_000_000L / SLICES);
      while (System.nanoTime() < due) {
        LockSupport.parkNanos(due - System.nanoTime());
      }
    }
  }

  private static void lookUp(
      ServiceView[] views, AtomicBoolean over, AtomicLong lookups, AtomicLong blocked) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    long count = 0;
    while (!over.get()) {
      ServiceView view = views[random.nextInt(SERVICES)];
      if (view.instances().size() != COUNT / SERVICES
          || !view.pick().service().equals(view.service())) {
        throw new AssertionError("a look-up in " + view.snapshot());
      }
      count++;
    }
    lookups.set(count);
    blocked.set(
        ManagementFactory.getThreadMXBean()
            .getThreadInfo(Thread.currentThread().getId())
            .getBlockedCount());
  }

  private static double rate(Lease[] leases, int over, int renewals) {
    for (int i = 0; i < renewals; i++) {
      leases[i % over].renew();
    }
    long began = System.nanoTime();
    int next = 0;
    for (int i = 0; i < renewals; i++) {
      leases[next].renew();
      next = next + 1 == over ? 0 : next + 1;
    }
    return renewals * 1000.0 / (System.nanoTime() - began);
  }

  private static long heap() {
    Runtime runtime = Runtime.getRuntime();
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
