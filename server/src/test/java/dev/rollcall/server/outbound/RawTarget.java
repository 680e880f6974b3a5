package dev.rollcall.server.outbound;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A target on a socket, so that it can misbehave in ways that no server would. */
final class RawTarget implements AutoCloseable {
  /** What is done with one connection, after its request's head was read. */
  interface Behaviour {
    void serve(Socket socket, OutputStream out) throws IOException, InterruptedException;
  }

  static final Behaviour OK = answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

  final List<String> heads = new CopyOnWriteArrayList<>();
  final AtomicInteger dropped = new AtomicInteger();
  private final ServerSocket server;
  private final Behaviour behaviour;

  RawTarget(String host, int port, Behaviour behaviour) throws IOException {
    server = new ServerSocket(port, 4096, InetAddress.getByName(host));
    this.behaviour = behaviour;
    start(this::accept);
  }

  RawTarget(Behaviour behaviour) throws IOException {
    this("127.0.0.1", 0, behaviour);
  }

  static Behaviour answering(String answer) {
    return (socket, out) -> out.write(answer.getBytes(StandardCharsets.US_ASCII));
  }

  static Behaviour dripping(String head, String drop) {
    return (socket, out) -> {
      out.write(head.getBytes(StandardCharsets.US_ASCII));
      while (true) {
        out.write(drop.getBytes(StandardCharsets.US_ASCII));
        out.flush();
        Thread.sleep(100);
      }
    };
  }

  int port() {
    return server.getLocalPort();
  }

  CallTarget target() {
    return CallTarget.parse("test", "http://127.0.0.1:" + port() + "/heartbeat");
  }

  CallTarget target(String host) {
    return CallTarget.parse("test", "http://" + host + ":" + port() + "/heartbeat");
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        start(() -> serve(socket));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      InputStream in = socket.getInputStream();
      StringBuilder head = new StringBuilder();
      while (head.indexOf("\r\n\r\n") < 0) {
        int read = in.read();
        if (read < 0) {
          return;
        }
        head.append((char) read);
      }
      heads.add(head.toString());
      behaviour.serve(socket, socket.getOutputStream());
    } catch (IOException gone) {
      dropped.incrementAndGet();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(null, task, "raw-target", 256 * 1024);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
