package dev.rollcall.server.standard;

import dev.rollcall.server.Centre;
import dev.rollcall.server.CentreLimits;
import dev.rollcall.server.access.AccessControl;
import dev.rollcall.server.access.Limits;
import dev.rollcall.server.consul.ConsulApiSettings;
import dev.rollcall.server.consul.Permissions;
import dev.rollcall.server.outbound.OutboundPolicy;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A whole centre on memory, and strangers who talk to it by hand. */
final class RunningCentre implements AutoCloseable {
  final Centre centre;
  private final HttpClient http = HttpClient.newHttpClient();

  RunningCentre(CentreLimits limits) {
    this("memory:", limits);
  }

  RunningCentre(String store, CentreLimits limits) {
    centre =
        StandardCentre.builder(
                store,
                AccessControl.withoutTokens(Limits.standard()),
                OutboundPolicy.standard(),
                new ConsulApiSettings("dc1", "centre", 10_000, 1, Permissions.everything()))
            .limits(limits)
            .port(0)
            .start();
  }

  /** What is usual, but for times that a test can wait for. */
  static CentreLimits hasty() {
    return new CentreLimits(
        1 << 20, 16 << 10, 8 << 10, 20_000, 20_000, Duration.ofSeconds(2), Duration.ofSeconds(2));
  }

  /** A request must arrive soon, and a connection may idle for long. */
  static CentreLimits strict() {
    return new CentreLimits(
        1 << 20, 16 << 10, 8 << 10, 20_000, 50, Duration.ofSeconds(1), Duration.ofMinutes(10));
  }

  /** A request may take minutes. */
  static CentreLimits patient() {
    return new CentreLimits(
        1 << 20, 16 << 10, 8 << 10, 20_000, 50, Duration.ofMinutes(2), Duration.ofMinutes(10));
  }

  HttpResponse<String> send(String method, String path, byte[] body)
      throws IOException, InterruptedException {
    return http.send(request(method, path, body), HttpResponse.BodyHandlers.ofString());
  }

  CompletableFuture<HttpResponse<String>> sendAsync(String method, String path, String body) {
    return http.sendAsync(
        request(method, path, body.getBytes(StandardCharsets.UTF_8)),
        HttpResponse.BodyHandlers.ofString());
  }

  private HttpRequest request(String method, String path, byte[] body) {
    return HttpRequest.newBuilder(URI.create(centre.uri() + path))
        .timeout(Duration.ofMinutes(1))
        .version(HttpClient.Version.HTTP_1_1)
        .method(method, HttpRequest.BodyPublishers.ofByteArray(body))
        .build();
  }

  HttpResponse<String> send(String method, String path, String body)
      throws IOException, InterruptedException {
    return send(method, path, body.getBytes(StandardCharsets.UTF_8));
  }

  boolean isAlive() throws IOException, InterruptedException {
    return send("GET", "/health/live", "").statusCode() == 200
        && send("GET", "/v1/catalog/services", "").statusCode() == 200;
  }

  Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), centre.port());
    socket.setSoTimeout(60_000);
    return socket;
  }

  /** Sends bytes and returns the status of the answer, or 0 where the connection is cut. */
  int raw(Sender sender) throws InterruptedException {
    try (Socket socket = connect()) {
      OutputStream out = socket.getOutputStream();
      Thread sending =
          new Thread(
              () -> {
                try {
                  sender.send(out);
                  out.flush();
                } catch (IOException cut) {
                  // What it is about: the other side has had enough.
                } catch (InterruptedException ended) {
                  Thread.currentThread().interrupt();
                }
              });
      sending.setDaemon(true);
      sending.start();
      try {
        String line = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
        return line.startsWith("HTTP/1.1 ") ? Integer.parseInt(line.substring(9)) : 0;
      } finally {
        sending.interrupt();
      }
    } catch (IOException cut) {
      return 0;
    }
  }

  interface Sender {
    void send(OutputStream out) throws IOException, InterruptedException;
  }

  @Override
  public void close() {
    centre.close();
  }
}
