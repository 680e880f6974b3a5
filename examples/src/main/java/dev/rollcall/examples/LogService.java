package dev.rollcall.examples;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;

/**
 * A log service: {@code POST /log} with a plain text appends it to a file. It registers itself and
 * stays registered while it lives; {@link LogClient} finds it.
 *
 * <p>Arguments: the store's URI, the port (0 takes a free one), the file.
 *
 * @since 0.1.0
 */
public final class LogService {
  /** More than this is no log line: it is refused, and the file does not fill up. */
  private static final int MAX_BYTES = 64 * 1024;

  private final Path file;

  private LogService(Path file) {
    this.file = file;
  }

  /**
   * Runs the service until it is ended.
   *
   * @param args store, port and file
   * @throws IOException where the port is taken
   */
  public static void main(String[] args) throws IOException {
    if (args.length != 3 || !args[1].matches("[0-9]{1,5}")) {
      System.err.println(
          "usage: log-service STORE PORT FILE, such as etcd://127.0.0.1:2379 4000 x.log");
      System.exit(2);
    }
    HttpServer http =
        HttpServer.create(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[1])), 0);
    http.createContext("/log", new LogService(Path.of(args[2]))::append);
    http.start(); // serve first: with a heartbeat it is found as soon as it is registered

    Registry registry = Registry.open(args[0]);
    ServiceInstance self =
        ServiceInstance.builder("LogService")
            .address("127.0.0.1", http.getAddress().getPort())
            .build();
    Registration registration =
        registry.register(self, Liveness.heartbeat(Duration.ofSeconds(5))).join();
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  registration.drain(Duration.ofMillis(500)).join(); // leave, let clients see it
                  http.stop(1);
                  registry.close();
                }));
    System.out.println("logging to " + args[2] + " as " + self.id());
  }

  private void append(HttpExchange request) throws IOException {
    try (request) {
      if (!request.getRequestMethod().equals("POST")) {
        request.sendResponseHeaders(405, -1);
        return;
      }
      byte[] line = request.getRequestBody().readNBytes(MAX_BYTES + 1);
      if (line.length > MAX_BYTES) {
        request.sendResponseHeaders(413, -1);
        return;
      }
      synchronized (this) { // one line at a time
        Files.write(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        Files.write(file, new byte[] {'\n'}, StandardOpenOption.APPEND);
      }
      request.sendResponseHeaders(200, -1);
    }
  }
}
