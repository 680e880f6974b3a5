package dev.rollcall.spring;

import dev.rollcall.RegistryObserver;
import dev.rollcall.micrometer.MicrometerObserver;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;

/**
 * Measures the registry where {@code rollcall-micrometer} is on the class path and the application
 * has a meter registry.
 *
 * @since 0.1.0
 */
@AutoConfiguration(
    before = RollcallAutoConfiguration.class,
    // The one of Spring Boot 3, and that of 4.
    afterName = {
      "org.springframework.boot.actuate.autoconfigure.metrics.CompositeMeterRegistryAutoConfiguration",
      "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration"
    })
@ConditionalOnClass({MicrometerObserver.class, MeterRegistry.class})
@ConditionalOnBean(MeterRegistry.class)
@ConditionalOnProperty(prefix = "rollcall", name = "enabled", matchIfMissing = true)
public final class RollcallMicrometerAutoConfiguration {

  /** Made by Spring. */
  RollcallMicrometerAutoConfiguration() {}

  @Bean
  @ConditionalOnMissingBean(RegistryObserver.class)
  MicrometerObserver rollcallMicrometerObserver(MeterRegistry meters) {
    return new MicrometerObserver(meters);
  }
}
