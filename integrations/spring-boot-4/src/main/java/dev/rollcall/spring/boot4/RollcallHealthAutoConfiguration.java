package dev.rollcall.spring.boot4;

import dev.rollcall.Health;
import dev.rollcall.Registry;
import dev.rollcall.spring.ApplicationHealth;
import dev.rollcall.spring.RollcallAutoConfiguration;
import dev.rollcall.spring.RollcallProperties;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.health.actuate.endpoint.HealthEndpoint;
import org.springframework.boot.health.autoconfigure.actuate.endpoint.HealthEndpointAutoConfiguration;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.annotation.Bean;

/**
 * Shows the store in the actuator's health, as {@code rollcall}, and lets the health group that
 * {@code rollcall.registration.health-group} names speak for this application.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = {RollcallAutoConfiguration.class, HealthEndpointAutoConfiguration.class})
@ConditionalOnClass({
  HealthIndicator.class,
  HealthEndpoint.class,
  ConditionalOnEnabledHealthIndicator.class
})
@ConditionalOnBean(Registry.class)
public final class RollcallHealthAutoConfiguration {

  /** Made by Spring. */
  RollcallHealthAutoConfiguration() {}

  @Bean
  @ConditionalOnMissingBean(name = "rollcallHealthIndicator")
  @ConditionalOnEnabledHealthIndicator("rollcall")
  HealthIndicator rollcallHealthIndicator(Registry registry) {
    return new RollcallHealthIndicator(registry);
  }

  @Bean
  @ConditionalOnMissingBean
  @ConditionalOnBean(HealthEndpoint.class)
  @ConditionalOnProperty("rollcall.registration.health-group")
  ApplicationHealth rollcallApplicationHealth(
      HealthEndpoint endpoint, RollcallProperties properties) {
    String group = String.valueOf(properties.registration().healthGroup());
    return () -> {
      var found = endpoint.healthForPath(group);
      if (found == null) {
        throw new IllegalStateException("no health group " + group);
      }
      Status status = found.getStatus();
      return status.equals(Status.UP) || status.equals(Status.UNKNOWN)
          ? Health.PASSING
          : Health.CRITICAL;
    };
  }
}
