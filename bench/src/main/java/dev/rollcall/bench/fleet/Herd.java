package dev.rollcall.bench.fleet;

import dev.rollcall.Freshness;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceView;
import dev.rollcall.testkit.server.TestServer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Many processes with one registration each, of which each watches one of ten services: clients of
 * their own with connections of their own, in one JVM. First in silence, for what a lease costs;
 * then the store is killed, its data is gone, and after a while it comes back empty: all register
 * and list again.
 *
 * <p>It is calm again when everybody is registered, everybody's list is fresh and whole, and no
 * second has had more than twice as many messages as a silent one.
 */
final class Herd {
  private static final int SERVICES = 10;
  private static final int TTL_SECONDS = 10;
  private static final int STEPS_A_SECOND = 10;
  private static final long MOST_SECONDS = 90;

  private Herd() {}

  static List<String> figures(Store store) {
    List<String> ids = new ArrayList<>();
    for (String what :
        List.of("store", "client", "messages", "bytes", "calm", "peak", "spread", "lost")) {
      ids.add("herd." + store.word() + "." + what);
    }
    return ids;
  }

  /** Measures on the store that is given, {@code full} or {@code quick}. */
  public static void main(String[] args) throws Exception {
    Store store = Store.of(args[0]);
    boolean quick = args[1].equals("quick");
    int clients = quick ? 100 : 500;
    List<Member> members = new ArrayList<>();
    try (TestServer server = store.launch();
        Wire wire = new Wire(server)) {
      for (int i = 0; i < clients; i++) {
        members.add(new Member(Registry.open(store.uri(wire.address())), i));
      }
      await(members, clients);
      TimeUnit.SECONDS.sleep(2);
      String id = "herd." + store.word() + ".";
      String label =
          String.format(
              Locale.ROOT,
              "%s, %,d processes with a lease each, TTL %d s",
              store.title(),
              clients,
              TTL_SECONDS);
      double silent = silence(id, label, server, wire, clients, quick ? 5 : 10);

      members.forEach(member -> member.lost.set(0));
      server.kill();
      server.wipe();
      TimeUnit.SECONDS.sleep(quick ? 12 : 60);
      Rates rates = new Rates(wire);
      server.start();
      long back = System.nanoTime();
      await(members, clients);
      long registered = System.nanoTime();
      TimeUnit.SECONDS.sleep(TTL_SECONDS + 2); // who loses it again does so by then
      rates.end();
      double calm = Math.max((registered - back) / 1e9, rates.lastAbove(2 * silent, back));
      Figure.print(id + "calm", calm, "s", label + ": until it is calm after the store is back");
      Figure.print(
          id + "peak", rates.peak(), "messages", label + ": the most in one second, store back");
      Figure.print(
          id + "spread",
          rates.peak() / Math.max(1, silent),
          "× silence",
          label + ": the most in one second");
      Figure.print(
          id + "lost",
          members.stream().mapToInt(member -> member.lost.get()).max().orElse(0),
          "times",
          label + ": LOST, the most of one");
    } finally {
      List<CompletableFuture<Void>> closing =
          members.stream().map(member -> member.registry.closeAsync()).toList();
      closing.forEach(
          one -> one.orTimeout(20, TimeUnit.SECONDS).exceptionally(late -> null).join());
    }
    System.exit(0);
  }

  private static double silence(
      String id, String label, TestServer server, Wire wire, int clients, int seconds)
      throws InterruptedException {
    double storeCpu = Cpu.of(server.pid());
    double ownCpu = Cpu.own();
    Wire.Traffic before = wire.traffic();
    TimeUnit.SECONDS.sleep(seconds);
    Wire.Traffic moved = wire.traffic().since(before);
    double scale = 1e6 / clients / moved.seconds();
    Figure.print(
        id + "store",
        (Cpu.of(server.pid()) - storeCpu) * scale,
        "µs CPU",
        label + ": the store, a process and second");
    Figure.print(
        id + "client", (Cpu.own() - ownCpu) * scale, "µs CPU", label + ": a process, a second");
    Figure.print(
        id + "messages",
        moved.messages() / moved.seconds(),
        "a second",
        label + ": messages to the store");
    Figure.print(
        id + "bytes",
        moved.bytes() / moved.seconds() / clients,
        "B",
        label + ": bytes a process and second");
    Figure.print(
        id + "connections",
        moved.connections(),
        "connections",
        label + ": connections to the store");
    return moved.messages() / moved.seconds();
  }

  private static void await(List<Member> members, int clients) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(MOST_SECONDS);
    for (Member member : members) {
      while (!member.isCalm(clients / SERVICES)) {
        if (System.nanoTime() - end > 0) {
          throw new IllegalStateException(
              members.stream().filter(one -> !one.isCalm(clients / SERVICES)).count()
                  + " clients are not there; one of them: "
                  + member);
        }
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
  }

  /** One process. */
  private static final class Member {
    private final Registry registry;
    private final ServiceView view;
    private final Registration registration;
    private final AtomicInteger lost = new AtomicInteger();

    Member(Registry registry, int number) {
      this.registry = registry;
      String service = Instances.service(number % SERVICES);
      registration =
          registry.announce(
              Instances.of(service, number, 8080),
              Liveness.heartbeat(Duration.ofSeconds(TTL_SECONDS)));
      registration.onState(
          state -> {
            if (state == Registration.State.LOST) {
              lost.incrementAndGet();
            }
          });
      view = registry.service(service);
      view.watch(change -> {});
    }

    boolean isCalm(int instances) {
      return registration.state() == Registration.State.ACTIVE
          && view.snapshot().freshness() instanceof Freshness.Live
          && view.instances().size() == instances;
    }

    @Override
    public String toString() {
      return registration.status()
          + ", "
          + view.snapshot().freshness()
          + ", "
          + view.instances().size()
          + " instances";
    }
  }

  /** The messages of each tenth of a second, taken by a thread of its own until it is closed. */
  private static final class Rates {
    private final Wire wire;
    private final List<Wire.Traffic> steps = new ArrayList<>();
    private final Thread thread = new Thread(this::run, "herd-rates");
    private volatile boolean over;

    Rates(Wire wire) {
      this.wire = wire;
      thread.setDaemon(true);
      thread.start();
    }

    private void run() {
      while (!over) {
        steps.add(wire.traffic());
        try {
          TimeUnit.MILLISECONDS.sleep(1000 / STEPS_A_SECOND);
        } catch (InterruptedException ended) {
          return;
        }
      }
    }

    void end() throws InterruptedException {
      over = true;
      thread.join();
    }

    double peak() {
      return seconds().stream().mapToDouble(Wire.Traffic::messages).max().orElse(0);
    }

    /** Returns the seconds from a time until the end of the last second with more than so many. */
    double lastAbove(double messages, long fromNanos) {
      double last = 0;
      for (Wire.Traffic second : seconds()) {
        if (second.messages() > messages) {
          last = (second.nanos() - fromNanos) / 1e9;
        }
      }
      return last;
    }

    /** What each second has had, of those that begin at each step; its time is that of its end. */
    private List<Wire.Traffic> seconds() {
      List<Wire.Traffic> seconds = new ArrayList<>();
      Deque<Wire.Traffic> window = new ArrayDeque<>();
      for (Wire.Traffic step : steps) {
        window.add(step);
        if (window.size() > STEPS_A_SECOND) {
          Wire.Traffic first = window.removeFirst();
          seconds.add(
              new Wire.Traffic(
                  step.nanos(),
                  step.bytes() - first.bytes(),
                  step.messages() - first.messages(),
                  step.connections()));
        }
      }
      return seconds;
    }
  }
}
