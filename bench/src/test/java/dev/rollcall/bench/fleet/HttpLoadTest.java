package dev.rollcall.bench.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class HttpLoadTest {
  private final AtomicInteger served = new AtomicInteger();
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          served.incrementAndGet();
          String path = exchange.getRequestURI().getPath();
          exchange.getRequestBody().readAllBytes();
          exchange.getResponseHeaders().add("X-Consul-Index", "42");
          int code = path.equals("/refused") ? 429 : 200;
          byte[] body = "[1,2]".getBytes(StandardCharsets.US_ASCII);
          exchange.sendResponseHeaders(code, path.equals("/chunked") ? 0 : body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  @DisplayName("Answers with a length and in chunks are read to their ends, over and over")
  void answers_areRead() throws IOException {
    try (HttpLoad load = load(3)) {
      for (String path : new String[] {"/length", "/chunked"}) {
        assertThat(load.run(() -> HttpLoad.request("PUT", path, "{}"), 20)).isEqualTo(20);
      }
      assertThat(served).hasValue(40);
      assertThat(load.call(HttpLoad.request("GET", "/length", "")).index()).isEqualTo(42);
      load.sendAll(HttpLoad.request("GET", "/chunked", ""));
      assertThat(load.awaitAll()).hasSize(3).allMatch(answer -> answer.index() == 42);
    }
  }

  @Test
  @DisplayName("A refusal is a failure and no result")
  void refusal_isAFailure() throws IOException {
    try (HttpLoad load = load(1)) {
      assertThatThrownBy(() -> load.call(HttpLoad.request("GET", "/refused", "")))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("429");
    }
  }

  private HttpLoad load(int connections) throws IOException {
    return new HttpLoad("127.0.0.1:" + server.getAddress().getPort(), connections);
  }
}
