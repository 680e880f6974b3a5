package dev.rollcall.spring;

import dev.rollcall.Registry;
import dev.rollcall.RegistryBuilder;
import dev.rollcall.RegistryObserver;
import dev.rollcall.micrometer.MicrometerObserver;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.cloud.autoconfigure.RefreshAutoConfiguration;
import org.springframework.cloud.context.refresh.ContextRefresher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * Opens the {@link Registry} that {@code rollcall.uri} names, and closes it with the context. Does
 * not wait for the store. A registry bean of the application's own takes its place.
 *
 * <p>Adds the actuator's endpoint {@code rollcall}, measures the registry where {@code
 * rollcall-micrometer} and a meter registry are there, and refreshes the context when a value
 * changes that {@code spring.config.import=rollcall:} has read.
 *
 * @since 0.1.0
 */
@AutoConfiguration(
    after = RefreshAutoConfiguration.class,
    // The one of Spring Boot 3, and that of 4.
    afterName = {
      "org.springframework.boot.actuate.autoconfigure.metrics.CompositeMeterRegistryAutoConfiguration",
      "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration"
    })
@ConditionalOnProperty(name = "rollcall.enabled", matchIfMissing = true)
@EnableConfigurationProperties(RollcallProperties.class)
public final class RollcallAutoConfiguration {

  /** Made by Spring. */
  RollcallAutoConfiguration() {}

  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  Registry rollcallRegistry(
      RollcallProperties properties,
      ObjectProvider<RegistryObserver> observer,
      ObjectProvider<RegistryCustomizer> customizers) {
    RegistryBuilder builder =
        Registry.builder(properties.requiredUri())
            .deadline(properties.deadline())
            .dropIdleViewsAfter(properties.dropIdleViewsAfter())
            .ejectAtMost(properties.ejectAtMost())
            .massLossProtection(properties.massLoss().share(), properties.massLoss().bound());
    if (properties.cache().path() != null) {
      builder.cache(properties.cache().path(), properties.cache().maxAge());
    }
    observer.ifUnique(builder::observer);
    customizers.orderedStream().forEach(each -> each.customize(builder));
    return builder.build();
  }

  /** Stopped as well where the start of the context has failed. */
  @Bean(destroyMethod = "stop")
  @ConditionalOnBean(ContextRefresher.class)
  @ConditionalOnProperty(name = "rollcall.config.refresh", matchIfMissing = true)
  KeyValueRefresher rollcallKeyValueRefresher(
      ConfigurableEnvironment environment, ContextRefresher refresher) {
    return new KeyValueRefresher(environment, refresher);
  }

  /** Apart, since the actuator may be missing. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass({Endpoint.class, ConditionalOnAvailableEndpoint.class})
  static final class Actuator {
    @Bean
    @ConditionalOnAvailableEndpoint
    RollcallEndpoint rollcallEndpoint(Registry registry) {
      return new RollcallEndpoint(registry);
    }
  }

  /** Apart, since Micrometer, or what measures with it, may be missing. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass({MicrometerObserver.class, MeterRegistry.class})
  static final class Meters {
    @Bean
    @ConditionalOnBean(MeterRegistry.class)
    @ConditionalOnMissingBean(RegistryObserver.class)
    MicrometerObserver rollcallMicrometerObserver(MeterRegistry meters) {
      return new MicrometerObserver(meters);
    }
  }
}
