package dev.rollcall.testkit;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * An instance's HTTP server, for checks: it answers 200 to the requests that it expects while it is
 * well, and 500 else. One thread of the server's answers; the test's reads and sets.
 */
final class CheckedServer implements AutoCloseable {
  private final HttpServer server;
  private final Predicate<Request> expected;
  private final AtomicInteger calls = new AtomicInteger();
  private volatile boolean well = true;
  private volatile String unexpected = "nothing";

  /** What was asked; a header is found in any case. */
  record Request(HttpExchange exchange, String body) {
    String method() {
      return exchange.getRequestMethod();
    }

    List<String> header(String name) {
      return exchange.getRequestHeaders().getOrDefault(name, List.of());
    }
  }

  CheckedServer(Predicate<Request> expected) throws IOException {
    this.expected = expected;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  private void answer(HttpExchange exchange) throws IOException {
    Request request =
        new Request(
            exchange, new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    boolean fits = expected.test(request);
    if (!fits) {
      unexpected =
          request.method() + " " + exchange.getRequestHeaders().entrySet() + " " + request.body();
    }
    calls.incrementAndGet();
    exchange.sendResponseHeaders(fits && well ? 200 : 500, -1);
    exchange.close();
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/health");
  }

  void isWell(boolean now) {
    well = now;
  }

  /** Returns how many requests were answered. */
  int calls() {
    return calls.get();
  }

  /** Returns the last request that was not expected. */
  String unexpected() {
    return unexpected;
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
