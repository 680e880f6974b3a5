package dev.rollcall.server.dashboard;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.function.Predicate;

/** A client of the stream on a bare socket, which reads when it is told to and not before. */
final class Stream implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Socket socket;
  private final BufferedReader reader;
  private final StringBuilder head = new StringBuilder();

  Stream(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(
        60_000); // what does not come is to fail the test, and not to hold up the build
    socket
        .getOutputStream()
        .write(
            "GET /dashboard/events HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII));
    reader =
        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
  }

  String head() throws IOException {
    while (head.length() == 0 || !head.toString().endsWith("\n\n")) {
      String line = reader.readLine();
      if (line == null) {
        break;
      }
      head.append(line).append('\n');
    }
    return head.toString();
  }

  /** Reads up to an event of a name (of any, where that is empty) that is looked for. */
  JsonNode await(String name, Predicate<JsonNode> wanted) throws IOException {
    head();
    String event = "";
    while (true) {
      String line = reader.readLine();
      if (line == null) {
        throw new IOException("the stream has ended");
      }
      if (line.startsWith("event: ")) {
        event = line.substring("event: ".length());
      } else if (line.startsWith("data: ") && (name.isEmpty() || name.equals(event))) {
        JsonNode data = JSON.readTree(line.substring("data: ".length()));
        if (wanted.test(data)) {
          return data;
        }
      }
    }
  }

  boolean isEnded() throws IOException {
    while (true) {
      String line = reader.readLine();
      if (line == null) {
        return true;
      }
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
