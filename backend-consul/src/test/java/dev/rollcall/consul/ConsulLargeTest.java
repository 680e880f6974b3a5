package dev.rollcall.consul;

import static dev.rollcall.consul.Bench.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.testkit.server.ConsulServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Instances as large as they may be: Consul answers with all of a service at once. */
@Tag("long")
class ConsulLargeTest {
  private static final int INSTANCES = 700;
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Bench bench = new Bench();

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  @DisplayName("700 instances at the limits of their fields are listed, watched and looked up")
  void instances_areListedAndWatched() {
    ConsulServer server = bench.closing(ConsulServer.launch());
    String uri = "consul://127.0.0.1:" + server.port() + "?timeout=30s";
    Registry writer = bench.closing(Registry.builder(uri).deadline(PATIENCE).build());
    List<CompletableFuture<?>> registered = new ArrayList<>();
    for (int i = 0; i < INSTANCES; i++) {
      registered.add(writer.register(large("i" + i), Liveness.heartbeat(Duration.ofMinutes(10))));
    }
    CompletableFuture.allOf(registered.toArray(CompletableFuture[]::new)).join();
    Registry other = bench.closing(Registry.builder(uri).deadline(PATIENCE).build());

    assertThat(get(other.snapshot("large")).instances()).hasSize(INSTANCES);
    assertThat(other.service("large").await(PATIENCE).instances()).hasSize(INSTANCES);
    assertThat(other.catalog().await(PATIENCE).services()).contains("large");
  }

  private static ServiceInstance large(String id) {
    ServiceInstance.Builder instance =
        ServiceInstance.builder("large").id(id).address("127.0.0.1", 9);
    for (int i = 0; i < 64; i++) {
      String two = (char) ('a' + i / 8) + "" + (char) ('a' + i % 8);
      instance.tag(two + "\"".repeat(510)); // which takes two bytes each in JSON
      instance.metadata(two + "k".repeat(126), "\"".repeat(512));
    }
    return instance.build();
  }
}
