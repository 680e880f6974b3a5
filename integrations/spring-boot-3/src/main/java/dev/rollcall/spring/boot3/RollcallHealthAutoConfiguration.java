package dev.rollcall.spring.boot3;

import static java.util.Objects.requireNonNull;

import dev.rollcall.Health;
import dev.rollcall.Registry;
import dev.rollcall.RegistryStatus;
import dev.rollcall.spring.ApplicationHealth;
import dev.rollcall.spring.RollcallAutoConfiguration;
import dev.rollcall.spring.RollcallProperties;
import dev.rollcall.spring.StatusReport;
import java.util.Set;
import org.springframework.boot.actuate.autoconfigure.health.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.actuate.autoconfigure.health.HealthEndpointAutoConfiguration;
import org.springframework.boot.actuate.health.HealthEndpoint;
import org.springframework.boot.actuate.health.HealthIndicator;
import org.springframework.boot.actuate.health.Status;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
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
  private static final Set<Status> PASSING = Set.of(Status.UP, Status.UNKNOWN);

  /** Made by Spring. */
  RollcallHealthAutoConfiguration() {}

  /**
   * Down while the store does not answer, which an application may well survive: views keep what
   * they know, and registrations are restored. So it is in no group for readiness unless told to.
   */
  @Bean
  @ConditionalOnMissingBean(name = "rollcallHealthIndicator")
  @ConditionalOnEnabledHealthIndicator("rollcall")
  HealthIndicator rollcallHealthIndicator(Registry registry) {
    return () -> {
      RegistryStatus status = registry.status();
      return org.springframework.boot.actuate.health.Health.status(StatusReport.health(status))
          .withDetails(StatusReport.of(status))
          .build();
    };
  }

  @Bean
  @ConditionalOnMissingBean
  @ConditionalOnBean(HealthEndpoint.class)
  @ConditionalOnProperty("rollcall.registration.health-group")
  ApplicationHealth rollcallApplicationHealth(
      HealthEndpoint endpoint, RollcallProperties properties) {
    String group = String.valueOf(properties.registration().healthGroup());
    return () -> {
      var found = requireNonNull(endpoint.healthForPath(group), () -> "no health group " + group);
      return PASSING.contains(found.getStatus()) ? Health.PASSING : Health.CRITICAL;
    };
  }
}
