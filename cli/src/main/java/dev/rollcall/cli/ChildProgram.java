package dev.rollcall.cli;

import java.io.File;
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

  /**
   * Tells whether a program can be started, as far as that shows before it is: 0, or the exit code
   * that shells have for it.
   */
  static int codeOfStart(List<String> command) {
    String name = command.get(0);
    if (name.indexOf(File.separatorChar) >= 0) {
      return codeOfStart(Path.of(name));
    }
    int code = NOT_FOUND;
    String path = System.getenv().getOrDefault("PATH", ":/bin:/usr/bin");
    for (String folder : path.split(File.pathSeparator, -1)) {
      int found = codeOfStart(Path.of(folder).resolve(name));
      if (found == 0) {
        return 0;
      }
      code = Math.min(code, found); // a file that cannot be run has been found
    }
    return code;
  }

  private static int codeOfStart(Path file) {
    return !Files.exists(file)
        ? NOT_FOUND
        : Files.isRegularFile(file) && Files.isExecutable(file) ? 0 : CANNOT_BE_RUN;
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
