package dev.rollcall.testkit.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Sends back what it gets, until the end of the stream, which it sends back too. */
final class EchoServer implements AutoCloseable {
  private final ServerSocket listener;
  private final Thread acceptor;
  private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();
  private final AtomicInteger accepted = new AtomicInteger();
  private final AtomicInteger resets = new AtomicInteger();

  EchoServer() throws IOException {
    listener = new ServerSocket();
    listener.bind(Loopback.address(0));
    acceptor = daemon(this::accept, "echo-accept");
  }

  InetSocketAddress address() {
    return Loopback.address(listener.getLocalPort());
  }

  int accepted() {
    return accepted.get();
  }

  /** Connections that ended otherwise than by an end of stream. */
  int resets() {
    return resets.get();
  }

  /** Ends all connections in order, from this side. */
  void hangUp() throws IOException {
    for (Socket socket : sockets) {
      if (!socket.isClosed()) {
        socket.shutdownOutput();
      }
    }
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = listener.accept();
        sockets.add(socket);
        accepted.incrementAndGet();
        daemon(() -> echo(socket), "echo");
      }
    } catch (IOException closed) {
      // The test ends.
    }
  }

  private void echo(Socket socket) {
    try (socket) {
      socket.setTcpNoDelay(true);
      socket.getInputStream().transferTo(socket.getOutputStream());
    } catch (IOException e) {
      resets.incrementAndGet();
    }
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  @Override
  public void close() {
    try {
      listener.close();
      // An accept under way may still succeed; its connection must be closed too.
      acceptor.join();
      for (Socket socket : sockets) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
