package dev.rollcall.testkit.soak;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;

/**
 * What the clients take of this process, measured after each round, when they have equally much to
 * do. It may rise and fall: it is a leak where the least of the last third is above the most of the
 * first third that follows the warm-up. Used by one thread.
 */
final class Resources {
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

  /** The first rounds load classes, and start what stays. */
  private static final int WARM_UP = 3;

  private static final int LEAST = 6;

  record Usage(long threads, long descriptors, long heapKilobytes, long waiting) {}

  private final List<Usage> all = new ArrayList<>();

  void measure(Workload workload, Tally tally) {
    long waiting = workload.steady.timer.waiting();
    for (Client client : workload.clients) {
      waiting += client.timer.waiting();
    }
    System.gc();
    System.gc(); // what the first has found with a finaliser or a cleaner
    Usage now =
        new Usage(
            ManagementFactory.getThreadMXBean().getThreadCount(),
            descriptors(),
            ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() >> 10,
            waiting);
    add(now);
    tally.count(Check.RESOURCES, 1);
    Usage first = all.get(Math.min(all.size() - 1, WARM_UP));
    tally.note(
        Check.RESOURCES,
        String.format(
            Locale.ROOT,
            "threads %d > %d, descriptors %d > %d, heap %.1f > %.1f MB, timer tasks %d > %d",
            first.threads(),
            now.threads(),
            first.descriptors(),
            now.descriptors(),
            first.heapKilobytes() / 1024.0,
            now.heapKilobytes() / 1024.0,
            first.waiting(),
            now.waiting()));
  }

  void add(Usage measured) {
    all.add(measured);
  }

  /** Returns 0 where the system does not tell. */
  private static long descriptors() {
    if (!Files.isDirectory(DESCRIPTORS)) {
      return 0;
    }
    long count = 0;
    try (DirectoryStream<Path> open = Files.newDirectoryStream(DESCRIPTORS)) {
      for (Path unused : open) {
        count++;
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    return count;
  }

  /** Says what has grown; nothing where there were too few rounds to tell. */
  void judge(Tally tally) {
    if (all.size() < WARM_UP + LEAST) {
      return;
    }
    judge(tally, "threads", Usage::threads, 12);
    judge(tally, "descriptors", Usage::descriptors, 24);
    judge(tally, "KB of heap", Usage::heapKilobytes, 16 << 10);
    judge(tally, "tasks in timers", Usage::waiting, 60);
  }

  private void judge(Tally tally, String what, ToLongFunction<Usage> of, long allowance) {
    List<Usage> judged = all.subList(WARM_UP, all.size());
    int third = judged.size() / 3;
    long most = judged.subList(0, third).stream().mapToLong(of).max().orElseThrow();
    long least =
        judged.subList(judged.size() - third, judged.size()).stream()
            .mapToLong(of)
            .min()
            .orElseThrow();
    if (least > most + allowance) {
      tally.violation(
          Check.RESOURCES,
          "at least "
              + least
              + " "
              + what
              + " in the last third, at most "
              + most
              + " in the first",
          judged.stream().map(one -> what + ": " + of.applyAsLong(one)).toList());
    }
  }
}
