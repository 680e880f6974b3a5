package dev.rollcall.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/** A real, small service: an HTTP server on a free port of the loopback. */
final class DemoServer implements AutoCloseable {
  private final String name;
  private final HttpServer server;
  private final AtomicInteger requests = new AtomicInteger();

  private DemoServer(String name, HttpServer server) {
    this.name = name;
    this.server = server;
  }

  static DemoServer start(String name) {
    try {
      HttpServer http =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      DemoServer server = new DemoServer(name, http);
      http.createContext("/", server::greet);
      http.createContext("/health", exchange -> answer(exchange, "well"));
      http.start();
      return server;
    } catch (IOException failed) {
      throw new UncheckedIOException(name + ": no HTTP server: " + failed.getMessage(), failed);
    }
  }

  String host() {
    return server.getAddress().getAddress().getHostAddress();
  }

  int port() {
    return server.getAddress().getPort();
  }

  URI health() {
    return URI.create("http://" + host() + ":" + port() + "/health");
  }

  private void greet(HttpExchange exchange) throws IOException {
    answer(exchange, "hello from " + name + ", request " + requests.incrementAndGet());
  }

  private static void answer(HttpExchange exchange, String text) throws IOException {
    try (exchange) {
      byte[] body = text.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  /** Ends the server at once, requests under way included. Idempotent. */
  @Override
  public void close() {
    server.stop(0);
  }
}
