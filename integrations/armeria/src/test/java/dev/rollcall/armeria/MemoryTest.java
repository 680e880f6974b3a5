package dev.rollcall.armeria;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.healthcheck.HealthCheckService;
import com.linecorp.armeria.server.healthcheck.SettableHealthChecker;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class MemoryTest extends StoreTest {
  private static final AtomicInteger STORES = new AtomicInteger();

  @Override
  String uri() {
    return "memory:armeria-" + STORES.incrementAndGet();
  }

  @Test
  void aServerWhoseHealthCheckFails_isLeftAlone_untilItPasses() {
    SettableHealthChecker health = new SettableHealthChecker(true);
    Server server =
        Server.builder()
            .http(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .service("/name", (ctx, request) -> HttpResponse.of("a"))
            .service("/health", HealthCheckService.of(health))
            .serverListener(
                RollcallUpdatingListener.builder(theirs, "orders")
                    .healthCheck("/health", Duration.ofSeconds(1))
                    .build())
            .build();
    opened(server).start().join();
    awaitEndpoints(1);
    assertThat(Shop.name(client)).isEqualTo("a");

    health.setHealthy(false);
    awaitEndpoints(0);
    health.setHealthy(true);
    awaitEndpoints(1);
    assertThat(Shop.name(client)).isEqualTo("a");
  }
}
