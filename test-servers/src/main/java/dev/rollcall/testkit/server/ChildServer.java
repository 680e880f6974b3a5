package dev.rollcall.testkit.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What all servers share: the states stopped, running, paused and closed, and the way between them.
 * A product adds its command line and how it shows that it serves.
 *
 * <p>All changes of state hold {@code lock} to their end, so they run one at a time. Readers of
 * {@code process} take no lock: they see the last process that was started, which may have ended.
 */
abstract sealed class ChildServer implements TestServer permits EtcdServer, ConsulServer {
  private static final int TAIL_LINES = 40;

  private final Object lock = new Object();
  private final ServerKind kind;
  private final ServerBinary binary;
  private final PortLease ports;
  private final Duration startTimeout;
  private final Path folder;

  /** Written under {@code lock}, read anywhere. */
  private volatile @Nullable ServerProcess process;

  /** Guarded by {@code lock}. */
  private boolean paused;

  /** Guarded by {@code lock}. */
  private boolean closed;

  ChildServer(ServerKind kind, ServerBinary binary, PortLease ports, Duration startTimeout) {
    this.kind = kind;
    this.binary = binary;
    this.ports = ports;
    this.startTimeout = startTimeout;
    this.folder = AtExit.temporaryFolder(kind.executable());
  }

  /** The command of a start, without the executable. */
  abstract List<String> arguments();

  /** Whether a request that needs the whole server, and its cluster's majority, was answered. */
  abstract boolean isServing();

  final int port(int index) {
    return ports.port(index);
  }

  @Override
  public final String name() {
    return kind.executable() + "-" + port();
  }

  @Override
  public final ServerBinary binary() {
    return binary;
  }

  @Override
  public final int port() {
    return port(0);
  }

  @Override
  public final String endpoint() {
    return Loopback.url("http", port());
  }

  @Override
  public final boolean isRunning() {
    ServerProcess current = process;
    return current != null && current.isAlive();
  }

  @Override
  public final long pid() {
    return requireRunning().pid();
  }

  @Override
  public final void start() {
    synchronized (lock) {
      if (spawn()) {
        awaitServing();
      }
    }
  }

  /** Starts without waiting, for clusters; returns false where the server ran already. */
  final boolean spawn() {
    synchronized (lock) {
      if (closed || (paused && isRunning())) {
        throw new IllegalStateException(
            name() + ": " + (closed ? "closed" : "paused") + " (expected: stopped or running)");
      }
      if (isRunning()) {
        return false;
      }
      paused = false;
      process = binary.launcher(kind).start(arguments(), folder, logFile());
      return true;
    }
  }

  /** The second half of a start. A server that does not make it is killed. */
  final void awaitServing() {
    synchronized (lock) {
      ServerProcess current = Objects.requireNonNull(process, "spawned before");
      try {
        boolean served = Poll.until(startTimeout, () -> !current.isAlive() || isServing());
        if (!current.isAlive()) {
          throw endedEarly(current);
        }
        if (!served) {
          throw new ServerException(
              failureMessage("does not serve after " + startTimeout.toSeconds() + " s"));
        }
      } catch (ServerException e) {
        current.kill();
        throw e;
      }
    }
  }

  private ServerException endedEarly(ServerProcess ended) {
    String log = logTail().toLowerCase(Locale.ROOT);
    return log.contains("address already in use")
        ? new PortClashException(failureMessage("found a port in use"))
        : new ServerException(failureMessage("ended with exit code " + ended.exitCode()));
  }

  @Override
  public final void stop() {
    synchronized (lock) {
      ServerProcess current = process;
      if (current != null && current.isAlive()) {
        if (paused) {
          current.resume();
        }
        current.terminate();
      }
      paused = false;
    }
  }

  @Override
  public final void kill() {
    synchronized (lock) {
      ServerProcess current = process;
      if (current != null) {
        current.kill();
      }
      paused = false;
    }
  }

  @Override
  public final void pause() {
    synchronized (lock) {
      ServerProcess current = requireRunning();
      if (!paused) {
        current.suspend();
        paused = true;
      }
    }
  }

  @Override
  public final void resume() {
    synchronized (lock) {
      ServerProcess current = requireRunning();
      if (paused) {
        current.resume();
        paused = false;
      }
    }
  }

  @Override
  public final void wipe() {
    synchronized (lock) {
      if (isRunning()) {
        throw new IllegalStateException(name() + ": running (expected: stopped)");
      }
      Folders.delete(dataFolder());
    }
  }

  @Override
  public final Path dataFolder() {
    return folder.resolve("data");
  }

  @Override
  public final Path logFile() {
    return folder.resolve("log");
  }

  @Override
  public final String logTail() {
    if (!Files.exists(logFile())) {
      return "";
    }
    try {
      String log = Files.readString(logFile(), StandardCharsets.ISO_8859_1);
      List<String> lines = log.lines().toList();
      return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public final void close() {
    synchronized (lock) {
      if (!closed) {
        closed = true;
        kill();
        AtExit.deleteFolder(folder);
        ports.close();
      }
    }
  }

  private ServerProcess requireRunning() {
    ServerProcess current = process;
    if (current == null || !current.isAlive()) {
      throw new IllegalStateException(name() + ": stopped (expected: running)");
    }
    return current;
  }

  private String failureMessage(String what) {
    return name() + " " + what + "; its log ends:\n" + logTail();
  }

  @Override
  public final String toString() {
    return name() + " (" + binary.version() + ", " + (isRunning() ? "running" : "stopped") + ")";
  }
}
