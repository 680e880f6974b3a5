package dev.rollcall.cli;

import static java.util.Objects.requireNonNull;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.support.BrokenClassPath;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.ColorScheme;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;

/**
 * The command line. Exit codes: 0 where it went well, 1 where something failed, 2 where the command
 * line is wrong, which includes one without a command, 3 where what was asked for is not there.
 *
 * @since 0.1.0
 */
@Command(
    name = "rollcall",
    description = "Who is there, right now? Service registry and discovery for the JVM.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    optionListHeading = "%nOptions:%n",
    commandListHeading = "%nCommands:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:it went well",
      "1:something failed; the last line on stderr says what",
      "2:the command line is wrong, or has no command",
      "3:what was asked for is not there: an instance, a key",
      "128+n:ended by signal n: 130 after Ctrl-C"
    },
    footer = {
      "",
      "ROLLCALL_BACKEND in the environment is the store where --backend is not given.",
      "ROLLCALL_LOG=INFO in the environment shows what the library does, on stderr.",
      "NO_COLOR=1 switches colours off; they appear on terminals only."
    })
public final class Rollcall {
  private static final int NOT_THERE = 3;

  /** Kept here, since the JDK forgets the level of a logger that nobody holds. */
  private static final Logger JDK_LOG = Logger.getLogger("");

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Show the stack trace of a failure.")
  private boolean verbose;

  private Rollcall() {}

  /**
   * Runs a command and ends the JVM with its exit code.
   *
   * @param args the command line; {@code --help} explains it
   */
  public static void main(String[] args) {
    // Not the platform's charset: messages quote names, and a name may be in any script.
    // gRPC logs by the JDK, which would show what is of use to nobody.
    JDK_LOG.setLevel(Level.WARNING);
    PrintWriter out = new PrintWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8));
    PrintWriter err = new PrintWriter(new OutputStreamWriter(System.err, StandardCharsets.UTF_8));
    int code = run(out, err, Ansi.AUTO, args);
    out.flush();
    err.flush();
    System.exit(code);
  }

  /** Runs a command within this JVM and returns its exit code. */
  static int run(PrintWriter out, PrintWriter err, Ansi ansi, String... args) {
    ColorScheme colors = CommandLine.Help.defaultColorScheme(ansi);
    Rollcall root = new Rollcall();
    CommandLine line =
        new CommandLine(root)
            .addSubcommand(new DemoCommand(new Screen(out, colors)))
            .addSubcommand(new ServicesCommand())
            .addSubcommand(new StatusCommand())
            .addSubcommand(new InstancesCommand())
            .addSubcommand(new RegisterCommand())
            .addSubcommand(new DeregisterCommand())
            .addSubcommand(new WatchCommand())
            .addSubcommand(new KvCommand())
            .addSubcommand(new ExampleCommand())
            .addSubcommand(new ServeCommand())
            .addSubcommand(new BenchCommand())
            .addSubcommand(new SoakCommand())
            .addSubcommand(new CompletionCommand());
    line.getSubcommands().values().forEach(Rollcall::explain);
    return line.setExpandAtFiles(false) // the arguments of a program to run are not ours
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setColorScheme(colors)
        .setOut(out)
        .setErr(err)
        .setParameterExceptionHandler(new UsageErrors())
        .setExecutionExceptionHandler(root::failed)
        .execute(withStoreInPlace(line, args));
  }

  /** Moves a --backend that stands before the command behind it, where it belongs. */
  private static String[] withStoreInPlace(CommandLine line, String... args) {
    List<String> placed = new ArrayList<>();
    List<String> store = new ArrayList<>();
    int at = 0;
    for (; at < args.length && args[at].startsWith("-"); at++) {
      boolean named = args[at].equals("--backend") && at + 1 < args.length;
      (named || args[at].startsWith("--backend=") ? store : placed).add(args[at]);
      if (named) {
        store.add(args[++at]);
      }
    }
    CommandLine command = line;
    for (; at < args.length && command.getSubcommands().containsKey(args[at]); at++) {
      placed.add(args[at]);
      command = requireNonNull(command.getSubcommands().get(args[at]));
    }
    placed.addAll(store);
    placed.addAll(Arrays.asList(args).subList(at, args.length));
    return placed.toArray(String[]::new);
  }

  /** Gives a command, and those below it, what all have. */
  private static void explain(CommandLine command) {
    CommandSpec spec = command.getCommandSpec();
    if (!spec.mixinStandardHelpOptions()) {
      spec.mixinStandardHelpOptions(true).versionProvider(new Version());
      spec.usageMessage()
          .parameterListHeading("%n")
          .optionListHeading("%nOptions:%n")
          .commandListHeading("%nCommands:%n");
    }
    command.getSubcommands().values().forEach(Rollcall::explain);
  }

  private int failed(Exception failure, CommandLine command, ParseResult parsed) {
    PrintWriter err = command.getErr();
    boolean understood =
        failure instanceof RegistryException
            || failure instanceof DemoException
            || failure instanceof NotThereException;
    if (verbose) {
      failure.printStackTrace(err);
    }
    err.println(
        command.getColorScheme().errorText("rollcall: " + Cells.safe(Sentence.of(failure)))
            + (understood || verbose ? "" : " (a fault of the program: --verbose shows where)"));
    if (failure instanceof NotThereException) {
      return NOT_THERE;
    }
    boolean wrongInput =
        failure instanceof RegistryException known
            && known.kind() == RegistryException.Kind.INVALID
            && !BrokenClassPath.isCauseOf(known);
    return wrongInput ? ExitCode.USAGE : ExitCode.SOFTWARE;
  }
}
