package dev.rollcall.bench.fleet;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A program of this package with its arguments, and the figures that it must give.
 *
 * @param group the word on the command line
 * @param label what it does
 * @param program the class that has the {@code main}
 * @param arguments what it is told, before {@code full} or {@code quick}
 * @param heapMegabytes the most that its heap may grow to
 * @param figures the ids of what it measures
 */
public record Scenario(
    String group,
    String label,
    Class<?> program,
    List<String> arguments,
    int heapMegabytes,
    List<String> figures) {
  /** Where the launcher of the command line is; without it there is no centre to start. */
  public static final String LAUNCHER = "rollcall.launcher";

  /** The group of many clients of one store. */
  public static final String FLEET = "fleet";

  /** The group of the registry centre under load. */
  public static final String CENTRE = "centre";

  private static final long MOST_MINUTES = 10;

  /**
   * Returns all there are, in their order.
   *
   * @return a new list
   */
  public static List<Scenario> all() {
    List<Scenario> all = new ArrayList<>();
    all.add(
        new Scenario(
            FLEET,
            "the first registration and the first pick of a fresh JVM",
            FirstCalls.class,
            List.of(),
            256,
            FirstCalls.figures()));
    for (Store store : Store.values()) {
      List<String> word = List.of(store.word());
      all.add(
          new Scenario(
              FLEET,
              store.title() + ": an idle hour on the wire",
              IdleHour.class,
              word,
              1024,
              IdleHour.figures(store)));
      all.add(
          new Scenario(
              FLEET,
              store.title() + ": a deploy",
              Deploy.class,
              word,
              4096,
              Deploy.figures(store)));
      all.add(
          new Scenario(
              FLEET,
              store.title() + ": many leases of one process",
              Leases.class,
              word,
              1024,
              Leases.figures(store)));
      all.add(
          new Scenario(
              FLEET,
              store.title() + ": many processes, and the store is lost",
              Herd.class,
              word,
              4096,
              Herd.figures(store)));
    }
    all.add(
        new Scenario(
            CENTRE,
            "the registry centre beside a Consul agent",
            CentreLoad.class,
            List.of(),
            512,
            CentreLoad.figures()));
    all.add(
        new Scenario(
            CENTRE,
            "the registry centre: another client beside the worst reader",
            WorstReader.class,
            List.of(),
            512,
            WorstReader.figures()));
    return all;
  }

  /**
   * Runs it in a JVM of its own, and everything that it starts.
   *
   * @param quick in a smaller size, for a first look
   * @return its figures, in the order in which they were measured
   * @throws IOException if it failed, with the end of what it said, or a figure is missing
   * @throws InterruptedException if this thread is interrupted; the program is ended
   */
  public List<Figure> run(boolean quick) throws IOException, InterruptedException {
    List<String> command = jvm(heapMegabytes);
    command.add(program.getName());
    command.addAll(arguments);
    command.add(quick ? "quick" : "full");
    List<Figure> measured = figuresOf(command);
    for (String id : figures) {
      if (measured.stream().noneMatch(figure -> figure.id().equals(id))) {
        throw new IOException(label + ": " + id + " was not measured");
      }
    }
    return measured;
  }

  /** The beginning of a command that runs a class of this class path. */
  static List<String> jvm(int heapMegabytes) {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
    command.add("-Xmx" + heapMegabytes + "m");
    command.add("-D" + LAUNCHER + "=" + System.getProperty(LAUNCHER, ""));
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    return command;
  }

  /** Runs a command to its end. */
  static List<Figure> figuresOf(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    Thread limit = new Thread(() -> endLate(process), "end-of-scenario");
    limit.setDaemon(true);
    limit.start();
    List<Figure> figures = new ArrayList<>();
    StringBuilder said = new StringBuilder();
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        Optional<Figure> figure = Figure.parse(line);
        if (figure.isPresent()) {
          figures.add(figure.get());
        } else {
          said.append(line).append('\n');
        }
      }
      int code = process.waitFor();
      if (code != 0) {
        throw new IOException("exit code " + code + ":\n" + tail(said));
      }
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      limit.interrupt();
    }
    return figures;
  }

  private static void endLate(Process process) {
    try {
      if (!process.waitFor(MOST_MINUTES, TimeUnit.MINUTES)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }

  private static String tail(StringBuilder said) {
    return said.substring(Math.max(0, said.length() - 4000));
  }
}
