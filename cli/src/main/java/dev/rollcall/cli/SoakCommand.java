package dev.rollcall.cli;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.testkit.soak.Soak;
import dev.rollcall.testkit.soak.SoakReport;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code rollcall soak}. */
@Command(
    name = "soak",
    description = {
      "Qualifies a store: random registrations, updates, departures, take-overs, crashes, watches and"
          + " keys, on lines that are cut, silent and slow; after each round the store is read past"
          + " all clients, and everything compared with it.",
      "What it puts there has names of its own, soak-…, and is taken out in the end."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:no check has failed",
      "1:one has, or the store is unavailable",
      "2:the command line is wrong"
    })
final class SoakCommand implements Callable<Integer> {
  private static final String LOG_LEVEL = "ROLLCALL_LOG";

  @Option(
      names = "--backend",
      paramLabel = "URI",
      // Shown nowhere: it may hold a token.
      defaultValue = "${env:ROLLCALL_BACKEND}",
      description =
          "The store, such as etcd://127.0.0.1:2379/soak; ROLLCALL_BACKEND in the environment where"
              + " not given, else memory:, one in this process.")
  private @Nullable String backend;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description =
          "What operations and faults are drawn from; a random one where not given. The report says"
              + " it: the same one gives the same in the same order.")
  private @Nullable Long seed;

  @Option(
      names = "--minutes",
      paramLabel = "M",
      defaultValue = "1",
      description =
          "For how long new rounds begin, 0.05 to 43200, such as 0.5; ${DEFAULT-VALUE} where not"
              + " given. The last round is finished.")
  private double minutes = 1;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    if (!(minutes >= 0.05 && minutes <= 43_200)) {
      throw RegistryException.invalid("--minutes: " + minutes + " (expected: 0.05-43200)");
    }
    quieten();
    String uri = backend == null || backend.isBlank() ? "memory:" : backend;
    PrintWriter out = spec.commandLine().getOut();
    Soak soak =
        Soak.on(uri)
            .lasting(Duration.ofMillis(Math.round(minutes * 60_000)))
            .progress(
                line -> {
                  out.println(line);
                  out.flush();
                });
    if (seed != null) {
      soak.seed(seed);
    }
    out.println("seed " + soak.seed());
    out.flush();
    SoakReport report = soak.run();
    report.lines().forEach(line -> out.println(Cells.safe(line)));
    if (!report.passed()) {
      out.println();
      out.println(
          "Again: ./rollcall soak --backend '"
              + Cells.safe(BackendUri.parse(uri).toString())
              + "' --seed "
              + report.seed()
              + " --minutes "
              + spec.commandLine().getParseResult().matchedOptionValue("--minutes", minutes));
    }
    out.flush();
    return report.passed() ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  /** Faults are made on purpose: what clients say of each would hide the report. */
  private static void quieten() {
    if (System.getenv(LOG_LEVEL) == null) {
      System.setProperty(LOG_LEVEL, "ERROR");
      Logger.getLogger("").setLevel(Level.SEVERE);
    }
  }
}
