package dev.rollcall.cli;

import dev.rollcall.RegistryException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/**
 * {@code rollcall bench}. The benchmarks have many dependencies and are built only when somebody
 * asks for them: the launcher then says in {@code rollcall.bench} where their jar is. It runs in a
 * JVM of its own, understands the rest of the command line itself, and ends with this one.
 */
@Command(
    name = "bench",
    description = {
      "Measures look-ups, changes and watches beside their limits, and draws a report.",
      "With --quick in less than 3 minutes; --goals FILE writes a JSON line a goal, --out DIRECTORY"
          + " and --rounds N say where to and how often.",
      "--compare COMMIT measures that commit and this checkout by turns, and tells what differs.",
      "Groups, all without any: lookup, pick, update, watch, fan-out, heartbeat, heap, start. Where"
          + " they are named: fleet, centre."
    })
final class BenchCommand implements Callable<Integer> {
  private static final String JAR = "rollcall.bench";

  @Unmatched private List<String> arguments = new ArrayList<>();

  @Override
  public Integer call() throws InterruptedException {
    String jar = System.getProperty(JAR, "");
    if (jar.isEmpty() || !Files.isRegularFile(Path.of(jar))) {
      throw RegistryException.unavailable(
          "the benchmarks are not built; ./rollcall bench builds them", null);
    }
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
    // So that it can start the registry centre as a user does.
    command.add("-Drollcall.launcher=" + System.getProperty("rollcall.launcher", ""));
    command.add("-jar");
    command.add(jar);
    command.addAll(arguments);
    Process bench;
    try {
      bench = new ProcessBuilder(command).inheritIO().start();
    } catch (IOException failed) {
      throw RegistryException.unavailable("bench: " + failed.getMessage(), failed);
    }
    Runtime.getRuntime().addShutdownHook(new Thread(bench::destroy, "end-of-bench"));
    return bench.waitFor();
  }
}
