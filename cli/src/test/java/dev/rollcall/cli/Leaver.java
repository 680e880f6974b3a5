package dev.rollcall.cli;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/**
 * A program that relies on {@code closeOnShutdown()}, in the ways in which programs end.
 *
 * <p>Arguments: the store, the seconds of the lease, and how the program ends.
 */
final class Leaver {
  private Leaver() {}

  public static void main(String[] args) throws InterruptedException {
    String store = args[0];
    Liveness alive = Liveness.heartbeat(Duration.ofSeconds(Long.parseLong(args[1])));
    Registry registry = Registry.builder(store).closeOnShutdown().build();
    Registration registration = registry.register(instance(1), alive).join();
    switch (args[2]) {
      case "signal" -> {}
      case "own-hook" ->
          Runtime.getRuntime().addShutdownHook(new Thread(registry::close, "own-hook"));
      case "two-registries" -> {
        Registry second = Registry.builder(store).closeOnShutdown().build();
        second.register(instance(2), alive).join();
      }
      case "closed-before" -> {
        registry.close();
        registry = Registry.open(store);
        registry.register(instance(1), alive).join();
      }
      case "late" ->
          Runtime.getRuntime().addShutdownHook(new Thread(() -> openLate(store), "late"));
      case "exit-while-closing" -> {
        registration.onState(
            state -> {
              if (state == State.CLOSED) {
                System.exit(0);
              }
            });
        registry.close();
      }
      case "exit-in-listener" -> registry.service("orders").watch(change -> System.exit(0));
      case "end" -> {
        System.out.println("registered");
        return;
      }
      default -> throw new IllegalArgumentException(args[2]);
    }
    System.out.println("registered");
    new CountDownLatch(1).await();
  }

  private static void openLate(String store) {
    try {
      Registry.builder(store).closeOnShutdown().build();
    } catch (IllegalStateException refused) {
      System.out.println(refused.getMessage());
    }
    Registry.open(store).close(); // without a hook it works
    System.out.println("opened and closed");
  }

  private static ServiceInstance instance(int number) {
    return ServiceInstance.builder("orders").id("o" + number).address("127.0.0.1", 1).build();
  }
}
