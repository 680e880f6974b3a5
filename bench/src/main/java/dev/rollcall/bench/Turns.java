package dev.rollcall.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.IterationType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.Statistics;

/**
 * The main class of a JVM that measures one JMH benchmark and is told by a line on its input when
 * each iteration may begin, so that several such JVMs take turns. It warms up by itself; then it
 * says that it is ready, and what each turn gave: where single calls are timed, their median in
 * nanoseconds; else the processor time of a call, in which a thread that had to wait for a
 * processor has not waited.
 *
 * <p>It uses JMH and the JDK and none of its neighbours: {@link Commit} puts it beside the
 * benchmarks of another commit, which have neighbours of their own.
 *
 * <p>JMH makes the profiler by itself and calls it from the thread that runs {@code main}: all
 * state is that thread's.
 */
public final class Turns implements InternalProfiler {
  /** What a line of ours begins with; all else that is printed is a library's log. */
  static final String MARK = "@turns ";

  private static final double[] PERCENTILES = {50, 90, 99, 99.9, 99.99};
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final PrintStream OUT = System.out;
  private static final BufferedReader IN =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
  private static long usedBefore;

  /** For JMH, which makes one itself. */
  public Turns() {}

  /**
   * Measures one benchmark.
   *
   * @param args the pattern of its name, whether single calls are timed, its threads, warm-ups,
   *     turns and the milliseconds of a warm-up and of a turn; then its parameters as {@code
   *     name=value}
   */
  public static void main(String[] args) throws Exception {
    System.setProperty("jmh.ignoreLock", "true");
    boolean sampled = Boolean.parseBoolean(args[1]);
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include(args[0])
            .mode(sampled ? Mode.SampleTime : Mode.AverageTime)
            .timeUnit(TimeUnit.NANOSECONDS)
            .threads(Integer.parseInt(args[2]))
            .forks(0)
            .warmupIterations(Integer.parseInt(args[3]))
            .measurementIterations(Integer.parseInt(args[4]))
            .warmupTime(TimeValue.milliseconds(Integer.parseInt(args[5])))
            .measurementTime(TimeValue.milliseconds(Integer.parseInt(args[6])))
            .shouldFailOnError(true)
            .addProfiler(
                Turns.class) // before the other, so that what its wait allocates is not counted
            .addProfiler(GCProfiler.class);
    List<String> params = List.of(args).subList(7, args.length);
    for (String param : params) {
      int equals = param.indexOf('=');
      options.param(param.substring(0, equals), param.substring(equals + 1));
    }
    OutputFormat silent =
        OutputFormatFactory.createFormatInstance(
            new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8),
            VerboseMode.SILENT);
    Collection<RunResult> results = new Runner(options.build(), silent).run();
    if (results.size() != 1) {
      throw new IllegalStateException(args[0] + ": " + results.size() + " results (expected: 1)");
    }
    RunResult result = results.iterator().next();
    for (String param : params) { // JMH leaves out what a benchmark does not know
      String name = param.substring(0, param.indexOf('='));
      if (!result.getParams().getParamsKeys().contains(name)) {
        throw new IllegalStateException(args[0] + " has no parameter " + name);
      }
    }
    Result<?> allocated = result.getSecondaryResults().get("gc.alloc.rate.norm");
    // The median: where a change overtakes the one that is being told, listeners share nothing.
    say("bytes " + (allocated == null ? Double.NaN : allocated.getStatistics().getPercentile(50)));
    if (sampled) {
      Statistics samples = result.getPrimaryResult().getStatistics();
      StringBuilder line = new StringBuilder("percentiles");
      for (double percentile : PERCENTILES) {
        line.append(' ').append(samples.getPercentile(percentile));
      }
      say(line.toString());
    }
    say("end");
    System.exit(0);
  }

  private static void say(String line) {
    OUT.println(MARK + line);
    OUT.flush();
  }

  @Override
  public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
    if (iteration.getType() == IterationType.WARMUP) {
      return;
    }
    say("ready");
    try {
      if (IN.readLine() == null) {
        System.exit(1); // the process that gives the turns is gone
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    usedBefore = used();
  }

  /** Nanoseconds that the benchmark's threads have run so far. */
  private static long used() {
    long used = 0;
    for (ThreadInfo thread : THREADS.getThreadInfo(THREADS.getAllThreadIds())) {
      if (thread != null && thread.getThreadName().contains("-jmh-worker-")) {
        used += Math.max(0, THREADS.getThreadCpuTime(thread.getThreadId()));
      }
    }
    return used;
  }

  @Override
  public Collection<? extends Result<?>> afterIteration(
      BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
    if (iteration.getType() == IterationType.MEASUREMENT) {
      double score =
          benchmark.getMode() == Mode.SampleTime
              ? result.getPrimaryResult().getStatistics().getPercentile(50)
              : (double) (used() - usedBefore)
                  / result.getMetadata().getAllOps()
                  / benchmark.getOpsPerInvocation();
      say("turn " + score);
    }
    return List.of();
  }

  @Override
  public String getDescription() {
    return "waits for its turn";
  }
}
