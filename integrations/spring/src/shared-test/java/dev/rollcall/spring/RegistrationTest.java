package dev.rollcall.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.cloud.client.discovery.event.InstanceRegisteredEvent;
import org.springframework.cloud.client.serviceregistry.Registration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;

/** An application with a web server in the registry, from its start to its end. */
class RegistrationTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** An application that notes what is true at moments of its life. */
  @SpringBootConfiguration
  @EnableAutoConfiguration
  static class Shop {
    static final AtomicBoolean well = new AtomicBoolean(true);
    static final List<String> notes = new CopyOnWriteArrayList<>();

    @Bean
    Apps.Hello hello(Environment environment) {
      return new Apps.Hello(environment);
    }

    @Bean
    InstanceCustomizer colour() {
      return instance -> instance.metadata("colour", "green");
    }

    @Bean
    ApplicationHealth health() {
      return () -> {
        if (well.get()) {
          return Health.PASSING;
        }
        throw new IllegalStateException("not well");
      };
    }

    @EventListener
    void registered(InstanceRegisteredEvent<?> event) {
      notes.add("registered");
    }

    /** Stops after the registration, and before the web server does anything about it. */
    @Bean
    SmartLifecycle between(ObjectProvider<Registry> registry, Environment environment) {
      return new SmartLifecycle() {
        private volatile boolean running;

        @Override
        public void start() {
          running = true;
        }

        @Override
        public void stop() {
          running = false;
          int port = environment.getRequiredProperty("local.server.port", Integer.class);
          notes.add("known " + registry.getObject().service("shop").snapshot().all().size());
          try {
            notes.add("answers " + Apps.get(port, "/hello").statusCode());
          } catch (Exception e) {
            notes.add("answers " + e);
          }
        }

        @Override
        public boolean isRunning() {
          return running;
        }

        @Override
        public int getPhase() {
          return SmartLifecycle.DEFAULT_PHASE - 1023;
        }
      };
    }
  }

  private static Set<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(Thread::isAlive)
        .map(Thread::getName)
        .filter(name -> name.contains("rollcall"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void application_isRegisteredWhileItRuns_andLeavesBeforeItsWebServerStops() throws Exception {
    Set<String> before = threads();
    Shop.notes.clear();
    ConfigurableApplicationContext shop =
        Apps.web(
            Shop.class,
            "--spring.application.name=shop",
            "--rollcall.uri=memory:",
            "--rollcall.zone=eu-1a",
            "--rollcall.registration.weight=2",
            "--rollcall.registration.tags=blue,new",
            "--rollcall.registration.metadata.version=7",
            "--rollcall.registration.ports.grpc=9099",
            "--rollcall.registration.health-interval=100ms",
            "--management.server.port=0",
            "--management.server.address=127.0.0.1",
            "--management.endpoints.web.exposure.include=*",
            "--management.endpoint.health.show-details=always");
    try {
      int port = Apps.port(shop, "server");
      int management = Apps.port(shop, "management");
      ServiceView view = shop.getBean(Registry.class).service("shop");
      view.await(PATIENCE);
      await().atMost(PATIENCE).until(() -> view.instances().size() == 1);
      ServiceInstance self = view.instances().get(0);
      assertThat(self.id()).isEqualTo("shop-127.0.0.1-" + port);
      assertThat(self.authority()).isEqualTo("127.0.0.1:" + port);
      assertThat(self.scheme()).isEqualTo("http");
      assertThat(self.zone()).isEqualTo("eu-1a");
      assertThat(self.weight()).isEqualTo(2);
      assertThat(self.tags()).containsExactly("blue", "new");
      assertThat(self.metadata()).containsEntry("version", "7").containsEntry("colour", "green");
      assertThat(self.address("grpc")).contains(new HostPort("127.0.0.1", 9099));
      assertThat(self.address("management")).contains(new HostPort("127.0.0.1", management));
      assertThat(Shop.notes).containsExactly("registered");

      actuatorTellsOfIt(management);
      healthIsTheApplications(shop, view);
    } finally {
      Shop.well.set(true);
      shop.close();
    }
    assertThat(Shop.notes).containsExactly("registered", "known 0", "answers 200");
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(threads()).isSubsetOf(before));
  }

  private static void actuatorTellsOfIt(int management) throws Exception {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              HttpResponse<String> health = Apps.get(management, "/actuator/health/rollcall");
              assertThat(health.statusCode()).isEqualTo(200);
              assertThat(health.body())
                  .contains("\"status\":\"UP\"")
                  .contains("\"store\":\"reachable\"")
                  .contains("\"active\"")
                  .doesNotContain("memory:");
            });
    assertThat(Apps.get(management, "/actuator/rollcall").body())
        .contains("\"shop\":{\"freshness\":\"live\"}")
        .contains("\"catalog\":{\"freshness\":\"live\"}")
        .contains("\"state\":\"active\"")
        .contains("\"health\":\"passing\"");
    assertThat(Apps.get(management, "/actuator/metrics/rollcall.registrations").body())
        .contains("\"measurements\"");
    assertThat(Apps.get(management, "/actuator/serviceregistry").body()).contains("UP");
  }

  private static void healthIsTheApplications(
      ConfigurableApplicationContext shop, ServiceView view) {
    AvailabilityChangeEvent.publish(shop, ReadinessState.REFUSING_TRAFFIC);
    awaitHealth(view, Health.CRITICAL);
    AvailabilityChangeEvent.publish(shop, ReadinessState.ACCEPTING_TRAFFIC);
    awaitHealth(view, Health.PASSING);
    Shop.well.set(false);
    awaitHealth(view, Health.CRITICAL);
    Shop.well.set(true);
    awaitHealth(view, Health.PASSING);

    RollcallServiceRegistry registry = shop.getBean(RollcallServiceRegistry.class);
    RollcallRegistration self = shop.getBean(RollcallRegistration.class);
    registry.setStatus(self, "out_of_service");
    awaitHealth(view, Health.CRITICAL);
    assertThat(registry.<Object>getStatus(self)).isEqualTo("DOWN");
    AvailabilityChangeEvent.publish(shop, ReadinessState.ACCEPTING_TRAFFIC);
    registry.setStatus(self, "UP");
    awaitHealth(view, Health.PASSING);
    assertThatThrownBy(() -> registry.setStatus(self, "ASLEEP"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("ASLEEP");
    assertThat(shop.getBean(Registration.class)).isSameAs(self);
  }

  private static void awaitHealth(ServiceView view, Health health) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(view.snapshot().all())
                    .extracting(ServiceInstance::health)
                    .containsExactly(health));
  }

  @Test
  void healthGroup_ofTheActuator_speaksForTheApplication() {
    try (ConfigurableApplicationContext orders =
        Apps.web(
            Apps.Orders.class,
            "--spring.application.name=orders",
            "--rollcall.uri=memory:",
            "--rollcall.registration.health-group=readiness",
            "--rollcall.registration.health-interval=100ms",
            "--management.endpoint.health.probes.enabled=true")) {
      ServiceView view = orders.getBean(Registry.class).service("orders");
      view.await(PATIENCE);
      awaitHealth(view, Health.PASSING);
      assertThat(orders.getBean(ApplicationHealth.class).current()).isEqualTo(Health.PASSING);
      AvailabilityChangeEvent.publish(orders, ReadinessState.REFUSING_TRAFFIC);
      assertThat(orders.getBean(ApplicationHealth.class).current()).isEqualTo(Health.CRITICAL);
      awaitHealth(view, Health.CRITICAL);
    }
  }

  @Test
  void withoutAWebServer_nothingIsRegistered_unlessAPortIsSet() {
    try (ConfigurableApplicationContext job =
        Apps.plain(Apps.Bare.class, "--rollcall.uri=memory:")) {
      assertThat(job.getBean(Registry.class).status().registrations()).isEmpty();
      RollcallRegistration self = job.getBean(RollcallRegistration.class);
      assertThat(self.getServiceId()).isEqualTo("application");
      assertThatThrownBy(self::getPort).isInstanceOf(IllegalStateException.class);
    }
    try (ConfigurableApplicationContext job =
        Apps.plain(
            Apps.Bare.class,
            "--rollcall.uri=memory:",
            "--rollcall.registration.service=jobs",
            "--rollcall.registration.host=jobs.example",
            "--rollcall.registration.port=4711",
            "--rollcall.registration.scheme=grpc",
            "--rollcall.registration.instance-id=the-one")) {
      ServiceView view = job.getBean(Registry.class).service("jobs");
      view.await(PATIENCE);
      awaitHealth(view, Health.PASSING);
      assertThat(view.instances().get(0).uri()).hasToString("grpc://jobs.example:4711");
      assertThat(view.instances().get(0).id()).isEqualTo("the-one");
    }
  }
}
