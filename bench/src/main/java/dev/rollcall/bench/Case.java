package dev.rollcall.bench;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * One thing to measure: a JMH benchmark with its parameters, or a probe, as {@link Probe}.
 *
 * @param id what goals call it
 * @param group the word on the command line
 * @param chart what it is shown with
 * @param label its name beside the others of its chart
 * @param benchmark class and method, without the package; {@code Probe.name} for a probe
 * @param params JMH parameters; a probe's size is {@code size}
 * @param threads how many threads
 * @param sampled whether single calls are timed, for a distribution
 * @param heapMegabytes the fork's heap, all of it touched at its start
 * @param quick whether {@code --quick} measures it
 */
record Case(
    String id,
    String group,
    String chart,
    String label,
    String benchmark,
    Map<String, String> params,
    int threads,
    boolean sampled,
    int heapMegabytes,
    boolean quick) {

  boolean isProbe() {
    return benchmark.contains("Probe.");
  }

  /** Tells whether this is of another library. */
  boolean isPeer() {
    return benchmark.startsWith("peers.");
  }

  /** Returns which server is asked, as {@link Servers} names it, where one is. */
  Optional<String> server() {
    String name = benchmark.replaceFirst("^RegisterProbe\\.", "").toLowerCase(Locale.ROOT);
    return name.startsWith("etcd")
        ? Optional.of(Servers.ETCD)
        : name.startsWith("consul") ? Optional.of(Servers.CONSUL) : Optional.empty();
  }

  /** Tells whether this is Rollcall, and not a limit or a peer. */
  boolean isOurs() {
    return label.startsWith("Rollcall");
  }

  Case named(String id) {
    return new Case(
        id, group, chart, label, benchmark, params, threads, sampled, heapMegabytes, quick);
  }

  Case full() {
    return new Case(
        id, group, chart, label, benchmark, params, threads, sampled, heapMegabytes, false);
  }

  Case on(int threads) {
    return new Case(
        id + "." + threads + "t",
        group,
        chart,
        label + (threads == 1 ? "" : ", " + threads + " threads"),
        benchmark,
        params,
        threads,
        sampled,
        heapMegabytes,
        quick);
  }

  Case heap(int megabytes) {
    return new Case(id, group, chart, label, benchmark, params, threads, sampled, megabytes, quick);
  }

  Case sample() {
    return new Case(
        id, group, chart, label, benchmark, params, threads, true, heapMegabytes, quick);
  }
}
