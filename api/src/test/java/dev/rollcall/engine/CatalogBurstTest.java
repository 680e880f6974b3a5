package dev.rollcall.engine;

import static dev.rollcall.Samples.instanceOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Change;
import dev.rollcall.Registry;
import dev.rollcall.spi.InstanceEvent;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Changes that come while a listener to the catalog is given earlier ones. */
class CatalogBurstTest {
  private static final int SERVICES = 500;
  private static final int CHANGES = 200_000;

  @Test
  void changesOfAService_followEachOther_andNoneIsLeftOut() {
    ScriptedBackend backend = new ScriptedBackend();
    try (Registry registry =
        Registry.builder(backend).massLossProtection(1, Duration.ofMinutes(5)).build()) {
      Map<String, Integer> told = new ConcurrentHashMap<>(); // how many, by service
      AtomicReference<String> gap = new AtomicReference<>();
      var listening =
          registry
              .catalog()
              .watch(
                  change -> {
                    for (Change each : change.changes().values()) {
                      int before = told.getOrDefault(each.service(), 0);
                      if (each.before().all().size() != before) {
                        gap.compareAndSet(null, each + " after " + before + " instances");
                      }
                      told.put(each.service(), each.now().all().size());
                    }
                  });
      ScriptedBackend.Opened watch = backend.lastWatch();
      watch.load();
      int[] sizes = new int[SERVICES];
      for (int n = 0; n < CHANGES; n++) {
        int service = n % SERVICES;
        if (sizes[service] == 20) {
          watch.sink.remove(
              instanceOf("s" + service, "i0").key(), InstanceEvent.Departure.DEREGISTERED, n + 2);
          sizes[service]--;
        } else {
          String id = sizes[service] == 19 ? "i0" : "i" + (sizes[service] + 1);
          watch.sink.apply(List.of(new InstanceEvent.Put(instanceOf("s" + service, id))), n + 2);
          sizes[service]++;
        }
      }
      await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(
              () -> {
                for (int service = 0; service < SERVICES; service++) {
                  assertThat(told).containsEntry("s" + service, sizes[service]);
                }
              });
      assertThat(gap).hasValue(null);
      listening.close();
    }
  }
}
