package dev.rollcall.examples;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * A web service that registers itself and finds others: {@code GET /say-hello}, {@code GET /health}
 * and {@code GET /discovery?serviceName=X}. It registers before it serves, with a check of its own
 * {@code /health}, so that nobody finds it before it answers; SIGINT and SIGTERM deregister it
 * first and end it afterwards.
 *
 * <p>Arguments: the store's URI, the service's name, the port (0 takes a free one).
 *
 * @since 0.1.0
 */
public final class WebService {
  private final Registry registry;

  private WebService(Registry registry) {
    this.registry = registry;
  }

  /**
   * Runs the service until it is ended.
   *
   * @param args store, name and port
   * @throws IOException where the port is taken
   */
  public static void main(String[] args) throws IOException {
    if (args.length != 3) {
      System.err.println("usage: web STORE NAME PORT, such as consul://127.0.0.1:8500 hello 8080");
      System.exit(2);
    }
    HttpServer http =
        HttpServer.create(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), port(args[2])), 0);
    int port = http.getAddress().getPort();
    Registry registry = Registry.open(args[0]);
    WebService web = new WebService(registry);
    http.createContext("/", web::answer);

    // Without an id of its own the instance is named after its service: hello-<UUID>.
    ServiceInstance self = ServiceInstance.builder(args[1]).address("127.0.0.1", port).build();
    URI health = URI.create("http://127.0.0.1:" + port + "/health");
    Registration registration =
        registry
            .register(
                self,
                Liveness.httpCheck(health, Duration.ofSeconds(15))
                    .deregisterAfter(Duration.ofSeconds(30)))
            .join();
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  registration.close(); // leave first
                  http.stop(1); // stop serving afterwards
                  registry.close();
                  System.out.println("deregistered " + self.id());
                }));
    http.start();
    System.out.println("serving " + self.id() + " on http://127.0.0.1:" + port);
  }

  private static int port(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException wrong) {
      System.err.println("PORT: " + text + " (expected: 0-65535)");
      System.exit(2);
      return -1;
    }
  }

  private void answer(HttpExchange request) throws IOException {
    URI uri = request.getRequestURI();
    if (!request.getRequestMethod().equals("GET")) {
      send(request, 405, Json.of("error", "only GET is allowed"));
      return;
    }
    switch (uri.getPath()) {
      case "/say-hello" -> send(request, 200, Json.of("message", "Hello World"));
      case "/health" -> send(request, 200, Json.of("status", true));
      case "/discovery" -> discover(request, Json.parameter(uri, "serviceName"));
      default -> send(request, 404, Json.of("error", "no such page: " + uri.getPath()));
    }
  }

  private void discover(HttpExchange request, String service) throws IOException {
    if (service.isEmpty()) {
      send(request, 400, Json.of("error", "serviceName: missing"));
      return;
    }
    try {
      // The first look-up of a name starts its watch; later ones read what the watch has brought.
      ServiceView view = registry.service(service);
      view.await(Duration.ofSeconds(5));
      send(request, 200, Json.instances(view.instances()));
    } catch (RegistryException failed) {
      int status = failed.kind() == RegistryException.Kind.INVALID ? 400 : 503;
      send(request, status, Json.of("error", String.valueOf(failed.getMessage())));
    }
  }

  private static void send(HttpExchange request, int status, String json) throws IOException {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    try (request) {
      request.getResponseHeaders().set("Content-Type", "application/json");
      request.sendResponseHeaders(status, body.length);
      request.getResponseBody().write(body);
    }
  }
}
