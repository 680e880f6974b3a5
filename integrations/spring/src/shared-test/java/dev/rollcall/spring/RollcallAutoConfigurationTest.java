package dev.rollcall.spring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryObserver;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.cloud.client.discovery.ReactiveDiscoveryClient;
import org.springframework.cloud.commons.util.UtilAutoConfiguration;

/** Which beans there are, and when. */
class RollcallAutoConfigurationTest {
  private final ApplicationContextRunner runner =
      new ApplicationContextRunner()
          .withConfiguration(
              AutoConfigurations.of(
                  UtilAutoConfiguration.class,
                  RollcallAutoConfiguration.class,
                  RollcallDiscoveryAutoConfiguration.class,
                  RollcallLoadBalancerAutoConfiguration.class,
                  RollcallRegistrationAutoConfiguration.class));

  @Test
  void registry_isOpenedByItsUri_andClosedWithTheContext() {
    AtomicReference<Registry> registry = new AtomicReference<>();
    runner
        .withPropertyValues("rollcall.uri=memory:")
        .run(
            context -> {
              registry.set(context.getBean(Registry.class));
              assertThat(context)
                  .hasSingleBean(RollcallDiscoveryClient.class)
                  .hasSingleBean(RollcallReactiveDiscoveryClient.class)
                  .hasSingleBean(RollcallServiceRegistry.class)
                  .hasSingleBean(RollcallAutoServiceRegistration.class)
                  .doesNotHaveBean(RegistryObserver.class);
              assertThat(registry.get().status().isClosed()).isFalse();
            });
    assertThat(registry.get().status().isClosed()).isTrue();
  }

  @Test
  void disabled_thereIsNothing() {
    runner
        .withPropertyValues("rollcall.enabled=false")
        .run(
            context ->
                assertThat(context)
                    .hasNotFailed()
                    .doesNotHaveBean(Registry.class)
                    .doesNotHaveBean(DiscoveryClient.class)
                    .doesNotHaveBean(ReactiveDiscoveryClient.class)
                    .doesNotHaveBean(RollcallRegistration.class));
  }

  @Test
  void parts_areSwitchedOffByThemselves() {
    runner
        .withPropertyValues(
            "rollcall.uri=memory:",
            "rollcall.discovery.enabled=false",
            "rollcall.registration.enabled=false",
            "rollcall.loadbalancer.enabled=false")
        .run(
            context ->
                assertThat(context)
                    .hasSingleBean(Registry.class)
                    .doesNotHaveBean(DiscoveryClient.class)
                    .doesNotHaveBean(RollcallRegistration.class)
                    .doesNotHaveBean("rollcallBalancer"));
  }

  @Test
  void springsOwnSwitches_hold() {
    runner
        .withPropertyValues("rollcall.uri=memory:", "spring.cloud.discovery.enabled=false")
        .run(
            context ->
                assertThat(context)
                    .hasSingleBean(Registry.class)
                    .doesNotHaveBean(DiscoveryClient.class)
                    .doesNotHaveBean(RollcallRegistration.class));
    runner
        .withPropertyValues(
            "rollcall.uri=memory:", "spring.cloud.service-registry.auto-registration.enabled=false")
        .run(context -> assertThat(context).doesNotHaveBean(RollcallRegistration.class));
  }

  @Test
  void uriMissing_theContextFails_andSaysWhatToSet() {
    runner.run(
        context ->
            assertThat(context.getStartupFailure())
                .rootCause()
                .isInstanceOf(RegistryException.class)
                .hasMessageContaining("rollcall.uri: missing"));
  }

  @Test
  void settingOutOfItsRange_theContextFails_andTheAnalysisNamesIt() {
    runner
        .withPropertyValues("rollcall.uri=memory:", "rollcall.deadline=1ms")
        .run(
            context -> {
              assertThat(context.getStartupFailure())
                  .rootCause()
                  .hasMessageContaining("deadline: ");
              assertThat(new RegistryFailureAnalyzer().analyze(context.getStartupFailure()))
                  .satisfies(
                      analysis -> assertThat(analysis.getDescription()).startsWith("deadline: "));
            });
  }

  @Test
  void beansOfTheApplicationsOwn_takeTheirPlace() {
    try (Registry own = Registry.open("memory:")) {
      runner
          .withBean("own", Registry.class, () -> own)
          .run(context -> assertThat(context).hasNotFailed().getBean(Registry.class).isSameAs(own));
    }
  }

  @Test
  void customizers_haveTheLastWord() {
    AtomicInteger asked = new AtomicInteger();
    runner
        .withPropertyValues("rollcall.uri=memory:")
        .withBean(
            RegistryCustomizer.class,
            () -> builder -> builder.deadline(Duration.ofMillis(100 + asked.incrementAndGet())))
        .run(context -> assertThat(context).hasSingleBean(Registry.class));
    assertThat(asked).hasValue(1);
  }

  @Test
  void toString_hidesTheUri() {
    runner
        .withPropertyValues("rollcall.uri=memory:", "rollcall.config.uri=memory:secret")
        .run(
            context ->
                assertThat(context.getBean(RollcallProperties.class).toString())
                    .doesNotContain("memory:"));
  }
}
