package dev.rollcall.bench;

import dev.rollcall.bench.fleet.Scenario;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** All that can be measured, in the order in which it is: what is compared stands together. */
final class Plan {
  static final List<String> GROUPS =
      List.of(
          "lookup",
          "pick",
          "update",
          "watch",
          "fan-out",
          "heartbeat",
          "heap",
          "start",
          Scenario.FLEET,
          Scenario.CENTRE);

  static final String LIST = "name → list";
  static final String PICK = "name → one instance";
  static final String VIEW_LIST = "a kept view: its list";
  static final String VIEW_PICK = "a kept view: one instance";
  static final String TAIL = "one look-up, alone and beside 10,000 changes a second";
  static final String GROWTH = "one change in a registry of N instances";
  static final String BIG = "one change in one service of 100,000";
  static final String WATCH_MEMORY = "memory: register → callback";
  static final String WATCH_ETCD = "etcd: put → callback";
  static final String WATCH_CONSUL = "Consul: register → callback";
  static final String FAN_OUT = "one change to all listeners";
  static final String HEARTBEAT = "one renewal";

  /** The same as a row without, of a registry that has an observer. */
  private static final Map<String, String> OBSERVED = Map.of("observed", "true");

  private static final int SMALL = 768;
  private static final int LARGE = 4096;

