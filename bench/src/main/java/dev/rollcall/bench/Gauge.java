package dev.rollcall.bench;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.Statistics;

/** Runs one case once, in a JVM of its own, and keeps what it gave. One thread's. */
final class Gauge {
  private static final double[] PERCENTILES = {50, 90, 99, 99.9, 99.99};
  private static final String ALLOCATED = "gc.alloc.rate.norm";

  private final Pace pace;
  private final int forks;

  /** Measures at a pace; with no forks in this JVM, which is good for nothing but tests. */
  Gauge(Pace pace, int forks) {
    this.pace = pace;
    this.forks = forks;
  }

  /** How long things take: quick, or fit to be published. */
  record Pace(int rounds, int warmups, int iterations, int millis) {
    static final Pace QUICK = new Pace(1, 4, 12, 100);
    static final Pace FULL = new Pace(3, 6, 15, 150);

    /** Returns how long a case takes, the start of its JVM included. */
    double seconds(Case one) {
      double loading = one.heapMegabytes() > 2000 ? 8 : 1.5;
      return one.isProbe() ? loading + 2 : loading + (warmups(one) + iterations) * millis / 1000.0;
    }

    /**
     * Others have more code on their way, which is compiled later; and a server answers a thousand
     * times a second, so that nothing is compiled for long: they are given the time.
     */
    int warmups(Case one) {
      return one.isPeer() ? 4 * warmups : one.server().isPresent() ? 10 * warmups : warmups;
    }
  }

  /** What one run of a case gave. */
  record Round(List<Double> scores, double bytesPerOp, List<Double> percentiles, String unit) {}

  /** Measures a case once. */
  Round measure(Case one, List<String> arguments) throws IOException, InterruptedException {
    return one.isProbe() ? probe(one, arguments) : jmh(one, arguments);
  }

  private Round jmh(Case one, List<String> arguments) throws IOException {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    OutputFormat format =
        OutputFormatFactory.createFormatInstance(
            new PrintStream(said, true, StandardCharsets.UTF_8), VerboseMode.NORMAL);
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("^" + pattern(one) + "$")
            .mode(one.sampled() ? Mode.SampleTime : Mode.AverageTime)
            .timeUnit(TimeUnit.NANOSECONDS)
            .threads(one.threads())
            .forks(forks)
            .warmupIterations(pace.warmups(one))
            .measurementIterations(pace.iterations())
            .warmupTime(TimeValue.milliseconds(pace.millis()))
            .measurementTime(TimeValue.milliseconds(pace.millis()))
            .shouldFailOnError(true)
            .addProfiler(GCProfiler.class)
            .jvmArgs(jvm(one, arguments).toArray(String[]::new));
    one.params().forEach(options::param);
    Collection<RunResult> results;
    try {
      results = new Runner(options.build(), format).run();
    } catch (RunnerException failed) {
      throw new IOException(
          one.label() + " failed:\n" + said.toString(StandardCharsets.UTF_8), failed);
    }
    if (results.size() != 1) {
      throw new IOException(one.benchmark() + ": " + results.size() + " results (expected: 1)");
    }
    return read(one, results.iterator().next());
  }

  private static Round read(Case one, RunResult result) {
    List<Double> scores = new ArrayList<>();
    for (BenchmarkResult fork : result.getBenchmarkResults()) {
      for (IterationResult iteration : fork.getIterationResults()) {
        scores.add(iteration.getPrimaryResult().getScore());
      }
    }
    List<Double> percentiles = new ArrayList<>();
    if (one.sampled()) {
      Statistics samples = result.getPrimaryResult().getStatistics();
      for (double percentile : PERCENTILES) {
        percentiles.add(samples.getPercentile(percentile));
      }
    }
    @Nullable Result<?> allocated = result.getSecondaryResults().get(ALLOCATED);
    boolean alone = !one.params().containsKey("writes"); // a writer's garbage is counted as well
    return new Round(
        scores,
        // The median: where a change overtakes the one that is being told, listeners share nothing.
        allocated == null || !alone ? Double.NaN : allocated.getStatistics().getPercentile(50),
        percentiles,
        "ns");
  }

  private static String pattern(Case one) {
    String name = one.benchmark();
    return "dev\\.rollcall\\.bench\\." + name.replace(".", "\\.");
  }

  private static Round probe(Case one, List<String> arguments)
      throws IOException, InterruptedException {
    int name = one.benchmark().lastIndexOf('.') + 1;
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
    command.addAll(jvm(one, arguments));
    command.addAll(List.of("-Djol.magicFieldOffset=true", "-Djdk.attach.allowAttachSelf"));
    command.addAll(
        List.of(
            "--add-opens=java.base/java.util=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Probe.class.getPackageName() + "." + one.benchmark().substring(0, name - 1),
            one.benchmark().substring(name)));
    if (one.params().containsKey("size")) {
      command.add(one.params().get("size"));
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = process.waitFor();
    for (String line : said.lines().toList()) {
      if (code == 0 && line.startsWith("result ")) {
        return new Round(
            List.of(Double.parseDouble(line.substring(7))), Double.NaN, List.of(), unit(one));
      }
    }
    throw new IOException(one.label() + " failed with exit code " + code + ":\n" + said);
  }

  private static String unit(Case one) {
    if (one.group().equals("heap")) {
      return "B";
    }
    if (one.benchmark().startsWith("RegisterProbe.")) {
      return "ms";
    }
    return switch (one.benchmark()) {
      case "Probe.expiry", "Probe.start" -> "ms";
      case "Probe.serve" -> "s";
      default -> "";
    };
  }

  private static List<String> jvm(Case one, List<String> arguments) {
    List<String> all = new ArrayList<>(arguments);
    all.add("-Xms" + one.heapMegabytes() + "m");
    all.add("-Xmx" + one.heapMegabytes() + "m");
    all.add("-Xmn" + one.heapMegabytes() / 2 + "m");
    all.add("-XX:+AlwaysPreTouch");
    return all;
  }

  /** Puts the rounds of one case together. */
  static Measurement combine(Case one, List<Round> rounds) {
    double[] scores =
        rounds.stream()
            .flatMap(round -> round.scores().stream())
            .mapToDouble(d -> d)
            .sorted()
            .toArray();
    double bytes = rounds.stream().mapToDouble(Round::bytesPerOp).min().orElse(Double.NaN);
    List<Double> percentiles = new ArrayList<>();
    for (int i = 0; i < rounds.get(0).percentiles().size(); i++) {
      int at = i;
      double[] of =
          rounds.stream().mapToDouble(round -> round.percentiles().get(at)).sorted().toArray();
      percentiles.add(of[of.length / 2]);
    }
    String unit = rounds.get(0).unit();
    if (!percentiles.isEmpty()) {
      double last = percentiles.get(percentiles.size() - 1);
      return new Measurement(
          one, percentiles.get(0), percentiles.get(0), last, unit, bytes, percentiles);
    }
    double score = scores[(scores.length - 1) / 4];
    return new Measurement(
        one, score, scores[0], scores[scores.length - 1], unit, bytes, percentiles);
  }

  /** Puts the rounds of all cases together, in the order of the cases. */
  static Map<String, Measurement> combine(Map<Case, List<Round>> rounds) {
    Map<String, Measurement> all = new LinkedHashMap<>();
    rounds.forEach((one, of) -> all.put(one.id(), combine(one, of)));
    return all;
  }
}
