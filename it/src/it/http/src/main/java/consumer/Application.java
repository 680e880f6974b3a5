package consumer;

import com.sun.net.httpserver.HttpServer;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.http.ServiceClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Registers a server, and calls it by its name. */
public final class Application {
  private Application() {}

  /** Takes the registry's URI and the name of the service. */
  public static void main(String[] args) throws IOException, InterruptedException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/hello",
        exchange -> {
          byte[] answer = ("hello " + args[1]).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.start();
    try (Registry registry = Registry.open(args[0])) {
      ServiceInstance self =
          ServiceInstance.builder(args[1])
              .address("127.0.0.1", server.getAddress().getPort())
              .build();
      Registration registration =
          registry.register(self, Liveness.heartbeat(Duration.ofSeconds(10))).join();
      registry.service(args[1]).await(Duration.ofMinutes(1));
      ServiceClient client = ServiceClient.of(registry.service(args[1]));
      System.out.println("CALL " + hello(client));
      registration.deregister().join();
    } finally {
      server.stop(0);
    }
  }

  private static String hello(ServiceClient client) throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder().timeout(Duration.ofMinutes(1));
    return client.send("/hello", request, HttpResponse.BodyHandlers.ofString()).body();
  }
}
