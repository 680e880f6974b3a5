package dev.rollcall.consul;

import dev.rollcall.kv.Bytes;
import dev.rollcall.testkit.server.ConsulServer;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;

/**
 * A real agent that answers as a later version would: an HTTP proxy in front of it that passes each
 * request on, records it, and lets one rule change the answer, or answer in the agent's place.
 *
 * <p>A thread a connection, with a connection to the agent of its own; each ends when either side
 * does. {@code rule} is volatile, what is recorded is concurrent; nothing else is shared.
 */
final class LaterConsul implements AutoCloseable {
  /** What the agent says, as it is. */
  static final Rule UNCHANGED = (asked, passOn) -> passOn.answer();

  private final ConsulServer agent;
  private final ServerSocket listening;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final Queue<Asked> asked = new ConcurrentLinkedQueue<>();
  private volatile Rule rule;

  /** What a later version says. */
  interface Rule {
    Answer answer(Asked asked, PassingOn passOn) throws IOException;
  }

  /** Asks the real agent. */
  interface PassingOn {
    /** As it was asked. */
    Answer answer() throws IOException;

    /** Without some of the query's parameters and some headers. */
    Answer without(Set<String> names) throws IOException;
  }

  /** A request; {@code target} is the path and the query as they were sent. */
  record Asked(String method, String target, List<String> headers, Bytes body, long nanos) {
    boolean blocks() {
      return target.contains("index=");
    }

    /** Returns the value of a parameter of the query, or of a header; empty where there is none. */
    String said(String name) {
      for (String parameter : target.substring(target.indexOf('?') + 1).split("&", -1)) {
        if (parameter.startsWith(name + "=")) {
          return parameter.substring(name.length() + 1);
        }
      }
      return headers.stream()
          .filter(line -> isNamed(line, name))
          .map(line -> line.substring(name.length() + 1).strip())
          .findFirst()
          .orElse("");
    }

    private Asked without(Set<String> names) {
      int query = target.indexOf('?');
      String kept =
          query < 0
              ? ""
              : Arrays.stream(target.substring(query + 1).split("&", -1))
                  .filter(one -> !names.contains(one.replaceFirst("=.*", "")))
                  .collect(Collectors.joining("&"));
      return new Asked(
          method,
          (query < 0 ? target : target.substring(0, query)) + (kept.isEmpty() ? "" : "?" + kept),
          headers.stream()
              .filter(line -> names.stream().noneMatch(name -> isNamed(line, name)))
              .filter(line -> !isNamed(line, "Accept-Encoding")) // so that rules can read
              .toList(),
          body,
          nanos);
    }

    boolean isFor(String path) {
      return target.startsWith("/v1/" + path);
    }
  }

  /** An answer; headers are whole lines. */
  record Answer(String status, List<String> headers, Bytes body) {
    static Answer of(String status, String body, String... headers) {
      return new Answer(status, List.of(headers), utf8(body));
    }

    /** Returns the same with a header in place of any of that name. */
    Answer with(String name, String value) {
      List<String> others = new ArrayList<>(headers);
      others.removeIf(line -> isNamed(line, name));
      others.add(name + ": " + value);
      return new Answer(status, List.copyOf(others), body);
    }

    Answer withBody(String text) {
      return new Answer(status, headers, utf8(text));
    }

    String text() {
      return body.text();
    }
  }

