package dev.rollcall.spring;

import dev.rollcall.Registry;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.cloud.client.CommonsClientAutoConfiguration;
import org.springframework.cloud.client.ConditionalOnDiscoveryEnabled;
import org.springframework.cloud.client.ConditionalOnReactiveDiscoveryEnabled;
import org.springframework.cloud.client.ReactiveCommonsClientAutoConfiguration;
import org.springframework.cloud.client.discovery.simple.SimpleDiscoveryClientAutoConfiguration;
import org.springframework.cloud.client.discovery.simple.reactive.SimpleReactiveDiscoveryClientAutoConfiguration;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.publisher.Flux;

/**
 * Shows the registry to Spring's {@code DiscoveryClient} and {@code ReactiveDiscoveryClient},
 * beside those of others, in the order of {@code rollcall.discovery.order}.
 *
 * @since 0.1.0
 */
@AutoConfiguration(
    after = RollcallAutoConfiguration.class,
    before = {
      CommonsClientAutoConfiguration.class,
      ReactiveCommonsClientAutoConfiguration.class,
      SimpleDiscoveryClientAutoConfiguration.class,
      SimpleReactiveDiscoveryClientAutoConfiguration.class
    })
@ConditionalOnBean(Registry.class)
@ConditionalOnDiscoveryEnabled
@ConditionalOnProperty(prefix = "rollcall.discovery", name = "enabled", matchIfMissing = true)
public final class RollcallDiscoveryAutoConfiguration {

  /** Made by Spring. */
  RollcallDiscoveryAutoConfiguration() {}

  @Bean
  @ConditionalOnProperty(name = "spring.cloud.discovery.blocking.enabled", matchIfMissing = true)
  RollcallDiscoveryClient rollcallDiscoveryClient(
      Registry registry, RollcallProperties properties) {
    return new RollcallDiscoveryClient(registry, properties.discovery());
  }

  @Bean
  @ConditionalOnProperty(prefix = "rollcall.discovery", name = "heartbeat", matchIfMissing = true)
  CatalogHeartbeat rollcallHeartbeat(Registry registry, ApplicationEventPublisher events) {
    return new CatalogHeartbeat(registry, events);
  }

  /** Apart, since Reactor may be missing. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(Flux.class)
  @ConditionalOnReactiveDiscoveryEnabled
  static final class Reactive {

    @Bean
    RollcallReactiveDiscoveryClient rollcallReactiveDiscoveryClient(
        Registry registry, RollcallProperties properties) {
      return new RollcallReactiveDiscoveryClient(registry, properties.discovery());
    }
  }
}
