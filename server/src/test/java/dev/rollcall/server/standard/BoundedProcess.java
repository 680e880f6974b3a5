package dev.rollcall.server.standard;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A {@link BoundedCentre} that runs, and those who talk to it with tokens. */
final class BoundedProcess implements AutoCloseable {
  /** May register and no more. */
  static final String ATTACKER = "attacker-token-0123456789-0123456789";

  /** May register and read. */
  static final String VICTIM = "victim-token-0123456789-0123456789";

  /** May read. */
  static final String READER = "reader-token-0123456789-0123456789";

  /** May do everything. */
  static final String OPERATOR = "operator-token-0123456789-0123456789";

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final Process process;
  private final List<String> said = new ArrayList<>(); // guarded by itself
  private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final int port;

  BoundedProcess(Path folder, String... options) throws IOException, InterruptedException {
    Path tokens = folder.resolve("tokens");
    Files.writeString(
        tokens,
        "attacker token:%s register:evil\nvictim token:%s read register:good\nreader token:%s read\nops token:%s admin\n"
            .formatted(ATTACKER, VICTIM, READER, OPERATOR));
    Files.setPosixFilePermissions(tokens, PosixFilePermissions.fromString("rw-------"));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            BoundedCentre.class.getName(),
            tokens.toString()));
    process = new ProcessBuilder(command).redirectErrorStream(true).start();
    Thread reading = new Thread(this::read, "bounded-centre-says");
    reading.setDaemon(true);
    reading.start();
    port = Integer.parseInt(answer("ready ").get(0));
  }

  private void read() {
    try (BufferedReader lines = process.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        synchronized (said) {
          said.add(line);
        }
        if (line.startsWith("ready ") || line.startsWith("memory ")) {
          answers.add(line);
        }
      }
    } catch (IOException ended) {
      throw new UncheckedIOException(ended);
    }
  }

  private List<String> answer(String begins) throws InterruptedException {
    String line = answers.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    if (line == null || !line.startsWith(begins)) {
      throw new AssertionError("not said: " + begins + "; but: " + said());
    }
    return List.of(line.substring(begins.length()).split(" ", -1));
  }

  /** Returns how many bytes the centre holds outside of its heap. */
  long directBytes() throws IOException, InterruptedException {
    return memory(0);
  }

  /** Returns how many bytes of the centre's heap are used after a collection. */
  long heapBytes() throws IOException, InterruptedException {
    return memory(1);
  }

  private long memory(int which) throws IOException, InterruptedException {
    OutputStream to = process.getOutputStream();
    to.write('\n');
    to.flush();
    return Long.parseLong(answer("memory ").get(which));
  }

  int port() {
    return port;
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Returns what the centre has written. */
  String said() {
    synchronized (said) {
      return String.join("\n", said);
    }
  }

  HttpResponse<String> send(String token, String method, String path, String body)
      throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .timeout(PATIENCE)
            .header("X-Consul-Token", token)
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout((int) PATIENCE.toMillis());
    return socket;
  }

  /** Writes the beginning of a request, and leaves it at that. */
  Socket begin(String token, String requestLine, String rest) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4 << 10);
    socket.connect(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    socket.setSoTimeout((int) PATIENCE.toMillis());
    socket
        .getOutputStream()
        .write(
            (requestLine
                    + " HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Consul-Token: "
                    + token
                    + "\r\n"
                    + rest)
                .getBytes(StandardCharsets.ISO_8859_1));
    return socket;
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
