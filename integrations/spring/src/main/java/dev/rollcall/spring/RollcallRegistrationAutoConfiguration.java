package dev.rollcall.spring;

import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.cloud.client.ConditionalOnDiscoveryEnabled;
import org.springframework.cloud.client.serviceregistry.AutoServiceRegistrationAutoConfiguration;
import org.springframework.cloud.client.serviceregistry.ServiceRegistryAutoConfiguration;
import org.springframework.cloud.commons.util.InetUtils;
import org.springframework.cloud.commons.util.UtilAutoConfiguration;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/**
 * Registers the application itself. Beans of one's own say otherwise: a {@link Liveness} in place
 * of the heartbeat, an {@link InstanceCustomizer}, an {@link ApplicationHealth}.
 *
 * @since 0.1.0
 */
@AutoConfiguration(
    after = {RollcallAutoConfiguration.class, UtilAutoConfiguration.class},
    before = {
      AutoServiceRegistrationAutoConfiguration.class,
      ServiceRegistryAutoConfiguration.class
    },
    // Where the actuator has health groups, of Spring Boot 3 or 4.
    afterName = {
      "dev.rollcall.spring.boot3.RollcallHealthAutoConfiguration",
      "dev.rollcall.spring.boot4.RollcallHealthAutoConfiguration"
    })
@ConditionalOnBean(Registry.class)
@ConditionalOnDiscoveryEnabled
@ConditionalOnProperty(
    name = {
      "rollcall.registration.enabled",
      "spring.cloud.service-registry.auto-registration.enabled"
    },
    matchIfMissing = true)
public final class RollcallRegistrationAutoConfiguration {

  /** Made by Spring. */
  RollcallRegistrationAutoConfiguration() {}

  @Bean
  @ConditionalOnMissingBean
  Liveness rollcallLiveness(RollcallProperties properties) {
    return Liveness.heartbeat(properties.registration().ttl())
        .deregisterAfter(properties.registration().deregisterAfter());
  }

  @Bean
  RollcallServiceRegistry rollcallServiceRegistry(
      Registry registry, Liveness liveness, RollcallProperties properties) {
    return new RollcallServiceRegistry(registry, liveness, properties.registration().drain());
  }

  @Bean
  @ConditionalOnMissingBean
  RollcallRegistration rollcallRegistration(
      RollcallProperties properties, Environment environment) {
    return new RollcallRegistration(SelfDescription.service(properties, environment));
  }

  @Bean(destroyMethod = "end")
  RollcallAutoServiceRegistration rollcallAutoServiceRegistration(
      RollcallServiceRegistry registry,
      RollcallRegistration registration,
      RollcallProperties properties,
      Environment environment,
      InetUtils machine,
      ObjectProvider<InstanceCustomizer> customizers,
      ObjectProvider<ApplicationHealth> health,
      ApplicationEventPublisher events) {
    String group = properties.registration().healthGroup();
    ApplicationHealth asked = health.getIfAvailable();
    if (group != null && asked == null) {
      throw RegistryException.invalid(
          "rollcall.registration.health-group: "
              + group
              + " (expected: the actuator with its health endpoint on the class path)");
    }
    SelfDescription description =
        new SelfDescription(properties, environment, machine, customizers.orderedStream().toList());
    return new RollcallAutoServiceRegistration(registry, registration, description, asked, events);
  }
}
