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
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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
      "Groups: lookup, pick, update, watch, fan-out, heartbeat, heap, start; all of them without"
          + " any. Where they are named: fleet, centre. A case by itself is named by its id, which"
          + " stands in results.json."
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
  private @Nullable Path goalsFile;

  @Option(
      names = "--out",
      paramLabel = "DIRECTORY",
      defaultValue = "target/bench",
      description = "Where report.html and results.json go; ${DEFAULT-VALUE} where not given.")
  private Path directory = Path.of("target/bench");

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description =
          "How often each is measured, 1 to 20; where not given 3, and 1 with --quick and for fleet"
              + " and centre.")
  private int rounds;

  @Option(
      names = "--compare",
      paramLabel = "COMMIT",
      description =
          "Measure that commit and this checkout by turns in place of all else, and tell what"
              + " differs.")
  private @Nullable String commit;

  @Option(
      names = "--since",
      paramLabel = "FILE",
      description =
          "The results.json of a former run, to tell what has changed; docs/benchmarks.json of"
              + " the checkout where not given.")
  private @Nullable Path since;

  Bench(PrintWriter out) {
    this.out = out;
  }

  /**
   * Runs the benchmarks and ends the JVM with the exit code.
   *
   * @param args the command line; {@code --help} explains it
   */
  public static void main(String[] args) {
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
    Set<String> known = Plan.cases().stream().map(Case::id).collect(Collectors.toSet());
    for (String group : groups) {
      if (!Plan.GROUPS.contains(group) && !known.contains(group)) {
        throw wrong(
            "group: "
                + group
                + " (expected: "
                + String.join(", ", Plan.GROUPS)
                + ", or the id of a case as in results.json)");
      }
    }
    if (rounds < 0
        || rounds > 20
        || (rounds == 0 && spec.commandLine().getParseResult().hasMatchedOption("--rounds"))) {
      throw wrong("--rounds: " + rounds + " (expected: 1-20)");
    }
    if (commit != null) {
      return compare(commit);
    }
    Machine machine = Machine.here();
    String when = LocalDateTime.now().truncatedTo(ChronoUnit.MINUTES).toString();
    Gauge.Pace standard = quick ? Gauge.Pace.QUICK : Gauge.Pace.FULL;
    Gauge.Pace pace = rounds == 0 ? standard : standard.rounds(rounds);
    List<Case> cases = chosen();
    List<Goal> goals = Goals.table();
    Session session = new Session(pace, goals, out);
    Rounds measured = session.run(cases);
    Fleets fleets = new Fleets(out);
    fleets.run(Fleets.of(groups), quick, Math.max(1, rounds), measured);
    List<String> failures = new ArrayList<>(session.failures());
    failures.addAll(fleets.failures());
    List<Outcome> outcomes = goals.stream().map(goal -> goal.judge(measured)).toList();
    Result result =
        new Result(
            machine,
            when,
            (quick ? "quick" : "full")
                + ", rounds: "
                + pace.rounds()
                + (pace.most() > pace.rounds() ? " to " + pace.most() : ""),
            measured.measurements(),
            outcomes,
            failures);
    Table.print(result, out);
    write(result);
    return failures.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  private List<Case> chosen() {
    List<Case> cases = Plan.cases();
    cases.removeIf(
        one ->
            (quick && !one.quick())
                || (!groups.isEmpty()
                    && !groups.contains(one.group())
                    && !groups.contains(one.id())));
    if (System.getProperty(Probe.LAUNCHER, "").isEmpty()) {
      cases.removeIf(one -> one.benchmark().equals("Probe.serve")); // not started by the launcher
    }
    return cases;
  }

  private int compare(String name) throws InterruptedException {
    String launcher = System.getProperty(Probe.LAUNCHER, "");
    if (launcher.isEmpty()) {
      throw wrong("--compare: is known to the launcher of a checkout only");
    }
    out.println(Machine.here());
    out.println("building " + name + " where it is not built yet ...");
    out.flush();
    Commit other;
    try {
      other = Commit.of(Path.of(launcher).toAbsolutePath().getParent(), name);
    } catch (IOException failed) {
      throw wrong("--compare: " + failed.getMessage());
    }
    List<Case> cases = chosen().stream().filter(Comparison::takes).toList();
    Gauge.Pace pace = (quick ? Gauge.Pace.QUICK : Gauge.Pace.FULL).rounds(rounds == 0 ? 5 : rounds);
    return new Comparison(other, pace, out).run(cases).isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  private void write(Result result) throws IOException {
    Files.createDirectories(directory);
    Path json = Files.writeString(directory.resolve("results.json"), Json.report(result));
    Path html =
        Files.writeString(directory.resolve("report.html"), new Report(result, kept()).html());
    out.println(json.toAbsolutePath());
    out.println(html.toAbsolutePath());
    if (goalsFile != null) {
      Files.write(goalsFile, result.outcomes().stream().map(Json::line).toList());
    }
  }

  private @Nullable Kept kept() throws IOException {
    if (since != null) {
      return Kept.read(since);
    }
    String launcher = System.getProperty(Probe.LAUNCHER, "");
    Path usual = Path.of(launcher).resolveSibling("docs/benchmarks.json");
    return launcher.isEmpty() || !Files.isRegularFile(usual) ? null : Kept.read(usual);
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
