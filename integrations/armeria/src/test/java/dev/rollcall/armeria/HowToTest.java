package dev.rollcall.armeria;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.client.retry.RetryRule;
import com.linecorp.armeria.client.retry.RetryingClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.healthcheck.HealthCheckService;
import dev.rollcall.Filter;
import dev.rollcall.Registry;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The code of {@code docs/how-to-use-armeria.md}, as it runs. */
class HowToTest {

  @Test
  void aCall() {
    HttpService orders = (ctx, request) -> HttpResponse.of("42");
    try (Registry registry = Registry.open("memory:")) {
      Server server =
          Server.builder()
              .http(0)
              .service("/orders", orders)
              .gracefulShutdownTimeout(Duration.ofSeconds(2), Duration.ofSeconds(30))
              .serverListener(RollcallUpdatingListener.of(registry, "orders"))
              .build();
      server.start().join();
      await()
          .atMost(30, TimeUnit.SECONDS)
          .until(() -> !registry.service("orders").instances().isEmpty());

      RollcallEndpointGroup group = RollcallEndpointGroup.of(registry, "orders");
      WebClient client = WebClient.of(SessionProtocol.HTTP, group);
      AggregatedHttpResponse answer = client.get("/orders").aggregate().join();
      assertThat(answer.contentUtf8()).isEqualTo("42");

      group.close();
      server.stop().join();
    }
  }

  @Test
  void aServerThatIsCheckedAndAClientThatRetries() {
    HttpService orders = (ctx, request) -> HttpResponse.of("42");
    try (Registry registry = Registry.open("memory:")) {
      RollcallUpdatingListener listener =
          RollcallUpdatingListener.builder(registry, "orders")
              .instance(it -> it.tag("v2").zone("eu-1a").weight(3))
              .healthCheck("/health", Duration.ofSeconds(3))
              .build();
      Server server =
          Server.builder()
              .http(0)
              .service("/orders", orders)
              .service("/health", HealthCheckService.of())
              .serverListener(listener)
              .build();
      server.start().join();

      RollcallEndpointGroup group =
          RollcallEndpointGroup.builder(registry.service("orders").where(Filter.zone("eu-1a")))
              .selectionTimeout(Duration.ofSeconds(10))
              .build();
      WebClient client =
          WebClient.builder(SessionProtocol.HTTP, group)
              .decorator(RetryingClient.newDecorator(RetryRule.failsafe()))
              .build();
      assertThat(group.whenReady()).succeedsWithin(30, TimeUnit.SECONDS);
      await().atMost(30, TimeUnit.SECONDS).until(() -> !group.endpoints().isEmpty());
      assertThat(client.get("/orders").aggregate().join().contentUtf8()).isEqualTo("42");

      group.close();
      server.stop().join();
    }
  }
}
