package dev.rollcall.consul;

import dev.rollcall.testkit.server.ConsulServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A TCP line to a server that can forget its connections, as a router does that restarts: neither a
 * byte nor an end passes on them any more, for ever, while new connections work. (A {@code
 * FaultProxy} delivers after healing what it has held back.) Two daemon threads a connection.
 */
final class ForgetfulRouter implements AutoCloseable {
  private final ServerSocket listening;
  private final int target;
  private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();
  private volatile Era era = new Era();

  /** Connections that die together. */
  private static final class Era {
    private volatile boolean dead;
    private volatile long answeredNanos; // 0 until the server has said something
  }

  ForgetfulRouter(ConsulServer server) {
    target = server.port();
    try {
      listening = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    start("accept", this::accept);
  }

  int port() {
    return listening.getLocalPort();
  }

  /** Forgets all connections, and from now on each new one at once. */
  void forget() {
    era.dead = true;
  }

  /** Lets new connections pass; those of before stay dead. */
  void heal() {
    era = new Era();
  }

  /** Tells whether the server has said anything since the line was healed. */
  boolean isAnswered() {
    return era.answeredNanos != 0;
  }

  /** Returns when the server said something for the first time since the line was healed. */
  long answeredNanos() {
    return era.answeredNanos;
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        Socket client = listening.accept();
        Era own = era;
        Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
        sockets.add(client);
        sockets.add(server);
        start("up", () -> pump(own, client, server, false));
        start("down", () -> pump(own, server, client, true));
      } catch (IOException refused) {
        // closed, or the server is down: the loop looks
      }
    }
  }

  private static void pump(Era era, Socket from, Socket to, boolean answers) {
    byte[] buffer = new byte[8192];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        if (era.dead) {
          continue;
        }
        if (answers && era.answeredNanos == 0) {
          era.answeredNanos = System.nanoTime();
        }
        out.write(buffer, 0, read);
      }
    } catch (IOException broken) {
      // ends as the end of a stream does
    }
    if (!era.dead) {
      close(from);
      close(to);
    }
  }

  private void start(String what, Runnable task) {
    Thread thread = new Thread(task, "forgetful-router-" + port() + "-" + what);
    thread.setDaemon(true);
    thread.start();
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException ignored) {
      // closed all the same
    }
  }

  @Override
  public void close() {
    try {
      listening.close();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    sockets.forEach(ForgetfulRouter::close);
  }
}
