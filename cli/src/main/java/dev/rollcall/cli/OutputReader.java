package dev.rollcall.cli;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The process at the other end of the pipe that standard output goes to. A write tells that it is
 * gone; where nothing is written, only a look at the pipe does, and Java has none. GNU {@code tail
 * -f} has: it watches its own standard output, and is killed by SIGPIPE once that is read no more.
 * So one runs beside the watch on the same pipe, and ends with this process ({@code --pid}). Where
 * there is no such {@code tail}, the next write tells.
 */
final class OutputReader {
  private static final int KILLED_BY_SIGPIPE = 128 + 13;

  private OutputReader() {}

  /** Runs something once, on a thread of the JDK's, when the reader of standard output is gone. */
  static void whenGone(Runnable action) {
    if (!isPipe()) {
      return;
    }
    Process tail;
    try {
      tail =
          new ProcessBuilder("tail", "-f", "--pid=" + ProcessHandle.current().pid(), "/dev/null")
              .redirectOutput(Redirect.INHERIT)
              .redirectError(Redirect.DISCARD)
              .start();
    } catch (IOException noSuchTool) {
      return;
    }
    // Else the reader would wait a second longer for the end of its input.
    Runtime.getRuntime().addShutdownHook(new Thread(tail::destroy, "rollcall-output-reader"));
    tail.onExit()
        .thenAccept(
            ended -> {
              if (ended.exitValue() == KILLED_BY_SIGPIPE) {
                action.run();
              }
            });
  }

  private static boolean isPipe() {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString().startsWith("pipe:");
    } catch (IOException | UnsupportedOperationException notLinux) {
      return false;
    }
  }
}
