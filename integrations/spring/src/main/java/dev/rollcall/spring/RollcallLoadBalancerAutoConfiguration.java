package dev.rollcall.spring;

import dev.rollcall.Balancer;
import dev.rollcall.Registry;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.cloud.client.ConditionalOnDiscoveryEnabled;
import org.springframework.cloud.loadbalancer.annotation.LoadBalancerClients;
import org.springframework.cloud.loadbalancer.config.LoadBalancerAutoConfiguration;
import org.springframework.cloud.loadbalancer.core.ReactorLoadBalancer;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/**
 * Makes Rollcall choose for Spring Cloud LoadBalancer. A {@link Balancer} bean of the application's
 * own says how, for all services or, in a configuration of {@code @LoadBalancerClient}, for one.
 *
 * @since 0.1.0
 */
@AutoConfiguration(
    after = RollcallAutoConfiguration.class,
    before = LoadBalancerAutoConfiguration.class)
@ConditionalOnClass(ReactorLoadBalancer.class)
@ConditionalOnBean(Registry.class)
@ConditionalOnDiscoveryEnabled
@ConditionalOnProperty(prefix = "rollcall.loadbalancer", name = "enabled", matchIfMissing = true)
@LoadBalancerClients(defaultConfiguration = RollcallLoadBalancerConfiguration.class)
public final class RollcallLoadBalancerAutoConfiguration {

  /** Made by Spring. */
  RollcallLoadBalancerAutoConfiguration() {}

  @Bean
  @ConditionalOnMissingBean
  Balancer rollcallBalancer(RollcallProperties properties, Environment environment) {
    return properties.loadbalancer().toBalancer(SelfDescription.zone(properties, environment));
  }
}
