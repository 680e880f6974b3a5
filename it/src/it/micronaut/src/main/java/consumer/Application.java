package consumer;

import io.micronaut.context.ApplicationContext;
import io.micronaut.runtime.server.EmbeddedServer;
import java.util.Map;

/** Its server on Netty runs beside Rollcall. */
public final class Application {
  private Application() {}

  public static void main(String[] args) {
    boolean passed;
    try (EmbeddedServer server =
        ApplicationContext.run(
            EmbeddedServer.class,
            Map.of("micronaut.server.host", "127.0.0.1", "micronaut.server.port", -1))) {
      passed = Program.run(args);
    }
    if (!passed) {
      System.exit(1);
    }
  }
}
