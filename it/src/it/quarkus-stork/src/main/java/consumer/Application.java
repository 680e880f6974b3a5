package consumer;

import com.sun.net.httpserver.HttpServer;
import dev.rollcall.stork.RollcallStork;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.annotations.QuarkusMain;
import io.smallrye.stork.Stork;
import io.smallrye.stork.api.Service;
import jakarta.inject.Inject;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.eclipse.microprofile.rest.client.inject.RestClient;

/** Registers, finds and calls a server through Quarkus's Stork, and then does what all do. */
@QuarkusMain
public class Application implements QuarkusApplication {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @Inject @RestClient Hello hello;

  public static void main(String... args) {
    System.setProperty("store.uri", args[0]);
    Quarkus.run(Application.class, args);
  }

  @Override
  public int run(String... args) throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/hello",
        exchange -> {
          byte[] answer = "hello".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.start();
    try {
      Service service = Stork.getInstance().getService("hello");
      service
          .registerInstance("hello", "127.0.0.1", server.getAddress().getPort())
          .await()
          .atMost(PATIENCE);
      while (service.getInstances().await().atMost(PATIENCE).isEmpty()) {
        Thread.sleep(50);
      }
      String answer = hello.hello();
      System.out.println("CALL " + answer);
      if (!answer.equals("hello")) {
        return 1;
      }
      service.deregisterServiceInstance("hello").await().atMost(PATIENCE);
    } finally {
      RollcallStork.close();
      server.stop(0);
    }
    return Program.run(args) ? 0 : 1;
  }
}
