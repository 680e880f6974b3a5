package dev.rollcall.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The goal table, as it stands in {@code docs/benchmarks.md}. */
final class Goals {
  /** JMH's figure for a method that allocates nothing is a little above zero. */
  private static final double NOTHING = 0.05;

  private static final double PROMISED_MILLIS = 50;
  private static final double NANOS_A_RENEWAL = 100;

  private Goals() {}

  static List<Goal> table() {
    List<Goal> table = new ArrayList<>();
    String map = "× ConcurrentHashMap.get";
    table.add(ratio("list by name", "lookup", map, 1.2, "list.rollcall.1t", "list.map.1t"));
    table.add(bytes("list by name, bytes", "lookup", "list.rollcall.1t"));
    table.add(
        ratio(
            "list by name, observed",
            "lookup",
            "× without an observer",
            1.02,
            "list.rollcall.observed.1t",
            "list.rollcall.1t"));
    table.add(bytes("list by name, observed, bytes", "lookup", "list.rollcall.observed.1t"));
    table.add(
        ratio(
            "list by name, 2 threads",
            "lookup",
            "× 1 thread",
            1.05,
            "list.rollcall.2t",
            "list.rollcall.1t"));
    table.add(
        ratio(
            "list by name, beside 10,000 changes a second",
            "lookup",
            map + ", written to as often",
            1.2,
            "list.rollcall.writes",
            "list.map.writes"));
    table.add(
        ratio(
            "list by name, beside Armeria",
            "lookup",
            "× Armeria, endpoints()",
            1,
            "list.rollcall.1t",
            "list.armeria.1t"));
    table.add(
        ratio(
            "list by name, beside Stork",
            "lookup",
            "× Stork, static list",
            1,
            "list.rollcall.1t",
            "list.stork.1t"));
    table.add(
        ratio(
            "list by name, beside Spring",
            "lookup",
            "× Spring, simple discovery client",
            1,
            "list.rollcall.1t",
            "list.spring.1t"));
    table.add(
        ratio(
            "list by name, beside Curator",
            "lookup",
            "× Curator, ServiceCache",
            1,
            "list.rollcall.1t",
            "list.curator.1t"));
    table.add(
        ratio(
            "list by name, beside Eureka",
            "lookup",
            "× Eureka, by VIP address",
            1,
            "list.rollcall.1t",
            "list.eureka.1t"));
    table.add(
        ratio(
            "resolved view, list", "lookup", "× a volatile array", 1.5, "view.list", "view.array"));
    String random = "× HashMap + ThreadLocalRandom";
    table.add(ratio("pick by name", "pick", random, 1.2, "pick.rollcall.1t", "pick.map.1t"));
    table.add(bytes("pick by name, bytes", "pick", "pick.rollcall.1t"));
    table.add(
        ratio(
            "pick by name, observed",
            "pick",
            "× without an observer",
            1.02,
            "pick.rollcall.observed.1t",
            "pick.rollcall.1t"));
    table.add(bytes("pick by name, observed, bytes", "pick", "pick.rollcall.observed.1t"));
    table.add(
        ratio(
            "pick by name, 2 threads",
            "pick",
            "× 1 thread",
            1.1,
            "pick.rollcall.2t",
            "pick.rollcall.1t"));
    for (String balancer : List.of("roundRobin", "weighted", "leastLoaded")) {
      String id = "pick." + balancer;
      String row =
          "pick by name, "
              + Map.of("roundRobin", "round robin", "leastLoaded", "two choices")
                  .getOrDefault(balancer, balancer);
      table.add(ratio(row, "pick", random, 1.2, id + ".1t", "pick.map.1t"));
      table.add(bytes(row + ", bytes", "pick", id + ".1t"));
      table.add(ratio(row + ", 2 threads", "pick", "× 1 thread", 1.1, id + ".2t", id + ".1t"));
    }
    table.add(
        ratio(
            "pick by name, round robin, beside Armeria",
            "pick",
            "× Armeria, round robin",
            1,
            "pick.roundRobin.1t",
            "pick.armeria.1t"));
    table.add(
        ratio(
            "pick by name, weighted, beside Armeria",
            "pick",
            "× Armeria, weighted",
            1,
            "pick.weighted.1t",
            "pick.armeria.weighted.1t"));
    table.add(
        ratio(
            "pick by name, beside Stork",
            "pick",
            "× Stork, random",
            1,
            "pick.rollcall.1t",
            "pick.stork.1t"));
    table.add(
        ratio(
            "pick by name, beside Spring",
            "pick",
            "× Spring, round robin with cache",
            1,
            "pick.rollcall.1t",
            "pick.spring.1t"));
    table.add(
        ratio(
            "pick by name, beside Curator",
            "pick",
            "× Curator, ServiceProvider, round robin",
            1,
            "pick.rollcall.1t",
            "pick.curator.1t"));
    table.add(
        ratio(
            "pick by name, beside Eureka",
            "pick",
            "× Eureka, next server",
            1,
            "pick.rollcall.1t",
            "pick.eureka.1t"));
    table.add(
        ratio(
            "resolved view, pick",
            "pick",
            "× array + ThreadLocalRandom",
            1.5,
            "view.pick",
            "view.random"));
    for (String count : List.of("1000", "10000", "100000", "1000000")) {
      table.add(
          ratio(
              "one change, N = " + Plan.grouped(count),
              "update",
              "× ConcurrentHashMap of arrays",
              2,
              "change.rollcall." + count,
              "change.map." + count));
    }
    table.add(
        ratio(
            "one change, growth 1,000 → 1,000,000",
            "update",
            "× N = 1,000",
            2.5,
            "change.rollcall.1000000",
            "change.rollcall.1000"));
    table.add(
        ratio(
            "one change of 100,000, one by one",
            "update",
            "× copying the array",
            0.05,
            "big.one",
            "big.array"));
    table.add(
        ratio(
            "one change of 100,000, in bursts",
            "update",
            "× copying the array",
            0.05,
            "big.burst",
            "big.array"));
    table.add(
        ratio(
            "watch, memory",
            "watch",
            "× one executor hand-off, p50",
            1.5,
            "watch.memory",
            "watch.handoff"));
    table.add(
        scaled(
            "watch, memory, on the caller's thread", "watch", "µs, p50", 1, "watch.caller", 1e-3));
    table.add(watched("watch, etcd", "watch.etcd."));
    table.add(watched("watch, Consul", "watch.consul."));
    for (String count : List.of("1000", "10000")) {
      table.add(
          ratio(
              "fan-out, " + Plan.grouped(count) + " listeners",
              "fan-out",
              "× the array loop",
              1.5,
              "fan.rollcall." + count,
              "fan.array." + count));
    }
    table.add(
        new Goal(
            "fan-out, bytes a listener",
            "fan-out",
            "B",
            NOTHING,
            List.of("fan.rollcall.1000", "fan.rollcall.10000"),
            all ->
                Math.max(
                    0,
                    (at(all, "fan.rollcall.10000").bytesPerOp()
                            - at(all, "fan.rollcall.1000").bytesPerOp())
                        / 9000),
            "",
            true));
    table.add(counted("fan-out, tasks a change", "fan-out", "tasks", 1, "fan.tasks"));
    table.add(counted("heap an instance", "heap", "B", 250, "heap"));
    table.add(leanest());
    table.add(
        scaled(
            "heartbeats",
            "heartbeat",
            "× 100 ns, which is 10 M a second",
            1,
            "beat.1000",
            1 / NANOS_A_RENEWAL));
    table.add(
        scaled(
            "heartbeats, a million leases",
            "heartbeat",
            "× 100 ns, which is 10 M a second",
            1,
            "beat.1000000",
            1 / NANOS_A_RENEWAL));
    table.add(bytes("heartbeats, bytes", "heartbeat", "beat.1000"));
    table.add(counted("heartbeats, threads", "heartbeat", "threads", 1, "beat.threads"));
    table.add(
        scaled(
            "a million leases expire",
            "heartbeat",
            "× the promised 50 ms, the latest",
            1,
            "beat.expiry",
            1 / PROMISED_MILLIS));
    table.add(scaled("start, memory", "start", "ms", 5, "start.memory", 1));
    table.add(scaled("start, the registry centre", "start", "s", 2, "start.serve", 1));
    for (String store : List.of("Consul", "etcd")) {
      String id = "register." + store.toLowerCase(Locale.ROOT);
      table.add(
          ratio(
              "first registration, " + store + ", CPU",
              "start",
              "× the raw client",
              1.05,
              id,
              id + ".raw"));
    }
    table.addAll(Fleets.goals());
    return table;
  }

