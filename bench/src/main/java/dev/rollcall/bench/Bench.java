package dev.rollcall.bench;

import dev.rollcall.bench.Goal.Outcome;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code rollcall bench}. */
@Command(
    name = "rollcall bench",
    description = {
      "Measures what a look-up, a change and a watch cost, each beside its limit in the same run,"
          + " and judges the ratios by their goals.",
      "Groups: lookup, pick, update, watch, fan-out, heartbeat, heap, start, fleet, centre; all"
          + " without any, and without the last two with --quick."
    },
    mixinStandardHelpOptions = true,
    optionListHeading = "%nOptions:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all was measured, whether it met its goal or not",
      "1:something could not be measured",
      "2:the command line is wrong"
    })
public final class Bench implements Callable<Integer> {
  private final PrintWriter out;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "group", description = "What to measure.")
  private List<String> groups = new ArrayList<>();

  @Option(
      names = "--quick",
      description =
          "In less than 3 minutes and without a server: one round, and no row that takes long.")
  private boolean quick;

  @Option(
      names = "--goals",
      paramLabel = "FILE",
      description = "Write the goal table there, one JSON object a row.")
  private @Nullable Path goals;

  @Option(
      names = "--out",
      paramLabel = "DIRECTORY",
      defaultValue = "target/bench",
      description = "Where report.html and results.json go; ${DEFAULT-VALUE} where not given.")
  private Path directory = Path.of("target/bench");

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description = "How often each is measured, 1 to 20; 3 where not given, 1 with --quick.")
  private int rounds;

  Bench(PrintWriter out) {
    this.out = out;
  }

  /**
   * Runs the benchmarks and ends the JVM with the exit code.
   *
   * @param args the command line; {@code --help} explains it
   */
  public static void main(String[] args) {
    // Several may run on one machine, where they disturb each other; that is the user's to decide.
    System.setProperty("jmh.ignoreLock", "true");
    // The servers' data goes into memory where that is possible: not the disk is to be measured.
    Path memory = Path.of("/dev/shm");
    if (Files.isWritable(memory)) {
      System.setProperty("java.io.tmpdir", memory.toString());
    }
    // Ctrl-C ends this JVM at once, and with it whatever it has started.
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly),
                "end-of-forks"));
    PrintWriter out = new PrintWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8));
    int code = new CommandLine(new Bench(out)).setOut(out).execute(args);
    out.flush();
    System.exit(code);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    for (String group : groups) {
      if (!Plan.GROUPS.contains(group)) {
        throw wrong("group: " + group + " (expected: " + String.join(", ", Plan.GROUPS) + ")");
      }
    }
    if (rounds < 0
        || rounds > 20
        || (rounds == 0 && spec.commandLine().getParseResult().hasMatchedOption("--rounds"))) {
      throw wrong("--rounds: " + rounds + " (expected: 1-20)");
    }
    Machine machine = Machine.here();
    String when = LocalDateTime.now().truncatedTo(ChronoUnit.MINUTES).toString();
    Gauge.Pace standard = quick ? Gauge.Pace.QUICK : Gauge.Pace.FULL;
    Gauge.Pace pace =
        rounds == 0
            ? standard
            : new Gauge.Pace(rounds, standard.warmups(), standard.iterations(), standard.millis());
    List<Case> cases = Plan.cases();
    cases.removeIf(
        one -> (quick && !one.quick()) || (!groups.isEmpty() && !groups.contains(one.group())));
    if (System.getProperty(Probe.LAUNCHER, "").isEmpty()) {
      cases.removeIf(one -> one.benchmark().equals("Probe.serve")); // not started by the launcher
    }
    Session session = new Session(new Gauge(pace, 1), pace, out);
    Map<String, Measurement> measured = session.run(cases);
    Fleets fleets = new Fleets(out);
    // A quick run of everything needs no server, and those do: they are quick only where asked for.
    List<String> scenarios = groups.isEmpty() && !quick ? Plan.GROUPS : groups;
    measured.putAll(Gauge.combine(fleets.run(Fleets.of(scenarios), quick)));
    List<String> failures = new ArrayList<>(session.failures());
    failures.addAll(fleets.failures());
    List<Outcome> outcomes = Goals.table().stream().map(goal -> goal.judge(measured)).toList();
    Result result =
        new Result(
            machine,
            when,
            (quick ? "quick" : "full") + ", rounds: " + pace.rounds(),
            measured,
            outcomes,
            failures);
    Table.print(result, out);
    write(result);
    return failures.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  private void write(Result result) throws IOException {
    Files.createDirectories(directory);
    Path json = Files.writeString(directory.resolve("results.json"), Json.report(result));
    Path html = Files.writeString(directory.resolve("report.html"), new Report(result).html());
    out.println(json.toAbsolutePath());
    out.println(html.toAbsolutePath());
    if (goals != null) {
      Files.write(goals, result.outcomes().stream().map(Json::line).toList());
    }
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
