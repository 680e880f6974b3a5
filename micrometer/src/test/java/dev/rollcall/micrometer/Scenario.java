package dev.rollcall.micrometer;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Liveness;
import dev.rollcall.NoInstanceException;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** A life in which everything happens that can without a fault of the store. */
final class Scenario {
  static final String SERVICE = "orders";

  private Scenario() {}

  static ServiceInstance instance(String id, int port) {
    return ServiceInstance.builder(SERVICE).id(id).address("127.0.0.1", port).build();
  }

  static void live(Registry registry, MeterRegistry meters) {
    Liveness heartbeat = Liveness.heartbeat(Duration.ofSeconds(1));
    Registration first = registry.register(instance("a", 8080), heartbeat).join();
    Registration second = registry.register(instance("b", 8081), heartbeat).join();
    ServiceView view = registry.service(SERVICE);
    view.await(Duration.ofSeconds(30));

    CountDownLatch end = new CountDownLatch(1);
    view.watch(
        change -> {
          if (change.before().version() > 0) {
            throw new IllegalStateException("thrown on purpose");
          }
        });
    view.watch(
        change -> {
          if (change.before().version() > 0) {
            awaitEnd(end);
          }
        });
    view.watch(change -> {});
    await().until(() -> count(meters, "rollcall.listener.calls") >= 3);
    second.update(instance("b", 8082)).join();
    await().until(() -> count(meters, "rollcall.listener.slow") > 0);
    end.countDown();

    view.failed(view.pick());
    ServiceView nobody = registry.service("nobody");
    nobody.await(Duration.ofSeconds(30));
    assertThatThrownBy(nobody::pick).isInstanceOf(NoInstanceException.class);
    await().until(() -> count(meters, "rollcall.lookups.failed") > 0);
    await().until(() -> meters.find("rollcall.store.calls").tag("verb", "renew").timer() != null);
    first.close();
    await()
        .until(
            () ->
                meters.find("rollcall.registrations.events").tag("event", "deregistered").counter()
                    != null);
  }

  private static void awaitEnd(CountDownLatch end) {
    try {
      end.await();
    } catch (InterruptedException stop) {
      throw new IllegalStateException(stop);
    }
  }

  /** How often something was counted or timed, over all tags. */
  static double count(MeterRegistry meters, String name) {
    return meters.find(name).counters().stream().mapToDouble(it -> it.count()).sum()
        + meters.find(name).timers().stream().mapToDouble(it -> it.count()).sum();
  }
}
