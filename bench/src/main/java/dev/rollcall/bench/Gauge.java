package dev.rollcall.bench;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.runner.CompilerHints;

/**
 * Runs what is compared once, each case in a JVM of its own, and keeps what it gave. The JVMs of
 * benchmarks are alive together and take turns of a fraction of a second, forwards and backwards (A
 * B, B A, …): whatever makes the machine slower for longer than that does so for all of them. One
 * thread's.
 */
final class Gauge {
  private final Pace pace;

  /** Measures at a pace. */
  Gauge(Pace pace) {
    this.pace = pace;
  }

  /**
   * How long things take: quick, or fit to be published.
   *
   * @param rounds how often each is measured at least
   * @param most how often where its rows are undecided by then
   * @param warmups iterations before the first turn
   * @param warmupMillis how long each of them is
   * @param turns of each benchmark in a round
   * @param millis how long a turn is
   */
  record Pace(int rounds, int most, int warmups, int warmupMillis, int turns, int millis) {
    static final Pace QUICK = new Pace(1, 1, 4, 100, 12, 40);
    static final Pace FULL = new Pace(3, 8, 6, 150, 20, 50);

    /** The same with another number of rounds, no more and no less. */
    Pace rounds(int number) {
      return new Pace(number, number, warmups, warmupMillis, turns, millis);
    }

    /** Returns how long a round of some cases takes, the start of their JVMs included. */
    double seconds(List<Case> cases) {
      double seconds = 0;
      double warmup = 0;
      for (Case one : cases) {
        seconds += one.heapMegabytes() > 2000 ? 6 : 0.7;
        seconds += one.isProbe() ? 2 : turns * millis / 1000.0;
        warmup = Math.max(warmup, one.isProbe() ? 0 : warmups(one) * warmupMillis / 1000.0);
      }
      return seconds + warmup;
    }

    /**
     * Others have more code on their way, which is compiled later; and a server answers a thousand
     * times a second, so that nothing is compiled for long: they are given the time.
     */
    int warmups(Case one) {
      return one.isPeer() ? 4 * warmups : one.server().isPresent() ? 10 * warmups : warmups;
    }
  }

  /**
   * What a case gave in one round.
   *
   * @param scores one a turn, in their order
   * @param bytesPerOp allocated a call; not a number where it was not measured
   * @param percentiles p50 to p99.99; empty without samples
   * @param unit of all but the bytes
   */
  record Round(List<Double> scores, double bytesPerOp, List<Double> percentiles, String unit) {}

  /** Measures cases once, by turns where all of them are benchmarks; returns what each gave. */
  List<Round> measure(List<Subject> subjects) throws IOException, InterruptedException {
    List<Round> rounds = new ArrayList<>();
    if (subjects.stream().anyMatch(subject -> subject.of().isProbe())) {
      for (Subject subject : subjects) {
        rounds.addAll(subject.of().isProbe() ? List.of(probe(subject)) : turns(List.of(subject)));
      }
      return rounds;
    }
    return turns(subjects);
  }

  private List<Round> turns(List<Subject> subjects) throws IOException {
    List<Side> sides = new ArrayList<>();
    try {
      for (Subject subject : subjects) {
        sides.add(new Side(subject.of().label(), benchmark(subject)));
      }
      for (Side side : sides) {
        side.awaitReady();
      }
      for (int turn = 1; turn <= pace.turns(); turn++) {
        for (int i = 0; i < sides.size(); i++) {
          sides.get(turn % 2 == 1 ? i : sides.size() - 1 - i).turn(turn == pace.turns());
        }
      }
      List<Round> rounds = new ArrayList<>();
      for (int i = 0; i < sides.size(); i++) {
        Case one = subjects.get(i).of();
        boolean alone = !one.params().containsKey("writes"); // a writer's garbage is counted too
        rounds.add(sides.get(i).finish(one.sampled(), alone));
      }
      return rounds;
    } finally {
      sides.forEach(Side::close);
    }
  }

  private List<String> benchmark(Subject subject) {
    Case one = subject.of();
    List<String> command = java(subject);
    CompilerHints.addCompilerHints(command);
    command.addAll(List.of("-cp", subject.classPath(), Turns.class.getName()));
    command.add("^dev\\.rollcall\\.bench\\." + one.benchmark().replace(".", "\\.") + "$");
    command.add(String.valueOf(one.sampled()));
    for (int number :
        new int[] {
          one.threads(), pace.warmups(one), pace.turns(), pace.warmupMillis(), pace.millis()
        }) {
      command.add(String.valueOf(number));
    }
    one.params().forEach((name, value) -> command.add(name + "=" + value));
    return command;
  }

  private static Round probe(Subject subject) throws IOException, InterruptedException {
    Case one = subject.of();
    int name = one.benchmark().lastIndexOf('.') + 1;
    List<String> command = java(subject);
    command.addAll(List.of("-Djol.magicFieldOffset=true", "-Djdk.attach.allowAttachSelf"));
    command.addAll(
        List.of(
            "--add-opens=java.base/java.util=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "-cp",
            subject.classPath(),
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

  private static List<String> java(Subject subject) {
    int heap = subject.of().heapMegabytes();
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
    command.addAll(subject.arguments());
    command.add("-Xms" + heap + "m");
    command.add("-Xmx" + heap + "m");
    command.add("-Xmn" + heap / 2 + "m");
    command.add("-XX:+AlwaysPreTouch");
    return command;
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
}
