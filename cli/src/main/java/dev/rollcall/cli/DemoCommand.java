package dev.rollcall.cli;

import dev.rollcall.RegistryException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** {@code rollcall demo}. */
@Command(
    name = "demo",
    description = {
      "Shows the main job in some seconds: five HTTP servers of two services are registered, watched,"
          + " looked up, called, updated, killed and deregistered.",
      "It checks what it sees, and leaves nothing in the store."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    optionListHeading = "%nOptions:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all was seen that should be",
      "1:something was not, or the store is unavailable",
      "2:the command line is wrong"
    })
final class DemoCommand implements Callable<Integer> {
  private final Screen screen;

  @Option(
      names = "--backend",
      paramLabel = "URI",
      defaultValue = "memory:",
      description = "The store to use; ${DEFAULT-VALUE} where not given, a store in this process.")
  private String backend = "memory:";

  @Option(
      names = "--deadline",
      paramLabel = "SECONDS",
      defaultValue = "10",
      description =
          "How long to wait for each thing that is to be seen, 1 to 300; ${DEFAULT-VALUE} where not"
              + " given.")
  private int deadline = 10;

  DemoCommand(Screen screen) {
    this.screen = screen;
  }

  @Override
  public Integer call() {
    if (deadline < 1 || deadline > 300) {
      throw RegistryException.invalid("--deadline: " + deadline + " (expected: 1-300)");
    }
    // Demos that share a store must not meet, and a killed one may have left something behind.
    String run = String.format("%04x", ThreadLocalRandom.current().nextInt(0x10000));
    return new Demo(screen, shared(backend, run), run, Duration.ofSeconds(deadline)).run()
        ? ExitCode.OK
        : ExitCode.SOFTWARE;
  }

  /** A private store has one client only, and the demo needs two: the second one is to die. */
  private static String shared(String uri, String run) {
    return uri.equals("memory:") || uri.startsWith("memory:?")
        ? "memory:demo-" + run + uri.substring("memory:".length())
        : uri;
  }
}