  LaterConsul(ConsulServer agent, Rule rule) {
    this.agent = agent;
    this.rule = rule;
    try {
      listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    start("accept", this::accept);
  }

  int port() {
    return listening.getLocalPort();
  }

  /** Returns the URI for a client, with more options: {@code "&ns=a"}. */
  String uri(String options) {
    return "consul://127.0.0.1:" + port() + "?wait=1s&timeout=5s" + options;
  }

  void rule(Rule next) {
    rule = next;
  }

  /** Returns all requests so far. */
  List<Asked> asked() {
    return List.copyOf(asked);
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        Socket client = listening.accept();
        open.add(client);
        start("serve", () -> serve(client));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(Socket client) {
    try (client;
        Socket server = new Socket(InetAddress.getLoopbackAddress(), agent.port())) {
      open.add(server);
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
      InputStream fromClient = new BufferedInputStream(client.getInputStream());
      InputStream fromServer = new BufferedInputStream(server.getInputStream());
      for (Optional<List<String>> head = head(fromClient);
          head.isPresent();
          head = head(fromClient)) {
        List<String> lines = head.get();
        Bytes body = body(fromClient, lines, false);
        String[] first = lines.get(0).split(" ", 3);
        Asked request =
            new Asked(first[0], first[1], lines.subList(1, lines.size()), body, System.nanoTime());
        asked.add(request);
        Answer answer = rule.answer(request, new ToAgent(request, fromServer, server));
        write(
            client.getOutputStream(),
            "HTTP/1.1 " + answer.status(),
            answer.headers(),
            answer.body());
      }
    } catch (IOException ended) {
      // Of one of the two sides: so that of the other is closed.
    }
  }

  private record ToAgent(Asked asked, InputStream from, Socket agent) implements PassingOn {
    @Override
    public Answer answer() throws IOException {
      return without(Set.of());
    }

    @Override
    public Answer without(Set<String> names) throws IOException {
      Asked sent = asked.without(names);
      write(
          agent.getOutputStream(),
          sent.method() + " " + sent.target() + " HTTP/1.1",
          sent.headers(),
          sent.body());
      List<String> reply = head(from).orElseThrow(() -> new EOFException("the agent has gone"));
      return new Answer(
          reply.get(0).substring("HTTP/1.1 ".length()),
          List.copyOf(reply.subList(1, reply.size())),
          body(from, reply, true));
    }
  }

  private static Optional<List<String>> head(InputStream in) throws IOException {
    List<String> lines = new ArrayList<>();
    while (true) {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      int c = in.read();
      for (; c >= 0 && c != '\n'; c = in.read()) {
        line.write(c);
      }
      if (c < 0) {
        return Optional.empty();
      }
      String text = line.toString(StandardCharsets.ISO_8859_1).strip();
      if (text.isEmpty()) {
        return Optional.of(lines);
      }
      lines.add(text);
    }
  }

  private static Bytes body(InputStream in, List<String> head, boolean reply) throws IOException {
    for (String line : head) {
      String lower = line.toLowerCase(Locale.ROOT);
      if (lower.startsWith("content-length:")) {
        return Bytes.of(in.readNBytes(Integer.parseInt(lower.substring(15).strip())));
      }
      if (lower.startsWith("transfer-encoding:") && lower.contains("chunked")) {
        return Bytes.of(chunks(in));
      }
    }
    if (reply) {
      throw new IOException("an answer without a length: " + head);
    }
    return Bytes.of(new byte[0]);
  }

  private static byte[] chunks(InputStream in) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    while (true) {
      String size = line(in);
      int length = Integer.parseInt(size.strip(), 16);
      all.write(in.readNBytes(length));
      line(in);
      if (length == 0) {
        return all.toByteArray();
      }
    }
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException();
      }
      line.append((char) c);
    }
    return line.toString();
  }

  /** Writes a message in one piece, with its length in place of whatever said it before. */
  private static void write(OutputStream to, String first, List<String> headers, Bytes body)
      throws IOException {
    StringBuilder head = new StringBuilder(first).append("\r\n");
    headers.stream()
        .filter(line -> !isNamed(line, "Content-Length") && !isNamed(line, "Transfer-Encoding"))
        .forEach(line -> head.append(line).append("\r\n"));
    head.append("Content-Length: ").append(body.size()).append("\r\n\r\n");
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    message.write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
    message.write(body.toArray());
    to.write(message.toByteArray());
    to.flush();
  }

  private static Bytes utf8(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.UTF_8));
  }

  private static boolean isNamed(String line, String name) {
    return line.regionMatches(true, 0, name + ":", 0, name.length() + 1);
  }

  private static void start(String name, Runnable work) {
    Thread thread = new Thread(work, "later-consul-" + name);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    try {
      listening.close();
      for (Socket socket : open) {
        socket.close();
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
