package dev.rollcall.bench.fleet;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * A number of connections that speak HTTP/1.1, each with one request at a time, all served by the
 * thread that calls: so little that the server is measured, and not the client. An answer that is
 * not 200 is a failure. Of one thread.
 */
final class HttpLoad implements AutoCloseable {
  private final Selector selector = Selector.open();
  private final List<Line> lines = new ArrayList<>();
  private final ByteBuffer scratch = ByteBuffer.allocateDirect(256 * 1024);

  HttpLoad(String address, int connections) throws IOException {
    String[] parts = address.split(":");
    InetSocketAddress target = new InetSocketAddress(parts[0], Integer.parseInt(parts[1]));
    for (int i = 0; i < connections; i++) {
      SocketChannel channel = SocketChannel.open(target);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.configureBlocking(false);
      Line line = new Line(channel);
      channel.register(selector, SelectionKey.OP_READ, line);
      lines.add(line);
    }
  }

  /** Makes a request for Consul's API. */
  static byte[] request(String method, String path, String body) {
    return request(method, path, body, "");
  }

  /**
   * Makes a request for Consul's API.
   *
   * @param token whose it is; empty for nobody's
   */
  static byte[] request(String method, String path, String body, String token) {
    byte[] content = body.getBytes(StandardCharsets.UTF_8);
    byte[] head =
        (method
                + " "
                + path
                + " HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                + (token.isEmpty() ? "" : "X-Consul-Token: " + token + "\r\n")
                + "Content-Length: "
                + content.length
                + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII);
    byte[] all = new byte[head.length + content.length];
    System.arraycopy(head, 0, all, 0, head.length);
    System.arraycopy(content, 0, all, head.length, content.length);
    return all;
  }

  /** Sends the next request on each connection as soon as the one before is answered. */
  int run(Supplier<byte[]> requests, int count) throws IOException {
    int sent = 0;
    int answered = 0;
    for (Line line : lines) {
      if (sent < count) {
        line.send(requests.get());
        sent++;
      }
    }
    while (answered < count) {
      for (Line line : answered()) {
        answered++;
        if (sent < count) {
          line.send(requests.get());
          sent++;
        }
      }
    }
    return answered;
  }

  /** Sends as many as can be answered within a time; returns how many a second were answered. */
  double rate(Supplier<byte[]> requests, double seconds) throws IOException {
    long began = System.nanoTime();
    long end = began + (long) (seconds * 1e9);
    for (Line line : lines) {
      line.send(requests.get());
    }
    int answered = 0;
    int open = lines.size();
    while (open > 0) {
      for (Line line : answered()) {
        answered++;
        if (System.nanoTime() - end < 0) {
          line.send(requests.get());
        } else {
          open--;
        }
      }
    }
    return answered * 1e9 / (System.nanoTime() - began);
  }

  void sendAll(byte[] request) throws IOException {
    for (Line line : lines) {
      line.send(request);
    }
  }

  /** Waits until every connection has its answer; returns them. */
  List<Answer> awaitAll() throws IOException {
    int open = (int) lines.stream().filter(line -> line.answer == null).count();
    while (open > 0) {
      open -= answered().size();
    }
    return lines.stream().map(line -> java.util.Objects.requireNonNull(line.answer)).toList();
  }

  Answer call(byte[] request) throws IOException {
    lines.get(0).send(request);
    while (lines.get(0).answer == null) {
      answered();
    }
    return lines.get(0).answer;
  }

  private List<Line> answered() throws IOException {
    if (selector.select(60_000) == 0) {
      throw new IOException("no answer within a minute");
    }
    List<Line> done = new ArrayList<>();
    for (SelectionKey key : selector.selectedKeys()) {
      Line line = (Line) key.attachment();
      if (line.read(scratch)) {
        done.add(line);
      }
    }
    selector.selectedKeys().clear();
    return done;
  }

  @Override
  public void close() throws IOException {
    for (Line line : lines) {
      line.channel.close();
    }
    selector.close();
  }

  /**
   * An answer.
   *
   * @param index Consul's index; 0 without one
   * @param bytes of it all
   * @param nanos when it was complete
   */
  record Answer(long index, int bytes, long nanos) {}

  /** Where an answer ends, as far as it is there; 0 where it has not. */
  static int end(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int head = text.indexOf("\r\n\r\n");
    if (head < 0) {
      return 0;
    }
    String length = header(text.substring(0, head), "content-length");
    if (!length.isEmpty()) {
      int end = head + 4 + Integer.parseInt(length);
      return bytes.length >= end ? end : 0;
    }
    return text.endsWith("\r\n0\r\n\r\n") ? bytes.length : 0; // chunked, and JSON has no such line
  }

  static String header(String head, String name) {
    for (String line : head.split("\r\n")) {
      int colon = line.indexOf(':');
      if (colon > 0 && line.substring(0, colon).equalsIgnoreCase(name)) {
        return line.substring(colon + 1).strip();
      }
    }
    return "";
  }

  private static final class Line {
    private final SocketChannel channel;
    private final ByteArrayOutputStream reply = new ByteArrayOutputStream();
    private @org.jspecify.annotations.Nullable Answer answer;

    Line(SocketChannel channel) {
      this.channel = channel;
    }

    void send(byte[] request) throws IOException {
      reply.reset();
      answer = null;
      ByteBuffer bytes = ByteBuffer.wrap(request);
      while (bytes.hasRemaining()) {
        channel.write(bytes); // a request is small beside a socket's buffer
      }
    }

    /** Reads what is there; tells whether the answer is complete by it. */
    boolean read(ByteBuffer scratch) throws IOException {
      scratch.clear();
      int count = channel.read(scratch);
      if (count < 0) {
        throw new IOException("closed by the server: " + reply);
      }
      byte[] piece = new byte[count];
      scratch.flip().get(piece);
      reply.writeBytes(piece);
      byte[] all = reply.toByteArray();
      if (answer != null || end(all) == 0) {
        return false;
      }
      String text = new String(all, StandardCharsets.ISO_8859_1);
      if (!text.startsWith("HTTP/1.1 200")) {
        throw new IOException(text);
      }
      String index = header(text.substring(0, text.indexOf("\r\n\r\n")), "x-consul-index");
      answer =
          new Answer(index.isEmpty() ? 0 : Long.parseLong(index), all.length, System.nanoTime());
      return true;
    }
  }
}
