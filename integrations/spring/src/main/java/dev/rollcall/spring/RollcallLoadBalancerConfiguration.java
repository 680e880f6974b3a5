package dev.rollcall.spring;

import dev.rollcall.Balancer;
import dev.rollcall.Registry;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.cloud.loadbalancer.core.DiscoveryClientServiceInstanceListSupplier;
import org.springframework.cloud.loadbalancer.core.ReactorLoadBalancer;
import org.springframework.cloud.loadbalancer.core.ServiceInstanceListSupplier;
import org.springframework.cloud.loadbalancer.support.LoadBalancerClientFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/**
 * The beans of one service's load balancer, in a context of its own that Spring Cloud makes. Each
 * gives way to one that the application configures for that service.
 */
@Configuration(proxyBeanMethods = false)
class RollcallLoadBalancerConfiguration {

  @Bean
  @ConditionalOnMissingBean(ReactorLoadBalancer.class)
  RollcallLoadBalancer rollcallLoadBalancer(
      Registry registry,
      Balancer balancer,
      RollcallProperties properties,
      Environment environment) {
    String service = environment.getRequiredProperty(LoadBalancerClientFactory.PROPERTY_NAME);
    return new RollcallLoadBalancer(
        registry.service(service).balancedBy(balancer), properties.discovery().await());
  }

  /** For other balancers. Spring Cloud's own would cache: each list is the present one here. */
  @Bean
  @ConditionalOnMissingBean
  ServiceInstanceListSupplier rollcallInstanceListSupplier(
      Registry registry, RollcallProperties properties, Environment environment) {
    return new DiscoveryClientServiceInstanceListSupplier(
        new RollcallReactiveDiscoveryClient(registry, properties.discovery()), environment);
  }
}