  private static Goal ratio(
      String row, String group, String against, double atMost, String ours, String limit) {
    return new Goal(
        row,
        group,
        against,
        atMost,
        List.of(ours, limit),
        all -> at(all, ours).score() / at(all, limit).score(),
        ours);
  }

  private static Goal scaled(
      String row, String group, String unit, double atMost, String id, double factor) {
    return new Goal(row, group, unit, atMost, List.of(id), all -> at(all, id).score() * factor, id);
  }

  private static Goal counted(String row, String group, String unit, double atMost, String id) {
    return new Goal(row, group, unit, atMost, List.of(id), all -> at(all, id).score(), id, true);
  }

  private static Goal bytes(String row, String group, String id) {
    return new Goal(
        row, group, "B", NOTHING, List.of(id), all -> at(all, id).bytesPerOp(), id, true);
  }

  private static Goal leanest() {
    List<String> peers = List.of("heap.spring", "heap.curator", "heap.eureka");
    List<String> needs = new ArrayList<>(peers);
    needs.add("heap");
    return new Goal(
        "heap, beside the leanest peer",
        "heap",
        "× the least of Spring, Curator and Eureka",
        0.333,
        needs,
        all ->
            at(all, "heap").score()
                / peers.stream().mapToDouble(peer -> at(all, peer).score()).min().orElseThrow(),
        "",
        true);
  }

  /** At most 1.05 times the raw client; 10 µs more than it will do as well, and count as that. */
  private static Goal watched(String row, String prefix) {
    double goal = 1.05;
    return new Goal(
        row,
        "watch",
        "× the raw client, p50; or 10 µs more",
        goal,
        List.of(prefix + "raw", prefix + "rollcall"),
        all -> {
          double raw = at(all, prefix + "raw").score();
          double ours = at(all, prefix + "rollcall").score();
          return ours - raw <= 10_000 ? Math.min(goal, ours / raw) : ours / raw;
        },
        "");
  }

  static Measurement at(Map<String, Measurement> all, String id) {
    Measurement found = all.get(id);
    if (found == null) {
      throw new IllegalArgumentException(id);
    }
    return found;
  }
}
