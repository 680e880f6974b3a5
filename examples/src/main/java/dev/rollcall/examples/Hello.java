package dev.rollcall.examples;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import java.io.IOException;
import java.time.Duration;

/**
 * The first program: it registers itself, finds others that offer the same, tells of every change,
 * and leaves when its standard input ends or a signal ends it. {@code docs/getting-started.md}
 * walks through it.
 *
 * <p>Arguments: the store's URI.
 *
 * @since 0.1.0
 */
public final class Hello {
  private Hello() {}

  /**
   * Runs the program until its standard input ends, or has a line.
   *
   * @param args store
   * @throws IOException where standard input cannot be read
   */
  public static void main(String[] args) throws IOException {
    if (args.length != 1) {
      System.err.println("usage: hello STORE, such as etcd://127.0.0.1:2379");
      System.exit(2);
    }
    try (Registry registry = Registry.builder(args[0]).closeOnShutdown().build()) {
      ServiceInstance self = ServiceInstance.builder("hello").address("127.0.0.1", 8080).build();
      Registration registration =
          registry.register(self, Liveness.heartbeat(Duration.ofSeconds(10))).join();
      System.out.println("registered " + self.id());

      ServiceView hellos = registry.service("hello");
      hellos.await(Duration.ofSeconds(5));
      System.out.println("picked " + hellos.pick().id());

      hellos.watch(change -> System.out.println(change.now().instances().size() + " here"));
      System.in.read();

      registration.drain(Duration.ofMillis(500)).join();
      System.out.println("left");
    }
  }
}
