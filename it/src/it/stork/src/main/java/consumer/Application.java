package consumer;

import com.sun.net.httpserver.HttpServer;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.stork.RollcallAttributes;
import dev.rollcall.stork.RollcallStork;
import io.smallrye.stork.Stork;
import io.smallrye.stork.api.Service;
import io.smallrye.stork.api.ServiceDefinition;
import io.smallrye.stork.api.ServiceInstance;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Registers a server, and calls it by its name. */
public final class Application {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private Application() {}

  /** Takes the registry's URI and the name of the service. */
  public static void main(String[] args) {
    try {
      run(args);
    } catch (Exception failed) {
      failed.printStackTrace();
      System.exit(1);
    }
    System.exit(0); // Mutiny's threads are no daemons, and nobody ends them
  }

  private static void run(String[] args) throws Exception {
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
      Registration registration =
          registry
              .register(
                  dev.rollcall.ServiceInstance.builder(args[1])
                      .address("127.0.0.1", server.getAddress().getPort())
                      .build(),
                  Liveness.heartbeat(Duration.ofSeconds(10)))
              .join();
      Stork.initialize();
      RollcallAttributes store = new RollcallAttributes().with("uri", args[0]);
      Service service =
          Stork.getInstance()
              .defineIfAbsent(args[1], ServiceDefinition.of(store, new RollcallAttributes()))
              .getService(args[1]);
      ServiceInstance found = service.selectInstance().await().atMost(PATIENCE);
      URI address = URI.create("http://127.0.0.1:" + found.getPort() + "/hello");
      HttpResponse<String> answer =
          HttpClient.newHttpClient()
              .send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
      System.out.println("CALL " + answer.body());
      registration.deregister().join();
    } finally {
      Stork.shutdown();
      RollcallStork.close();
      server.stop(0);
    }
  }
}
