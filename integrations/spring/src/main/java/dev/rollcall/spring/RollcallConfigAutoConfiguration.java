package dev.rollcall.spring;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.cloud.autoconfigure.RefreshAutoConfiguration;
import org.springframework.cloud.context.refresh.ContextRefresher;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * Refreshes the context when a value changes that {@code spring.config.import=rollcall:} has read.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = RefreshAutoConfiguration.class)
@ConditionalOnBean(ContextRefresher.class)
@ConditionalOnProperty(
    name = {"rollcall.enabled", "rollcall.config.refresh"},
    matchIfMissing = true)
public final class RollcallConfigAutoConfiguration {

  /** Made by Spring. */
  RollcallConfigAutoConfiguration() {}

  @Bean
  @ConditionalOnMissingBean
  KeyValueRefresher rollcallKeyValueRefresher(
      ConfigurableEnvironment environment, ContextRefresher refresher) {
    return new KeyValueRefresher(environment, refresher);
  }
}
