package dev.rollcall.spring;

import dev.rollcall.Balancer;
import dev.rollcall.Registry;
import dev.rollcall.ServiceView;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.cloud.client.ServiceInstance;
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

  private static String service(Environment environment) {
    return environment.getRequiredProperty(LoadBalancerClientFactory.PROPERTY_NAME);
  }

  @Bean
  @ConditionalOnMissingBean
  ReactorLoadBalancer<ServiceInstance> rollcallLoadBalancer(
      Registry registry,
      Balancer balancer,
      RollcallProperties properties,
      Environment environment) {
    ServiceView view = registry.service(service(environment)).balancedBy(balancer);
    return new RollcallLoadBalancer(view, properties.discovery().await(), new PicksInFlight());
  }

  @Bean
  @ConditionalOnMissingBean
  ServiceInstanceListSupplier rollcallInstanceListSupplier(
      Registry registry, RollcallProperties properties, Environment environment) {
    return new RollcallInstanceListSupplier(
        registry.service(service(environment)), properties.discovery().await());
  }

  @Bean
  InFlightLifecycle rollcallInFlightLifecycle() {
    return new InFlightLifecycle();
  }
}
