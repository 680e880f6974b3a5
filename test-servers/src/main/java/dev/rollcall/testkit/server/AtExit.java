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

  /** Linux's folder in memory. Elsewhere, and where containers keep it small, it is not used. */
  private static final Path MEMORY = Path.of("/dev/shm");

  /** For a dozen servers; etcd reserves 64 MB for each of its first two logs. */
  private static final long ENOUGH_MEMORY = 4L << 30;

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
        Path folder = Files.createTempDirectory(root(), "rollcall-" + prefix + "-");
        FOLDERS.add(folder);
        return folder;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static Path root() throws IOException {
    boolean room =
        Files.isWritable(MEMORY) && Files.getFileStore(MEMORY).getUsableSpace() >= ENOUGH_MEMORY;
    return room ? MEMORY : Path.of(System.getProperty("java.io.tmpdir"));
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
