package consumer;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.Subscription;
import dev.rollcall.kv.KeyValueStore;
import java.security.CodeSource;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What every consumer runs: it registers with a TTL of 3 s, watches itself, updates, writes and
 * reads a key, stands for a while, drains and closes. Prints the libraries of its own class path
 * that Rollcall's stores are reached by in other builds, then one line with the result.
 */
public final class Program {
  private static final long PATIENCE_SECONDS = 20;

  /** One class of each library; what its jar is called tells its version. */
  private static final List<String> WIRES =
      List.of(
          "io.etcd.jetcd.Client",
          "io.vertx.core.Vertx",
          "io.grpc.ManagedChannel",
          "io.netty.util.Version",
          "com.google.protobuf.Message",
          "com.orbitz.consul.Consul",
          "okhttp3.OkHttpClient",
          "okio.Okio",
          "retrofit2.Retrofit",
          "kotlin.Unit",
          "com.fasterxml.jackson.core.JsonFactory",
          "com.fasterxml.jackson.databind.ObjectMapper");

  private Program() {}

  /** Takes the URIs of the registry and of the keys, the service's name, and how long to stand. */
  public static void main(String[] args) {
    if (!run(args)) {
      System.exit(1);
    }
    // Ends by itself: a thread that Rollcall left behind would hold the process.
  }

  /** For the frameworks' own main classes. */
  public static boolean run(String... args) {
    System.out.println("WIRES " + wires());
    Stalls stalls = new Stalls();
    Queue<State> states = new ConcurrentLinkedQueue<>();
    try {
      String value = stay(args[0], args[1], args[2], Duration.parse(args[3]), states);
      System.out.println("RESULT lost=" + lost(states) + " states=" + states + " value=" + value);
      return true;
    } catch (Throwable failure) {
      failure.printStackTrace();
      System.out.println("RESULT lost=" + lost(states) + " states=" + states + " " + failure);
      return false;
    } finally {
      stalls.end();
    }
  }

  private static long lost(Queue<State> states) {
    return states.stream().filter(state -> state == State.LOST).count();
  }

  private static String stay(
      String registryUri, String keysUri, String name, Duration stand, Queue<State> states)
      throws Exception {
    CountDownLatch added = new CountDownLatch(1);
    CountDownLatch updated = new CountDownLatch(1);
    CountDownLatch removed = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    try (Registry registry = Registry.open(registryUri);
        KeyValueStore config = KeyValueStore.open(keysUri)) {
      warm(registry, name + "-first");
      ServiceInstance first =
          ServiceInstance.builder(name)
              .id(name + "-1")
              .address("127.0.0.1", 8080)
              .tag("v1")
              .build();
      ServiceView view = registry.service(name);
      Subscription watching =
          view.watch(
              change -> {
                List<ServiceInstance> now = change.now().instances();
                if (now.isEmpty()) {
                  if (!change.removed().isEmpty()) {
                    removed.countDown();
                  }
                } else if (now.get(0).tags().contains("v2")) {
                  updated.countDown();
                } else {
                  added.countDown();
                }
              });
      Registration self =
          registry
              .register(first, Liveness.heartbeat(Duration.ofSeconds(3)))
              .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      self.onState(
          state -> {
            states.add(state);
            System.out.println(System.currentTimeMillis() + " " + state);
            if (state == State.CLOSED) {
              closed.countDown();
            }
          });
      await(added, "the registration in the watch");
      self.update(first.toBuilder().tag("v2").build()).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      await(updated, "the update in the watch");

      config.put("greeting", "hello").get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      String value =
          config.get("greeting").get(PATIENCE_SECONDS, TimeUnit.SECONDS).orElseThrow().text();
      config.delete("greeting").get(PATIENCE_SECONDS, TimeUnit.SECONDS);

      Thread.sleep(stand.toMillis());

      self.drain(Duration.ofMillis(200)).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      await(removed, "the departure in the watch");
      await(closed, "the end of the registration");
      watching.close();
      return value;
    }
  }

  /**
   * Has a registration with time to spare renewed once: the first call of a JVM that has just
   * started, on a busy machine, may take longer than the TTL that is tested, and is rightly lost.
   */
  private static void warm(Registry registry, String name) throws Exception {
    Duration ttl = Duration.ofSeconds(9);
    Registration first =
        registry
            .register(
                ServiceInstance.builder(name).id(name).address("127.0.0.1", 8080).build(),
                Liveness.heartbeat(ttl))
            .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    Thread.sleep(ttl.toMillis() / 2); // a renewal comes after a third
    first.deregister().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private static void await(CountDownLatch event, String what) throws InterruptedException {
    if (!event.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException(what + ": not within " + PATIENCE_SECONDS + " s");
    }
  }

  private static String wires() {
    StringBuilder found = new StringBuilder();
    for (String name : WIRES) {
      try {
        Class<?> type = Class.forName(name, false, Program.class.getClassLoader());
        found.append(found.length() == 0 ? "" : " ").append(jar(type));
      } catch (ClassNotFoundException absent) {
        // Not of this consumer's class path.
      }
    }
    return found.length() == 0 ? "none" : found.toString();
  }

  private static String jar(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    String location = source == null ? "" : String.valueOf(source.getLocation());
    Matcher name = Pattern.compile("([^/]+)\\.jar(?!.*\\.jar)").matcher(location);
    return name.find() ? name.group(1) : type.getName();
  }

  /**
   * Says for how long this process got no processor: one that hangs for its TTL is rightly lost.
   */
  private static final class Stalls {
    private static final long TICK_MILLIS = 50;

    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread watcher = new Thread(this::watch, "stalls");

    Stalls() {
      watcher.setDaemon(true);
      watcher.start();
    }

    private void watch() {
      long longest = 0;
      long before = System.nanoTime();
      try {
        while (!ended.await(TICK_MILLIS, TimeUnit.MILLISECONDS)) {
          long now = System.nanoTime();
          longest = Math.max(longest, TimeUnit.NANOSECONDS.toMillis(now - before) - TICK_MILLIS);
          before = now;
        }
      } catch (InterruptedException nobodyDoesThat) {
        Thread.currentThread().interrupt();
      }
      System.out.println("STALL " + longest + " ms at most");
    }

    void end() {
      ended.countDown();
      try {
        watcher.join();
      } catch (InterruptedException nobodyDoesThat) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
