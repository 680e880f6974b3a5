package dev.rollcall.spring;

import dev.rollcall.Registry;
import dev.rollcall.RegistryBuilder;
import dev.rollcall.RegistryObserver;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * Opens the {@link Registry} that {@code rollcall.uri} names, and closes it with the context. Does
 * not wait for the store. A registry bean of the application's own takes its place.
 *
 * @since 0.1.0
 */
@AutoConfiguration
@ConditionalOnProperty(prefix = "rollcall", name = "enabled", matchIfMissing = true)
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
}
