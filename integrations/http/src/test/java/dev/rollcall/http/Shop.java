package dev.rollcall.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.rollcall.ServiceInstance;
import dev.rollcall.testkit.server.FaultProxy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A real HTTP server on a free port of loopback, which answers each request with its name. */
final class Shop implements AutoCloseable {
  final String name;

  /** Requests that have arrived with all of their body. */
  final AtomicInteger received = new AtomicInteger();

  /** What is answered. */
  volatile int status = 200;

  /** While there is one, no request is answered before it is open. */
  volatile CountDownLatch held;

  /** Whether the connection is closed in place of an answer. */
  volatile boolean breaking;

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server;
  private final FaultProxy line;

  Shop(String name) {
    this.name = name;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
    line = FaultProxy.to(server.getAddress());
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] request = exchange.getRequestBody().readAllBytes();
      received.incrementAndGet();
      CountDownLatch until = held;
      if (until != null) {
        until.await();
      }
      if (breaking) {
        return; // closing without an answer closes the connection
      }
      String text =
          name + " " + exchange.getRequestURI() + " " + new String(request, StandardCharsets.UTF_8);
      byte[] body = text.strip().getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }

  ServiceInstance.Builder instance() {
    return ServiceInstance.builder("shop").id(name).address("127.0.0.1", line.port());
  }

  /** Ends it as kill -9 does: connections break, and there are no new ones. */
  void kill() {
    line.refuse();
  }

  /** Ends it in order: requests that are there are answered. */
  void stop() {
    server.stop(1);
  }

  @Override
  public void close() {
    line.close();
    threads.shutdownNow();
    server.stop(0);
  }
}
