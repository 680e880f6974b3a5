package dev.rollcall.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The program that {@code register … -- CMD} runs, on this process's input and outputs. */
final class ChildProgram {
  static final int CANNOT_BE_RUN = 126;
  static final int NOT_FOUND = 127;

  private final Process process;

  private ChildProgram(Process process) {
    this.process = process;
  }

  static ChildProgram start(List<String> command) throws IOException {
    return new ChildProgram(new ProcessBuilder(command).inheritIO().start());
  }

  /** Returns the exit code for a program that could not be started, as shells have it. */
  static int codeOfFailedStart(List<String> command) {
    return Files.exists(Path.of(command.get(0))) ? CANNOT_BE_RUN : NOT_FOUND;
  }

  /** Completes with the exit code, 128 + n where a signal n has ended the program. */
  CompletableFuture<Integer> ended() {
    return process.onExit().thenApply(Process::exitValue);
  }

  void signal(Signals.Signal signal) {
    if (signal == Signals.Signal.TERM) {
      process.destroy();
      return;
    }
    try {
      new ProcessBuilder("kill", "-" + signal.name(), Long.toString(process.pid()))
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start();
    } catch (IOException noSuchTool) {
      process.destroy();
    }
  }

  void kill() {
    process.destroyForcibly();
  }
}