  private Plan() {}

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    lookups(cases);
    picks(cases);
    peers().stream().filter(Plan::isThere).forEach(cases::add);
    updates(cases);
    watches(cases);
    for (String count : List.of("1000", "10000")) {
      String of = grouped(count) + " listeners";
      Map<String, String> size = Map.of("listeners", count);
      cases.add(
          of(
              "fan.array." + count,
              "fan-out",
              FAN_OUT + ", " + of,
              "array loop, " + of,
              "FanOutBenchmark.fanOutArray",
              size));
      cases.add(
          of(
              "fan.rollcall." + count,
              "fan-out",
              FAN_OUT + ", " + of,
              "Rollcall, " + of,
              "FanOutBenchmark.fanOut",
              size));
    }
    cases.add(
        of(
            "fan.rollcall.observed.1000",
            "fan-out",
            FAN_OUT + ", 1,000 listeners",
            "Rollcall, observed, 1,000 listeners",
            "FanOutBenchmark.fanOut",
            Map.of("listeners", "1000", "observed", "true")));
    cases.add(of("fan.tasks", "fan-out", "", "Rollcall, tasks a change", "Probe.tasks", Map.of()));
    cases.add(
        of(
            "beat.1000",
            "heartbeat",
            HEARTBEAT,
            "Rollcall, 1,000 leases",
            "HeartbeatBenchmark.renew",
            Map.of("leases", "1000")));
    cases.add(
        of(
                "beat.1000000",
                "heartbeat",
                HEARTBEAT,
                "Rollcall, 1,000,000 leases",
                "HeartbeatBenchmark.renew",
                Map.of("leases", "1000000"))
            .heap(LARGE)
            .full());
    cases.add(
        of(
            "beat.threads",
            "heartbeat",
            "",
            "Rollcall, threads of a store with 100,000 leases",
            "Probe.threads",
            Map.of("size", "100000")));
    cases.add(
        of(
                "beat.expiry",
                "heartbeat",
                "",
                "Rollcall, the latest of a million expiries",
                "Probe.expiry",
                Map.of("size", "1000000"))
            .heap(LARGE)
            .full());
    cases.add(of("heap", "heap", "", "Rollcall, bytes an instance", "Probe.heap", Map.of()));
    cases.add(
        of(
            "start.memory",
            "start",
            "",
            "Rollcall, memory: to the first look-up",
            "Probe.start",
            Map.of()));
    cases.add(
        of(
            "start.serve",
            "start",
            "",
            "Rollcall, the registry centre: process to ready",
            "Probe.serve",
            Map.of()));
    cases.addAll(registrations());
    return cases;
  }

  private static List<Case> registrations() {
    return Stream.of("consul", "etcd")
        .flatMap(
            store ->
                Stream.of(
                    of(
                        "register." + store + ".raw",
                        "start",
                        "",
                        "the raw client, " + store + ": CPU to the first registration",
                        "RegisterProbe." + store + "Raw",
                        Map.of()),
                    of(
                        "register." + store,
                        "start",
                        "",
                        "Rollcall, " + store + ": CPU to the first registration",
                        "RegisterProbe." + store,
                        Map.of())))
        .map(Case::full)
        .toList();
  }

  private static void lookups(List<Case> cases) {
    for (int threads = 1; threads <= 2; threads++) {
      cases.add(
          of(
                  "list.map",
                  "lookup",
                  LIST,
                  "ConcurrentHashMap.get",
                  "LookupBenchmark.listConcurrentMap",
                  Map.of())
              .on(threads));
      cases.add(
          of("list.rollcall", "lookup", LIST, "Rollcall", "LookupBenchmark.list", Map.of())
              .on(threads));
      cases.add(
          of(
                  "list.volatile",
                  "lookup",
                  LIST,
                  "volatile HashMap",
                  "LookupBenchmark.listVolatileMap",
                  Map.of())
              .on(threads)
              .full());
    }
    cases.add(
        of(
                "list.rollcall.observed",
                "lookup",
                LIST,
                "Rollcall, observed",
                "LookupBenchmark.list",
                OBSERVED)
            .on(1));
    Map<String, String> written = Map.of("writes", "10000");
    cases.add(
        of(
            "list.map.writes",
            "lookup",
            LIST,
            "ConcurrentHashMap.get beside a writer",
            "LookupBenchmark.listConcurrentMap",
            written));
    cases.add(
        of(
            "list.rollcall.writes",
            "lookup",
            LIST,
            "Rollcall beside a writer",
            "LookupBenchmark.list",
            written));
    cases.add(
        of("tail.rollcall", "lookup", TAIL, "Rollcall, alone", "LookupBenchmark.list", Map.of())
            .sample());
    cases.add(
        of(
                "tail.rollcall.writes",
                "lookup",
                TAIL,
                "Rollcall, beside the writer",
                "LookupBenchmark.list",
                written)
            .sample());
    cases.add(
        of(
                "tail.map.writes",
                "lookup",
                TAIL,
                "ConcurrentHashMap, beside the writer",
                "LookupBenchmark.listConcurrentMap",
                written)
            .sample()
            .full());
    cases.add(
        of(
            "view.array",
            "lookup",
            VIEW_LIST,
            "volatile array",
            "ViewBenchmark.listVolatileArray",
            Map.of()));
    cases.add(
        of(
            "view.list",
            "lookup",
            VIEW_LIST,
            "Rollcall, instances()",
            "ViewBenchmark.list",
            Map.of()));
  }

  private static void picks(List<Case> cases) {
    for (int threads = 1; threads <= 2; threads++) {
      cases.add(
          of(
                  "pick.map",
                  "pick",
                  PICK,
                  "HashMap + ThreadLocalRandom",
                  "LookupBenchmark.pickPlainMap",
                  Map.of())
              .on(threads));
      cases.add(
          of("pick.rollcall", "pick", PICK, "Rollcall", "LookupBenchmark.pick", Map.of())
              .on(threads));
    }
    cases.add(
        of(
                "pick.rollcall.observed",
                "pick",
                PICK,
                "Rollcall, observed",
                "LookupBenchmark.pick",
                OBSERVED)
            .on(1));
    for (int threads = 1; threads <= 2; threads++) {
      cases.add(balanced("roundRobin", "round robin", "pick").on(threads));
      cases.add(balanced("weighted", "weighted", "pick").on(threads));
      cases.add(balanced("leastLoaded", "two choices", "pick").on(threads));
      cases.add(balanced("leastLoaded", "two choices, acquired", "acquire").on(threads));
    }
    cases.add(
        of(
            "view.random",
            "pick",
            VIEW_PICK,
            "volatile array + ThreadLocalRandom",
            "ViewBenchmark.pickVolatileArray",
            Map.of()));
    cases.add(
        of("view.pick", "pick", VIEW_PICK, "Rollcall, pick()", "ViewBenchmark.pick", Map.of()));
  }

  private static Case balanced(String balancer, String label, String method) {
    Case one =
        of(
            method + "." + balancer,
            "pick",
            PICK,
            "Rollcall, " + label,
            "BalancedBenchmark." + method,
            Map.of("balancer", balancer));
    return method.equals("pick") ? one : one.full();
  }

  private static void updates(List<Case> cases) {
    for (String count : List.of("1000", "10000", "100000", "1000000")) {
      Map<String, String> size = Map.of("instances", count);
      Case limit =
          of(
              "change.map." + count,
              "update",
              GROWTH,
              "ConcurrentHashMap of arrays, N = " + grouped(count),
              "UpdateBenchmark.changeConcurrentMap",
              size);
      Case ours =
          of(
              "change.rollcall." + count,
              "update",
              GROWTH,
              "Rollcall, N = " + grouped(count),
              "UpdateBenchmark.change",
              size);
      boolean quick = count.equals("1000") || count.equals("100000");
      int heap = count.equals("1000000") ? LARGE : SMALL;
      cases.add((quick ? limit : limit.full()).heap(heap));
      cases.add((quick ? ours : ours.full()).heap(heap));
    }
    cases.add(
        of(
            "change.rollcall.observed.1000",
            "update",
            GROWTH,
            "Rollcall, observed, N = 1,000",
            "UpdateBenchmark.change",
            Map.of("instances", "1000", "observed", "true")));
    cases.add(
        of(
                "big.array",
                "update",
                BIG,
                "copying the array",
                "BigServiceBenchmark.copyArray",
                Map.of())
            .heap(1024));
    cases.add(
        of(
                "big.one",
                "update",
                BIG,
                "Rollcall, one by one",
                "BigServiceBenchmark.oneByOne",
                Map.of())
            .heap(1024));
    cases.add(
        of(
                "big.burst",
                "update",
                BIG,
                "Rollcall, one of a burst of 64",
                "BigServiceBenchmark.burst",
                Map.of())
            .heap(1024));
  }

  private static void watches(List<Case> cases) {
    cases.add(
        of(
                "watch.handoff",
                "watch",
                WATCH_MEMORY,
                "one executor hand-off",
                "MemoryWatchBenchmark.handOff",
                Map.of())
            .sample());
    cases.add(
        of(
                "watch.memory",
                "watch",
                WATCH_MEMORY,
                "Rollcall, on its own pool",
                "MemoryWatchBenchmark.register",
                Map.of("listeners", "pool"))
            .sample());
    cases.add(
        of(
                "watch.caller",
                "watch",
                WATCH_MEMORY,
                "Rollcall, on the caller's thread",
                "MemoryWatchBenchmark.register",
                Map.of("listeners", "caller"))
            .sample());
    for (String watcher : List.of("raw", "rollcall")) {
      String label = watcher.equals("raw") ? "" : "Rollcall";
      cases.add(
          of(
                  "watch.etcd." + watcher,
                  "watch",
                  WATCH_ETCD,
                  label.isEmpty() ? "jetcd's own watch" : label,
                  "EtcdWatchBenchmark.put",
                  Map.of("watcher", watcher))
              .sample()
              .full());
    }
    for (String watcher : List.of("raw", "rollcall")) {
      String label = watcher.equals("raw") ? "" : "Rollcall";
      cases.add(
          of(
                  "watch.consul." + watcher,
                  "watch",
                  WATCH_CONSUL,
                  label.isEmpty() ? "blocking query of the raw client" : label,
                  "ConsulWatchBenchmark.register",
                  Map.of("watcher", watcher))
              .sample()
              .full());
    }
  }

  /** Those of other libraries, whether they are on the class path or not. */
  static List<Case> peers() {
    Map<String, String> roundRobin = Map.of("strategy", "roundRobin");
    List<Case> peers = new ArrayList<>();
    for (int threads = 1; threads <= 2; threads++) {
      peers.add(peer("list", "armeria", "Armeria, endpoints()", roundRobin).on(threads));
      peers.add(peer("pick", "armeria", "Armeria, round robin", roundRobin).on(threads));
      peers.add(
          of(
                  "pick.armeria.weighted",
                  "pick",
                  PICK,
                  "Armeria, weighted",
                  "peers.ArmeriaBenchmark.pick",
                  Map.of("strategy", "weighted"))
              .on(threads));
      peers.add(peer("list", "stork", "Stork, static list", Map.of()).on(threads));
      peers.add(peer("pick", "stork", "Stork, random", Map.of()).on(threads));
      peers.add(peer("list", "spring", "Spring, simple discovery client", Map.of()).on(threads));
      peers.add(peer("pick", "spring", "Spring, round robin with cache", Map.of()).on(threads));
      peers.add(peer("list", "curator", "Curator, ServiceCache", Map.of()).on(threads));
      peers.add(
          peer("pick", "curator", "Curator, ServiceProvider, round robin", Map.of()).on(threads));
      peers.add(peer("list", "eureka", "Eureka, by VIP address", Map.of()).on(threads));
      peers.add(peer("pick", "eureka", "Eureka, next server", Map.of()).on(threads));
    }
    for (String name : List.of("spring", "curator", "eureka")) {
      peers.add(
          of(
              "heap." + name,
              "heap",
              "",
              capitalised(name) + ", bytes an instance",
              "peers.HeapProbe." + name,
              Map.of()));
    }
    return peers.stream().map(Case::full).toList();
  }

  private static Case peer(String what, String name, String label, Map<String, String> params) {
    boolean list = what.equals("list");
    return of(
        what + "." + name,
        list ? "lookup" : "pick",
        list ? LIST : PICK,
        label,
        "peers." + capitalised(name) + "Benchmark." + what,
        params);
  }

  private static String capitalised(String name) {
    return name.substring(0, 1).toUpperCase(java.util.Locale.ROOT) + name.substring(1);
  }

  /** Tells whether the library of a case and what drives it are on the class path. */
  private static boolean isThere(Case peer) {
    String type = peer.benchmark().substring(0, peer.benchmark().lastIndexOf('.'));
    return Plan.class.getResource(type.replace('.', '/') + ".class") != null;
  }

  static Case of(
      String id,
      String group,
      String chart,
      String label,
      String benchmark,
      Map<String, String> params) {
    return new Case(id, group, chart, label, benchmark, params, 1, false, SMALL, true);
  }

  static String grouped(String number) {
    return String.format(java.util.Locale.ROOT, "%,d", Long.parseLong(number));
  }
}
