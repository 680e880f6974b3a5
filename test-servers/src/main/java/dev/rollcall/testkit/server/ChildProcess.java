package dev.rollcall.testkit.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A server as a child process of this one. Thread-safe, as {@link Process} is. */
final class ChildProcess implements ServerProcess {
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration SIGNAL_TIMEOUT = Duration.ofSeconds(10);

  private final Process process;

  private ChildProcess(Process process) {
    this.process = process;
  }

  /** Starts a command whose output is appended to a log. */
  static ChildProcess start(ServerKind kind, List<String> command, Path folder, Path log) {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    // ETCD_… and CONSUL_… of the developer's shell would configure the server.
    builder.environment().keySet().removeIf(name -> name.startsWith(kind.variablePrefix()));
    try {
      return new ChildProcess(AtExit.start(builder));
    } catch (IOException e) {
      throw new ServerException(command.get(0) + " could not be started: " + e.getMessage(), e);
    }
  }

  @Override
  public boolean isAlive() {
    return process.isAlive();
  }

  @Override
  public long pid() {
    return process.pid();
  }

  @Override
  public int exitCode() {
    return process.exitValue();
  }

  @Override
  public void terminate() {
    process.destroy();
    try {
      if (process.waitFor(STOP_TIMEOUT.toNanos(), TimeUnit.NANOSECONDS)) {
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    kill();
  }

  /** Waits for the end even when interrupted: it is near, and a folder may be deleted after it. */
  @Override
  public void kill() {
    process.destroyForcibly().onExit().join();
  }

  @Override
  public void suspend() {
    signal("STOP");
    if (!Poll.until(SIGNAL_TIMEOUT, this::isSuspended)) {
      throw new ServerException("process " + pid() + " did not stop on SIGSTOP");
    }
  }

  @Override
  public void resume() {
    signal("CONT");
  }

  private void signal(String name) {
    Command.Result result =
        Command.of(List.of("/bin/sh", "-c", "kill -" + name + " " + pid())).run(SIGNAL_TIMEOUT);
    if (!result.succeeded()) {
      throw new ServerException("SIG" + name + " to " + pid() + " failed: " + result.output());
    }
  }

  /** True where the system does not tell: the signal was accepted, and is delivered at once. */
  private boolean isSuspended() {
    Path status = Path.of("/proc", Long.toString(pid()), "stat");
    if (!Files.exists(status)) {
      return true;
    }
    try {
      String fields = Files.readString(status, StandardCharsets.ISO_8859_1);
      return fields.startsWith(" T ", fields.lastIndexOf(')') + 1);
    } catch (IOException e) {
      return !isAlive();
    }
  }
}
