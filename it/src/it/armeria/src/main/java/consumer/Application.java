package consumer;

import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.server.Server;
import dev.rollcall.Registry;
import dev.rollcall.armeria.RollcallEndpointGroup;
import dev.rollcall.armeria.RollcallUpdatingListener;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;

/** Registers a server, and calls it by its name. */
public final class Application {
  private Application() {}

  /** Takes the registry's URI and the name of the service. */
  public static void main(String[] args) {
    try (Registry registry = Registry.open(args[0])) {
      Server server =
          Server.builder()
              .http(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .service("/hello", (context, request) -> HttpResponse.of("hello " + args[1]))
              .serverListener(RollcallUpdatingListener.of(registry, args[1]))
              .build();
      server.start().join();
      // A call waits until somebody is there, for as long as the group says.
      RollcallEndpointGroup group =
          RollcallEndpointGroup.builder(registry.service(args[1]))
              .selectionTimeout(Duration.ofMinutes(1))
              .build();
      WebClient client = WebClient.of(SessionProtocol.HTTP, group);
      System.out.println("CALL " + client.get("/hello").aggregate().join().contentUtf8());
      group.close();
      server.stop().join();
    }
  }
}
