package dev.rollcall.server.standard;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;

/**
 * Opens connections that say nothing, and waits until the other side has closed them all. A program
 * of its own: both ends of ten thousand are more files than one process may open.
 */
final class IdleClients {
  private IdleClients() {}

  public static void main(String[] args) throws IOException {
    int port = Integer.parseInt(args[0]);
    int connections = Integer.parseInt(args[1]);
    List<Socket> sockets = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      Socket socket = new Socket();
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 30_000);
      sockets.add(socket);
    }
    System.out.println("open");
    for (Socket socket : sockets) {
      try {
        if (socket.getInputStream().read() >= 0) {
          throw new IllegalStateException("an answer to nothing");
        }
      } catch (SocketException reset) {
        // Closed as well.
      }
    }
    System.out.println("closed");
  }
}
