package dev.rollcall.server.consul;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A centre that keeps its data, as a process of its own, which can be killed. */
final class CentreProcess implements AutoCloseable {
  private final Process process;
  private final BufferedReader out;

  private CentreProcess(Process process) {
    this.process = process;
    out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** The program: store, node, folder. */
  public static void main(String[] arguments) throws InterruptedException {
    System.out.println(
        "ready at "
            + CentreUnderTest.start(arguments[0], arguments[1], Path.of(arguments[2])).uri());
    System.out.flush();
    Thread.currentThread().join();
  }

  /**
   * Starts the program; does not wait for it.
   *
   * @param before what stands before {@code java}
   */
  static CentreProcess start(String store, String node, Path data, String... before)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(before));
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            CentreProcess.class.getName(),
            store,
            node,
            data.toString()));
    return new CentreProcess(new ProcessBuilder(command).redirectErrorStream(true).start());
  }

  /** Waits until it serves, and returns a client of {@code /v1}. */
  Client awaitReady() throws IOException {
    StringBuilder said = new StringBuilder();
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.startsWith("ready at ")) {
        Thread drain = new Thread(() -> out.lines().forEach(System.out::println), "centre-output");
        drain.setDaemon(true);
        drain.start();
        return new Client(line.substring("ready at ".length()) + "/v1");
      }
      said.append(line).append('\n');
    }
    throw new IOException("the centre has ended:\n" + said);
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Ends it as {@code kill -9} does, and waits until it is gone. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the centre lives");
    }
  }

  /** Waits for a while in which it is to live. */
  void live(long millis) throws InterruptedException {
    boolean unused = process.waitFor(millis, TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
