package dev.rollcall.armeria;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.linecorp.armeria.client.Endpoint;
import com.linecorp.armeria.client.endpoint.EndpointSelectionStrategy;
import dev.rollcall.Filter;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class EndpointGroupTest {
  private static final ServiceInstance A =
      ServiceInstance.builder("orders").id("a").address("10.0.0.7", 8080).build();

  private final Registry registry = Registry.open("memory:");

  @BeforeAll
  static void beforeAll() {
    Awaitility.setDefaultTimeout(30, TimeUnit.SECONDS);
  }

  @AfterEach
  void close() {
    registry.close();
  }

  private Registration register(ServiceInstance instance) {
    return registry.register(instance, Liveness.permanent()).join();
  }

  @Test
  void listeners_hearOfEveryField() {
    Registration a = register(A);
    try (RollcallEndpointGroup group = RollcallEndpointGroup.of(registry, "orders")) {
      assertThat(group.whenReady().orTimeout(30, TimeUnit.SECONDS).join())
          .containsExactly(Endpoint.of("10.0.0.7", 8080));
      List<Integer> weights = new CopyOnWriteArrayList<>();
      List<String> zones = new CopyOnWriteArrayList<>();
      group.addListener(
          now -> {
            weights.add(now.get(0).weight());
            zones.add(now.get(0).attr(RollcallEndpointGroup.ZONE));
          });

      a.update(A.toBuilder().weight(7).build()).join();
      await().until(() -> weights.contains(7));
      a.update(A.toBuilder().weight(7).zone("eu-1a").build()).join();
      await().until(() -> zones.contains("eu-1a"));
      ServiceInstance tagged = A.toBuilder().tag("v2").build();
      a.update(tagged).join();
      await()
          .until(
              () -> tagged.equals(group.endpoints().get(0).attr(RollcallEndpointGroup.INSTANCE)));
    }
  }

  @Test
  void aFilteredView_showsItsInstancesAlone() {
    register(A);
    register(
        ServiceInstance.builder("orders").id("b").address("10.0.0.8", 8080).tag("canary").build());
    try (RollcallEndpointGroup group =
        RollcallEndpointGroup.of(registry.service("orders").where(Filter.tag("canary")))) {
      assertThat(group.whenReady().orTimeout(30, TimeUnit.SECONDS).join())
          .containsExactly(Endpoint.of("10.0.0.8", 8080));
    }
  }

  @Test
  void aHostThatArmeriaRefuses_hidesNoOther() {
    register(A);
    register(ServiceInstance.builder("orders").id("b").address("2001:db8::1", 8080).build());
    Registration bad =
        register(ServiceInstance.builder("orders").id("c").address("_srv.example", 8080).build());
    try (RollcallEndpointGroup group = RollcallEndpointGroup.of(registry, "orders")) {
      assertThat(group.whenReady().orTimeout(30, TimeUnit.SECONDS).join())
          .extracting(Endpoint::host)
          .containsExactlyInAnyOrder("10.0.0.7", "2001:db8::1");

      bad.update(bad.instance().toBuilder().address("good.host", 8080).build()).join();
      await().until(() -> group.endpoints().size() == 3);
    }
  }

  @Test
  void close_endsTheSubscription_andLeavesTheRegistryOpen() {
    register(A);
    RollcallEndpointGroup group = RollcallEndpointGroup.of(registry, "orders");
    group.whenReady().orTimeout(30, TimeUnit.SECONDS).join();
    group.close();

    register(ServiceInstance.builder("orders").id("b").address("10.0.0.8", 8080).build());
    try (RollcallEndpointGroup other = RollcallEndpointGroup.of(registry, "orders")) {
      await().until(() -> other.endpoints().size() == 2);
    }
    assertThat(group.endpoints()).hasSize(1);
  }

  @Test
  void close_withinAListenerOfTheGroup_doesNotWaitForItself() {
    Registration a = register(A);
    RollcallEndpointGroup group = RollcallEndpointGroup.of(registry, "orders");
    group.whenReady().orTimeout(30, TimeUnit.SECONDS).join();
    group.addListener(now -> group.closeAsync());
    a.update(A.toBuilder().weight(7).build()).join();
    assertThat(group.whenClosed()).succeedsWithin(30, TimeUnit.SECONDS);
  }

  @Test
  void aStoreThatDoesNotAnswer_isTheReason_andAClosedRegistryEndsTheWait() {
    Registry unreachable = Registry.open("etcd://127.0.0.1:1");
    try (RollcallEndpointGroup group = RollcallEndpointGroup.of(unreachable, "orders")) {
      assertThat(group.whenReady()).isNotDone();
      assertThat(group.toString()).contains("service=orders");
      await() // the reason changes once the store has refused
          .until(
              () ->
                  group
                      .toString()
                      .contains(
                          unreachable.service("orders").snapshot().explain().orElseThrow().text()));
      unreachable.close();
      assertThat(group.whenReady())
          .failsWithin(30, TimeUnit.SECONDS)
          .withThrowableThat()
          .withCauseInstanceOf(RegistryException.class);
    } finally {
      unreachable.close();
    }
  }

  @Test
  void settings_areArmerias() {
    try (RollcallEndpointGroup group =
        RollcallEndpointGroup.builder(registry, "orders")
            .selectionStrategy(EndpointSelectionStrategy.roundRobin())
            .allowEmptyEndpoints(false)
            .selectionTimeoutMillis(17)
            .build()) {
      assertThat(group.selectionStrategy()).isSameAs(EndpointSelectionStrategy.roundRobin());
      assertThat(group.allowsEmptyEndpoints()).isFalse();
      assertThat(group.selectionTimeoutMillis()).isEqualTo(17);
    }
  }

  @Test
  void whatCannotWork_isRefusedAtOnce() {
    assertThatThrownBy(() -> RollcallEndpointGroup.of(registry, "a/b"))
        .isInstanceOf(RegistryException.class);
    registry.close();
    assertThatThrownBy(() -> RollcallEndpointGroup.of(registry, "orders"))
        .isInstanceOf(IllegalStateException.class);
  }
}
