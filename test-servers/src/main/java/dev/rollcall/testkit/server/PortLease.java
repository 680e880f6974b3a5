package dev.rollcall.testkit.server;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Loopback ports that stay reserved while their server is down, so that it can come back on them.
 *
 * <p>Two things keep others away. The ports lie below the range from which systems give out ports
 * to clients and to {@code bind(0)}. And each is one byte, locked, of a file that all JVMs of this
 * user share; the lock goes with the JVM, however it ends. A stranger may still take a port: the
 * start then fails with {@link PortClashException} and is tried with others.
 *
 * <p>Thread-safe: the operating system and the JVM's table of file locks are the only state.
 */
final class PortLease implements AutoCloseable {
  private static final int LOWEST = 10_240;
  private static final int HIGHEST = 32_000;
  private static final int ATTEMPTS = 2_000;
  private static final int MAX_CLASHES = 5;

  /** Never closed: to close one channel of a file drops all of a process's POSIX locks on it. */
  private static final FileChannel LOCKS = openLocks();

  private final List<FileLock> locks;

  private PortLease(List<FileLock> locks) {
    this.locks = locks;
  }

  static PortLease of(int ports) {
    List<FileLock> locks = new ArrayList<>();
    PortLease lease = new PortLease(locks);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (locks.size() == ports) {
        return lease;
      }
      FileLock lock = tryLock(ThreadLocalRandom.current().nextInt(LOWEST, HIGHEST));
      if (lock != null) {
        locks.add(lock);
      }
    }
    lease.close();
    throw new ServerException("no " + ports + " free ports from " + LOWEST + " to " + HIGHEST);
  }

  static List<PortLease> several(int leases, int portsEach) {
    List<PortLease> all = new ArrayList<>();
    try {
      while (all.size() < leases) {
        all.add(of(portsEach));
      }
      return all;
    } catch (ServerException e) {
      all.forEach(PortLease::close);
      throw e;
    }
  }

  /**
   * Tries again with other ports while another process has one; an attempt cleans up after itself.
   */
  static <T> T retryOnClash(Supplier<T> attempt) {
    for (int clashes = 1; ; clashes++) {
      try {
        return attempt.get();
      } catch (PortClashException e) {
        if (clashes == MAX_CLASHES) {
          throw e;
        }
      }
    }
  }

  int port(int index) {
    return (int) locks.get(index).position();
  }

  private static @Nullable FileLock tryLock(int port) {
    try {
      FileLock lock = LOCKS.tryLock(port, 1, false);
      if (lock == null || isFree(port)) {
        return lock;
      }
      lock.release();
      return null;
    } catch (OverlappingFileLockException e) {
      return null;
    } catch (IOException e) {
      throw new ServerException("port " + port + " cannot be reserved: " + e.getMessage(), e);
    }
  }

  private static boolean isFree(int port) {
    InetSocketAddress address = Loopback.address(port);
    try (ServerSocket tcp = new ServerSocket();
        DatagramSocket udp = new DatagramSocket(address)) {
      tcp.bind(address);
      return udp.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  private static FileChannel openLocks() {
    String name = "rollcall-ports-" + System.getProperty("user.name") + ".lock";
    try {
      return FileChannel.open(
          Path.of(System.getProperty("java.io.tmpdir"), name),
          StandardOpenOption.CREATE,
          StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new ServerException(name + " cannot be opened: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    for (FileLock lock : locks) {
      try {
        lock.release();
      } catch (IOException e) {
        throw new ServerException("port cannot be released: " + e.getMessage(), e);
      }
    }
  }
}
