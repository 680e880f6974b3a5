package dev.rollcall.it;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** The application of {@code shared/spring} as a process that serves until it is told to end. */
final class Service implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final Pattern SERVING = Pattern.compile("^SERVING (\\d+)$", Pattern.MULTILINE);
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private final Process process;
  private final Path log;
  private int port;

  private Service(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /** Begins to start one. */
  static Service start(Consumer consumer, String name, String... arguments)
      throws IOException, InterruptedException {
    Path built = ConsumerBuilds.of(consumer);
    List<String> command = new ArrayList<>(consumer.command(built));
    command.add("--spring.application.name=" + name);
    command.addAll(List.of(arguments));
    Path log = Files.createTempFile(built, name, ".log");
    return new Service(
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start(),
        log);
  }

  /** Waits until it serves. */
  Service started() {
    await().atMost(PATIENCE).until(() -> serving() != null || !process.isAlive());
    MatchResult serving = serving();
    if (serving == null) {
      throw new AssertionError("it has not started:\n" + this);
    }
    port = Integer.parseInt(serving.group(1));
    return this;
  }

  private MatchResult serving() {
    return SERVING.matcher(toString()).results().findFirst().orElse(null);
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send(request(path).build());
  }

  HttpResponse<String> post(String path, String json) throws IOException, InterruptedException {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json))
            .build());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
        .timeout(Duration.ofSeconds(30));
  }

  private static HttpResponse<String> send(HttpRequest request)
      throws IOException, InterruptedException {
    return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
  }

  /** Sends SIGTERM, and waits until it has ended. */
  void terminate() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("it does not end:\n" + this);
    }
  }

  /** What it has said. */
  @Override
  public String toString() {
    try {
      return Files.readString(log);
    } catch (IOException gone) {
      return gone.toString();
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
