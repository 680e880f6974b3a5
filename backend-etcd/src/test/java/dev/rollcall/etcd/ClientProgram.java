package dev.rollcall.etcd;

import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** An application in a JVM of its own, which registers one instance and lives until it is ended. */
final class ClientProgram implements AutoCloseable {
  static final String ID = "program";

  private final Process process;

  private ClientProgram(Process process) {
    this.process = process;
  }

  static ClientProgram start(String uri, Duration ttl) {
    try {
      return new ClientProgram(
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  ClientProgram.class.getName(),
                  uri,
                  ttl.toString())
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Suspends it (STOP), or lets it go on (CONT). */
  void signal(String name) throws Exception {
    List<String> command = List.of("/bin/sh", "-c", "kill -" + name + " " + process.pid());
    Rig.check(new ProcessBuilder(command).start().waitFor() == 0, "SIG" + name + " failed");
  }

  void kill() {
    process.destroyForcibly().onExit().join();
  }

  @Override
  public void close() {
    kill();
  }

  public static void main(String[] arguments) throws IOException {
    try (Registry registry = Registry.open(arguments[0]);
        InputStream parent = System.in) {
      registry
          .register(Rig.instance(ID, 1), Liveness.heartbeat(Duration.parse(arguments[1])))
          .join();
      while (parent.read() >= 0) {} // the one who started it holds the other end
    }
  }
}
