package consumer;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Shows in a registry what stands in another place, as long as this is open. */
final class Mirror implements AutoCloseable {
  private static final Liveness ALIVE = Liveness.heartbeat(Duration.ofSeconds(30));

  private final Registry registry;
  private final Map<String, CompletableFuture<Registration>> shown = new HashMap<>();

  Mirror(Registry registry) {
    this.registry = registry;
  }

  /**
   * Takes the complete state, by id, again and again. Leaves alone whoever has registered there by
   * himself: an exclusive registration gives way to him.
   */
  synchronized void show(Map<String, ServiceInstance> now) {
    now.forEach(
        (id, instance) -> {
          CompletableFuture<Registration> known = shown.get(id);
          if (known == null || known.isCompletedExceptionally()) {
            shown.put(id, registry.registerExclusive(instance, ALIVE));
          } else {
            known.thenAccept(registration -> update(registration, instance));
          }
        });
    shown.entrySet().removeIf(each -> !now.containsKey(each.getKey()) && leave(each.getValue()));
  }

  private static void update(Registration known, ServiceInstance now) {
    if (!known.instance().equals(now)) {
      known.update(now);
    }
  }

  private static boolean leave(CompletableFuture<Registration> gone) {
    gone.thenCompose(Registration::deregister);
    return true;
  }

  @Override
  public synchronized void close() {
    shown.values().forEach(Mirror::leave);
    shown.clear();
  }
}
