package dev.rollcall.consul;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What this process and an agent use. */
final class Usage {
  private Usage() {}

  /** Threads that are not those of before. */
  static List<String> threadsBesides(Set<Thread> before) {
    Set<Thread> now = new HashSet<>(Thread.getAllStackTraces().keySet());
    now.removeAll(before);
    return now.stream().filter(Thread::isAlive).map(Thread::getName).sorted().toList();
  }

  static Set<Thread> threads() {
    return new HashSet<>(Thread.getAllStackTraces().keySet());
  }

  /** Connections that are established to a port on this machine, of whichever process. */
  static long connectionsTo(int port) {
    String remote = String.format(Locale.ROOT, ":%04X", port);
    long count = 0;
    for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
      try {
        count +=
            Files.readAllLines(Path.of(table)).stream()
                .skip(1)
                .map(line -> line.strip().split("\\s+", -1))
                .filter(columns -> columns[2].endsWith(remote) && columns[3].equals("01"))
                .count();
      } catch (IOException failed) {
        throw new UncheckedIOException(failed);
      }
    }
    return count;
  }

  /** The processor time of this process so far, in seconds. */
  static double ownSeconds() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
            .getProcessCpuTime()
        / 1e9;
  }

  /** The processor time of another process so far, in seconds. */
  static double secondsOf(long pid) {
    return ProcessHandle.of(pid).flatMap(process -> process.info().totalCpuDuration()).stream()
        .mapToDouble(spent -> spent.toNanos() / 1e9)
        .sum();
  }

  /** Median and 99th percentile of nanoseconds, as milliseconds. */
  static String quantiles(List<Long> nanos) {
    List<Long> sorted = nanos.stream().sorted().toList();
    return String.format(
        Locale.ROOT,
        "n = %d, median %.2f ms, p99 %.2f ms, max %.2f ms",
        sorted.size(),
        median(sorted),
        sorted.get((int) (sorted.size() * 0.99)) / 1e6,
        sorted.get(sorted.size() - 1) / 1e6);
  }

  static double median(List<Long> nanos) {
    List<Long> sorted = nanos.stream().sorted().toList();
    return sorted.get(sorted.size() / 2) / 1e6;
  }
}
