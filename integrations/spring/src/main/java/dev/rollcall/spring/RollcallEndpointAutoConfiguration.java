package dev.rollcall.spring;

import dev.rollcall.Registry;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/**
 * Adds the endpoint {@code rollcall} to the actuator, where that is on the class path.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = RollcallAutoConfiguration.class)
@ConditionalOnClass({Endpoint.class, ConditionalOnAvailableEndpoint.class})
@ConditionalOnBean(Registry.class)
public final class RollcallEndpointAutoConfiguration {

  /** Made by Spring. */
  RollcallEndpointAutoConfiguration() {}

  @Bean
  @ConditionalOnMissingBean
  @ConditionalOnAvailableEndpoint
  RollcallEndpoint rollcallEndpoint(Registry registry) {
    return new RollcallEndpoint(registry);
  }
}
