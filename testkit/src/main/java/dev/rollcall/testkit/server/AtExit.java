package dev.rollcall.testkit.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * What must not outlive this JVM: child processes and temporary folders. A shutdown hook kills the
 * ones and deletes the others. Starting a process and ending them all exclude one another, so none
 * slips through while the JVM goes down. A JVM that is itself killed cannot run the hook.
 */
final class AtExit {
  /** Guards all below. */
  private static final Object LOCK = new Object();

  private static final Set<Process> PROCESSES = new HashSet<>();
  private static final Set<Path> FOLDERS = new HashSet<>();
  private static boolean hooked;
  private static boolean ending;

  private AtExit() {}

  static Process start(ProcessBuilder builder) throws IOException {
    synchronized (LOCK) {
      hook();
      PROCESSES.removeIf(process -> !process.isAlive());
      Process process = builder.start();
      PROCESSES.add(process);
      return process;
    }
  }

  static Path temporaryFolder(String prefix) {
    synchronized (LOCK) {
      hook();
      try {
        Path folder = Files.createTempDirectory("rollcall-" + prefix + "-");
        FOLDERS.add(folder);
        return folder;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  static void deleteFolder(Path folder) {
    Folders.delete(folder);
    synchronized (LOCK) {
      FOLDERS.remove(folder);
    }
  }

  private static void hook() {
    if (ending) {
      throw new ServerException("the JVM is ending (expected: running)");
    }
    if (!hooked) {
      Runtime.getRuntime().addShutdownHook(new Thread(AtExit::endAll, "rollcall-testkit-shutdown"));
      hooked = true;
    }
  }

  private static void endAll() {
    synchronized (LOCK) {
      ending = true;
      PROCESSES.forEach(Process::destroyForcibly);
      PROCESSES.forEach(process -> process.onExit().join());
      FOLDERS.forEach(Folders::delete);
    }
  }
}
