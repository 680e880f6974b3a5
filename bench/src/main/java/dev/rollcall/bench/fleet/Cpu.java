package dev.rollcall.bench.fleet;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.time.Duration;

/** Seconds of processor time. */
final class Cpu {
  private static final String PROXY = "rollcall-fault-proxy-";

  private Cpu() {}

  /** Returns what a process has used, all its threads; the system counts in steps of 10 ms. */
  static double of(long pid) {
    return ProcessHandle.of(pid)
            .flatMap(process -> process.info().totalCpuDuration())
            .orElse(Duration.ZERO)
            .toNanos()
        / 1e9;
  }

  /** Returns what this JVM has used, but for the proxies in it, which no client has. */
  static double own() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long proxies = 0;
    for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
      if (thread != null && thread.getThreadName().startsWith(PROXY)) {
        proxies += Math.max(0, threads.getThreadCpuTime(thread.getThreadId()));
      }
    }
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return (system.getProcessCpuTime() - proxies) / 1e9;
  }
}
