package dev.rollcall.bench.fleet;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.testkit.server.TestServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What an idle process that is registered once and watches 10 or 2,000 services sends and gets in
 * an hour, without a change and with 100 of them: Rollcall, and the store's client doing the same.
 *
 * <p>All four are measured at once, each on a line of its own, first in silence and then with some
 * changes. Silence repeats itself within seconds (renewals, blocking queries, pings), so an hour is
 * the window times what is missing to an hour; a change costs what the second window has more than
 * as long a silence has, by the number of changes. A client that has something to do more rarely
 * than the window is long is not seen doing it.
 */
final class IdleHour {
  private static final List<Integer> SIZES = List.of(10, 2_000);
  private static final List<String> WHO = List.of("raw", "rollcall");
  private static final int CHANGES_AN_HOUR = 100;
  private static final double HOUR_SECONDS = 3600;

  private IdleHour() {}

  static List<String> figures(Store store) {
    List<String> ids = new ArrayList<>();
    for (int size : SIZES) {
      for (String who : WHO) {
        for (String what :
            List.of(".bytes", ".messages", ".changing.bytes", ".changing.messages")) {
          ids.add(id(store, size, who) + what);
        }
      }
    }
    return ids;
  }

  private static String id(Store store, int size, String who) {
    return "idle." + store.word() + "." + size + "." + who;
  }

  /** Measures on the store that is given, {@code full} or {@code quick}. */
  public static void main(String[] args) throws Exception {
    Store store = Store.of(args[0]);
    boolean quick = args[1].equals("quick");
    try (TestServer server = store.launch();
        Registry seeder = Registry.open(store.uri(Store.address(server)))) {
      List<Registration> seeded = new ArrayList<>();
      for (int i = 0; i < SIZES.get(SIZES.size() - 1); i++) {
        seeded.add(
            seeder
                .register(Instances.of(Instances.service(i), i, 8080), Liveness.permanent())
                .join());
      }
      Map<String, Wire> wires = new LinkedHashMap<>();
      List<AutoCloseable> clients = new ArrayList<>();
      for (int size : SIZES) {
        for (String who : WHO) {
          Wire wire = new Wire(server);
          wires.put(id(store, size, who), wire);
          clients.add(
              who.equals("raw")
                  ? RawClient.open(store, wire.address(), size)
                  : rollcall(store.uri(wire.address()), size));
        }
      }
      TimeUnit.SECONDS.sleep(quick ? 3 : 8); // until all first answers have come and gone
      Map<String, Wire.Traffic> silence =
          window(wires, () -> TimeUnit.SECONDS.sleep(quick ? 9 : 24));
      int changes = quick ? 6 : 12;
      Map<String, Wire.Traffic> busy = window(wires, () -> change(seeded, changes));
      for (Map.Entry<String, Wire.Traffic> entry : silence.entrySet()) {
        print(store, entry.getKey(), entry.getValue(), busy.get(entry.getKey()), changes);
      }
    }
    System.exit(0);
  }

  private static void print(
      Store store, String id, Wire.Traffic silence, Wire.Traffic busy, int changes) {
    String[] parts = id.split("\\.");
    String label =
        String.format(
            Locale.ROOT,
            "%s, an hour of %,d services, %s",
            store.title(),
            Integer.parseInt(parts[2]),
            parts[3].equals("raw") ? "the store's client" : "Rollcall");
    double bytes = anHour(silence.bytes(), silence.seconds());
    double messages = anHour(silence.messages(), silence.seconds());
    Figure.print(id + ".bytes", bytes / 1e6, "MB", label + ", idle");
    Figure.print(id + ".messages", messages, "messages", label + ", idle");
    double bytesAChange = aChange(busy.bytes(), busy.seconds(), bytes, changes);
    double messagesAChange = aChange(busy.messages(), busy.seconds(), messages, changes);
    Figure.print(
        id + ".changing.bytes",
        (bytes + CHANGES_AN_HOUR * bytesAChange) / 1e6,
        "MB",
        label + ", 100 changes");
    Figure.print(
        id + ".changing.messages",
        messages + CHANGES_AN_HOUR * messagesAChange,
        "messages",
        label + ", 100 changes");
    Figure.print(id + ".change", bytesAChange, "B", label + ", one change");
  }

  static double anHour(double count, double seconds) {
    return count * HOUR_SECONDS / seconds;
  }

  /**
   * What a change has cost, at least nothing, in a window that had its share of an idle hour too.
   */
  static double aChange(double count, double seconds, double idleHour, int changes) {
    return Math.max(0, (count - idleHour * seconds / HOUR_SECONDS) / changes);
  }

  private static Registry rollcall(String uri, int services) {
    Registry registry = Registry.open(uri);
    registry
        .register(
            Instances.of("own", services, 8080),
            Liveness.heartbeat(Duration.ofSeconds(RawClient.TTL_SECONDS)))
        .join();
    for (int i = 0; i < services; i++) {
      registry.service(Instances.service(i)).watch(change -> {});
    }
    for (int i = 0; i < services; i++) {
      registry.service(Instances.service(i)).await(Duration.ofSeconds(60));
    }
    return registry;
  }

  private static void change(List<Registration> seeded, int changes) throws InterruptedException {
    for (int i = 0; i < changes; i++) {
      Registration one = seeded.get(i % SIZES.get(0));
      one.update(one.instance().toBuilder().address("10.1.0.1", 9000 + i).build()).join();
      TimeUnit.MILLISECONDS.sleep(600);
    }
    TimeUnit.SECONDS.sleep(2); // what follows a change belongs to it
  }

  private static Map<String, Wire.Traffic> window(Map<String, Wire> wires, Window window)
      throws InterruptedException {
    Map<String, Wire.Traffic> before = new LinkedHashMap<>();
    wires.forEach((id, wire) -> before.put(id, wire.traffic()));
    window.pass();
    Map<String, Wire.Traffic> after = new LinkedHashMap<>();
    wires.forEach((id, wire) -> after.put(id, wire.traffic().since(before.get(id))));
    return after;
  }

  private interface Window {
    void pass() throws InterruptedException;
  }
}
