package dev.rollcall.testkit.server;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A TCP line to a server, on loopback, that can forget its connections as a router does that
 * restarts: neither a byte nor an end passes on them any more, for ever, while new connections
 * work. ({@link FaultProxy} delivers after healing what it has held back.)
 *
 * <p>Thread-safe; no method blocks. Each connection has two daemon threads.
 *
 * @since 0.1.0
 */
public final class ForgetfulRouter implements AutoCloseable {
  private final ServerSocket listening;
  private final int target;
  private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();
  private volatile Era era = new Era();

  /** Connections that die together. */
  private static final class Era {
    private volatile boolean dead;
    private volatile long answeredNanos; // 0 until the server has said something
  }

  private ForgetfulRouter(ServerSocket listening, int target) {
    this.listening = listening;
    this.target = target;
  }

  /**
   * Opens a line to a server's client port. It stays right across the server's restarts.
   *
   * @param server the target; it need not run yet
   * @return a line that passes everything on
   * @throws ServerException if no port can be opened
   */
  public static ForgetfulRouter to(TestServer server) {
    try {
      ForgetfulRouter router =
          new ForgetfulRouter(
              new ServerSocket(0, 200, InetAddress.getLoopbackAddress()), server.port());
      router.start("accept", router::accept);
      return router;
    } catch (IOException failed) {
      throw new ServerException("no port for a line to " + server.name(), failed);
    }
  }

  /**
   * Returns the port to connect to, on 127.0.0.1.
   *
   * @return the port, the same until {@link #close()}
   */
  public int port() {
    return listening.getLocalPort();
  }

  /** Forgets all connections, and from now on each new one at once. */
  public void forget() {
    era.dead = true;
  }

  /** Lets new connections pass; those of before stay dead. */
  public void heal() {
    era = new Era();
  }

  /**
   * Returns whether the server has said anything since the line was opened or healed.
   *
   * @return whether a byte of the server has passed since then
   */
  public boolean isAnswered() {
    return era.answeredNanos != 0;
  }

  /**
   * Returns when the server said something for the first time since the line was opened or healed.
   *
   * @return a time of {@link System#nanoTime()}, or 0 if it has said nothing
   */
  public long answeredNanos() {
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

  /** Ends all connections and closes the port. */
  @Override
  public void close() {
    try {
      listening.close();
    } catch (IOException failed) {
      throw new ServerException("closing the line at port " + port(), failed);
    }
    sockets.forEach(ForgetfulRouter::close);
  }
}
