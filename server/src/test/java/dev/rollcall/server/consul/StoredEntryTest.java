package dev.rollcall.server.consul;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.ServiceInstance;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the store holds and what Consul's clients are shown of it, each in its own spelling. */
class StoredEntryTest {

  @Test
  void keysOfMetadata_areEscapedForConsulsClients_andReadBack() {
    ServiceInstance instance =
        ServiceInstance.builder("orders")
            .id("orders-1")
            .address("10.0.0.7", 8080)
            .metadata("app.kubernetes.io/name", "orders")
            .metadata("plain_key", "v")
            .metadata("rollcall-team/owner", "b")
            .build();
    HealthEntry shown = StoredEntry.toEntry(instance, "store");
    assertThat(shown.service().meta())
        .containsOnly(
            Map.entry("rollcall-meta-app_2Ekubernetes_2Eio_2Fname", "orders"),
            Map.entry("rollcall-meta-rollcall-team_2Fowner", "b"),
            Map.entry("plain_key", "v"));

    assertThat(requireNonNull(StoredEntry.toInstance(shown, false, "n1", "mark")).metadata())
        .containsEntry("app.kubernetes.io/name", "orders")
        .containsEntry("rollcall-team/owner", "b")
        .containsEntry("plain_key", "v");
  }
}
