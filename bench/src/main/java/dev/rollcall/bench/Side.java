package dev.rollcall.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The JVM of one {@link Turns}, seen from the process that gives the turns. One thread's. */
final class Side implements AutoCloseable {
  private final String label;
  private final Process process;
  private final BufferedReader output;
  private final Writer input;
  private final StringBuilder said = new StringBuilder();
  private final List<Double> turns = new ArrayList<>();

  /** Starts the JVM, which warms up by itself. */
  Side(String label, List<String> command) throws IOException {
    this.label = label;
    process = new ProcessBuilder(command).redirectErrorStream(true).start();
    output = process.inputReader(StandardCharsets.UTF_8);
    input = process.outputWriter(StandardCharsets.UTF_8);
  }

  /** Waits until it is warm. */
  void awaitReady() throws IOException {
    next("ready");
  }

  /** Lets it take one turn, the last of them where {@code last} says so, and waits for its end. */
  void turn(boolean last) throws IOException {
    input.write("go\n");
    input.flush();
    turns.add(Double.parseDouble(next("turn ")));
    if (!last) {
      next("ready");
    }
  }

  /** Waits for what it tells after its last turn. */
  Gauge.Round finish(boolean sampled, boolean alone) throws IOException {
    double bytes = Double.parseDouble(next("bytes "));
    List<Double> percentiles = new ArrayList<>();
    if (sampled) {
      for (String number : next("percentiles ").split(" ", -1)) {
        percentiles.add(Double.parseDouble(number));
      }
    }
    next("end");
    return new Gauge.Round(turns, alone ? bytes : Double.NaN, percentiles, "ns");
  }

  private String next(String what) throws IOException {
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      if (line.startsWith(Turns.MARK + what)) {
        return line.substring((Turns.MARK + what).length());
      }
      said.append(line).append('\n');
    }
    throw new IOException(label + " has ended by itself:\n" + said);
  }

  /** Ends the JVM, wherever it is. */
  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
