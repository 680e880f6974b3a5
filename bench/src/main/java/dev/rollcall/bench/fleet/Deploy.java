package dev.rollcall.bench.fleet;

import dev.rollcall.Change;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.testkit.server.TestServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A service whose instances are replaced one by one while many clients watch it, each with
 * connections of its own, all in one JVM. The next is replaced when all clients have seen the one
 * before: a new instance is registered, and the old one deregistered. So that a list that is long
 * in coming is not asked for once more, clients wait for 30 s in place of 5. Where a whole deploy
 * would take longer than there is time, it is cut, and its cost is that of one replacement times
 * their number.
 */
final class Deploy {
  private static final int TIMES = 10;
  private static final String SERVICE = Instances.service(0);

  private static final long WARM_NANOS = TimeUnit.SECONDS.toNanos(4);

  private Deploy() {}

  static List<String> figures(Store store) {
    List<String> ids = new ArrayList<>();
    for (String size : List.of("few", "many")) {
      for (String what : List.of("p50", "p99", "store", "client", "bytes", "whole")) {
        ids.add(id(store, size) + what);
      }
    }
    return ids;
  }

  private static String id(Store store, String size) {
    return "deploy." + store.word() + "." + size + ".";
  }

  /** Measures on the store that is given, {@code full} or {@code quick}. */
  public static void main(String[] args) throws Exception {
    Store store = Store.of(args[0]);
    boolean quick = args[1].equals("quick");
    // An agent of Consul sends the whole list to everybody, and takes the longer for a registration
    // the more it has: what etcd does in seconds takes it minutes.
    int few = store == Store.ETCD ? 100 : 20;
    int clients = store == Store.ETCD ? 200 : 50;
    long budgetNanos = TimeUnit.SECONDS.toNanos(quick ? 4 : 18);
    run(store, "few", few, quick ? clients / 5 : clients, budgetNanos);
    run(store, "many", few * TIMES, quick ? clients / 5 : clients, budgetNanos);
    System.exit(0);
  }

  private static void run(Store store, String name, int size, int clients, long budgetNanos)
      throws Exception {
    List<Registry> watching = new ArrayList<>();
    try (TestServer server = store.launch();
        Wire wire = new Wire(server);
        Registry seeder = Registry.open(store.uri(Store.address(server)))) {
      List<Registration> old = new ArrayList<>();
      for (int i = 0; i < size; i++) {
        old.add(seeder.register(instance(i), Liveness.permanent()).join());
      }
      Replacements replacements = new Replacements();
      for (int i = 0; i < clients; i++) {
        Registry registry = Registry.open(store.uri(wire.address()) + "?timeout=30s");
        watching.add(registry);
        registry.service(SERVICE).watch(replacements::saw);
        registry.service(SERVICE).await(Duration.ofSeconds(60)); // one after the other: no herd
      }
      List<Long> took = new ArrayList<>();
      long began = 0;
      double storeCpu = 0;
      double ownCpu = 0;
      Wire.Traffic before = wire.traffic();
      boolean counts = false;
      int warm = size / 20; // not counted: code is compiled, and connections find their pace
      long warmUntil = System.nanoTime() + WARM_NANOS;
      for (int i = 0; i < size; i++) {
        if (!counts && (i == warm || System.nanoTime() - warmUntil > 0)) {
          counts = true;
          before = wire.traffic();
          storeCpu = Cpu.of(server.pid());
          ownCpu = Cpu.own();
          began = System.nanoTime();
        } else if (counts && System.nanoTime() - began > budgetNanos) {
          break;
        }
        seeder.register(instance(size + i), Liveness.permanent()).join();
        CountDownLatch all = replacements.next(instance(i).id(), clients);
        long from = System.nanoTime();
        old.get(i).deregister().join();
        if (!all.await(2, TimeUnit.MINUTES)) {
          throw new IllegalStateException(all.getCount() + " clients have not seen change " + i);
        }
        if (counts) {
          took.add(System.nanoTime() - from);
        }
      }
      double seconds = (System.nanoTime() - began) / 1e9;
      Wire.Traffic moved = wire.traffic().since(before);
      double theirs = Cpu.of(server.pid()) - storeCpu;
      double ours = Cpu.own() - ownCpu;
      String label =
          String.format(
              Locale.ROOT, "%s, deploy of %,d before %d clients", store.title(), size, clients);
      int counted = took.size();
      long[] nanos = took.stream().mapToLong(Long::longValue).sorted().toArray();
      String id = id(store, name);
      Figure.print(id + "p50", quantile(nanos, 0.5) / 1e6, "ms", label + ": all have seen, p50");
      Figure.print(id + "p99", quantile(nanos, 0.99) / 1e6, "ms", label + ": all have seen, p99");
      Figure.print(
          id + "store", theirs * 1e3 / counted, "ms CPU", label + ": the store, a replacement");
      Figure.print(
          id + "client",
          ours * 1e6 / counted / clients,
          "µs CPU",
          label + ": a client, a replacement");
      Figure.print(
          id + "bytes",
          (double) moved.bytes() / counted / clients,
          "B",
          label + ": bytes a client and replacement");
      Figure.print(
          id + "whole", seconds / counted * size, "s", label + ": the whole, all having seen each");
    } finally {
      watching.forEach(Registry::close);
    }
  }

  static long quantile(long[] sorted, double share) {
    return sorted[(int) Math.min(sorted.length - 1L, (long) (sorted.length * share))];
  }

  private static ServiceInstance instance(int number) {
    return Instances.of(SERVICE, number, 8080);
  }

  /**
   * Which instance goes, and how many clients have yet to see that. The writer sets both before it
   * goes.
   */
  private static final class Replacements {
    private volatile Going going = new Going("", new CountDownLatch(0));

    CountDownLatch next(String id, int clients) {
      CountDownLatch all = new CountDownLatch(clients);
      going = new Going(id, all);
      return all;
    }

    void saw(Change change) {
      Going now = going;
      for (ServiceInstance gone : change.removed()) {
        if (gone.id().equals(now.id())) {
          now.all().countDown();
        }
      }
    }

    private record Going(String id, CountDownLatch all) {}
  }
}
