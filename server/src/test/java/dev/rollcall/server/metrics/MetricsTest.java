package dev.rollcall.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.linecorp.armeria.client.BlockingWebClient;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.server.Server;
import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.server.outbound.OutboundCalls;
import dev.rollcall.server.outbound.OutboundPolicy;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.SystemTimer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(ExecutionMode.CONCURRENT)
@Timeout(120)
class MetricsTest {
  private final Timer timer = SystemTimer.named("metrics-test");
  private final Registry registry = Registry.builder("memory:").timer(timer).build();
  private final OutboundCalls calls = OutboundCalls.open(OutboundPolicy.standard(), timer);
  private final Metrics metrics = new Metrics(registry, calls);
  private Server server;
  private BlockingWebClient client;

  @BeforeEach
  void start() {
    metrics.gauge("rollcall.test.things", "Things", () -> 7);
    server =
        Server.builder()
            .http(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .gracefulShutdownTimeoutMillis(0, 0)
            .service("/metrics", metrics.page())
            .serviceUnder("/", (ctx, req) -> HttpResponse.of("hello"))
            .decorator(metrics)
            .build();
    server.start().join();
    client = WebClient.of("http://127.0.0.1:" + server.activeLocalPort()).blocking();
  }

  @AfterEach
  void stop() {
    server.stop();
    metrics.close();
    registry.close();
    calls.close();
    timer.close();
  }

  @Test
  void page_countsServicesAndInstances() {
    Registration one = register("a", "a1");
    register("a", "a2");
    Registration other = register("b", "b1");
    awaitLines(
        "rollcall_services 2.0",
        "rollcall_instances{health=\"passing\"} 3.0",
        "rollcall_instances{health=\"critical\"} 0.0");

    one.health(Health.CRITICAL).join();
    other.deregister().join();
    awaitLines(
        "rollcall_services 1.0",
        "rollcall_instances{health=\"passing\"} 1.0",
        "rollcall_instances{health=\"critical\"} 1.0",
        "rollcall_test_things 7.0",
        "rollcall_outbound_calls_total{end=\"answered\"} 0.0");
  }

  @Test
  void page_isWhatPrometheusReads() {
    AggregatedHttpResponse page = client.get("/metrics");

    assertThat(page.headers().get("content-type"))
        .isEqualTo("text/plain; version=0.0.4; charset=utf-8");
    assertThat(page.contentUtf8().lines())
        .allMatch(
            line ->
                line.startsWith("# ")
                    || line.matches(
                        "[a-z0-9_:]+(\\{([a-z0-9_]+=\"[^\"]*\",?)*})? [-+0-9.eEinfNa]+"))
        .anyMatch(line -> line.startsWith("jvm_memory_used_bytes"));
  }

  @Test
  void requests_whateverStrangersAskFor_haveFewLabels() {
    for (int i = 0; i < 50; i++) {
      client.get("/none/of/them/" + i + "?x=" + i);
      client.get("/v1/health/service/s" + i);
    }

    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(
            () -> {
              String page = client.get("/metrics").contentUtf8();
              assertThat(
                      page.lines()
                          .filter(line -> line.startsWith("rollcall_requests_seconds_count")))
                  .contains(
                      "rollcall_requests_seconds_count{api=\"consul\",method=\"GET\",status=\"200\"} 50",
                      "rollcall_requests_seconds_count{api=\"other\",method=\"GET\",status=\"200\"} 50")
                  .hasSizeLessThan(5);
            });
  }

  private Registration register(String service, String id) {
    return registry
        .register(
            ServiceInstance.builder(service).id(id).address("10.0.0.1", 80).build(),
            Liveness.permanent())
        .join();
  }

  private void awaitLines(String... lines) {
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(
            () -> assertThat(client.get("/metrics").contentUtf8().lines()).contains(lines));
  }
}
