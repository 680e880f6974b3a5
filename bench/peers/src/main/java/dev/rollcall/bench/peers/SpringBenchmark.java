package dev.rollcall.bench.peers;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.discovery.simple.InstanceProperties;
import org.springframework.cloud.client.discovery.simple.SimpleDiscoveryClient;
import org.springframework.cloud.client.discovery.simple.SimpleDiscoveryProperties;
import org.springframework.cloud.loadbalancer.cache.CaffeineBasedLoadBalancerCacheManager;
import org.springframework.cloud.loadbalancer.cache.LoadBalancerCacheManager;
import org.springframework.cloud.loadbalancer.cache.LoadBalancerCacheProperties;
import org.springframework.cloud.loadbalancer.core.CachingServiceInstanceListSupplier;
import org.springframework.cloud.loadbalancer.core.DiscoveryClientServiceInstanceListSupplier;
import org.springframework.cloud.loadbalancer.core.RoundRobinLoadBalancer;
import org.springframework.cloud.loadbalancer.core.ServiceInstanceListSupplier;
import org.springframework.cloud.loadbalancer.support.LoadBalancerClientFactory;
import org.springframework.cloud.loadbalancer.support.SimpleObjectProvider;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;

/**
 * Spring: its simple discovery client, which asks nobody, and the round robin of its load balancer
 * over the same client with the Caffeine cache that its reference advises. No health check; the
 * cache's {@code spec} lets no entry end, which takes a third off what the defaults cost; and a
 * service's balancer stands in a concurrent map by name, where Spring would look into a context of
 * its own a service.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class SpringBenchmark {
  private final SimpleDiscoveryClient client = client();
  private final ConcurrentHashMap<String, RoundRobinLoadBalancer> balancers =
      new ConcurrentHashMap<>();

  /** Creates the benchmark. */
  public SpringBenchmark() {}

  /** Returns a client that knows the fleet. */
  static SimpleDiscoveryClient client() {
    Map<String, List<InstanceProperties>> services = new HashMap<>();
    for (int i = 0; i < Names.SERVICES; i++) {
      List<InstanceProperties> instances = new ArrayList<>();
      for (Node node : Node.of(i)) {
        InstanceProperties instance = new InstanceProperties();
        instance.setInstanceId(node.id());
        instance.setServiceId(node.service());
        instance.setHost(node.host());
        instance.setPort(node.port());
        instance.setMetadata(node.metadataWithTags());
        instances.add(instance);
      }
      services.put(Names.name(i), instances);
    }
    SimpleDiscoveryProperties properties = new SimpleDiscoveryProperties();
    properties.setInstances(services);
    return new SimpleDiscoveryClient(properties);
  }

  /** Makes a balancer for each service, all with the same cache. */
  @Setup
  public void balance() {
    LoadBalancerCacheProperties properties = new LoadBalancerCacheProperties();
    properties.getCaffeine().setSpec("initialCapacity=" + 2 * Names.SERVICES);
    LoadBalancerCacheManager cache = new CaffeineBasedLoadBalancerCacheManager(properties);
    for (int i = 0; i < Names.SERVICES; i++) {
      String name = Names.name(i);
      StandardEnvironment environment = new StandardEnvironment();
      environment
          .getPropertySources()
          .addFirst(
              new MapPropertySource(
                  "service", Map.of(LoadBalancerClientFactory.PROPERTY_NAME, name)));
      ServiceInstanceListSupplier supplier =
          new CachingServiceInstanceListSupplier(
              new DiscoveryClientServiceInstanceListSupplier(client, environment), cache);
      balancers.put(name, new RoundRobinLoadBalancer(new SimpleObjectProvider<>(supplier), name));
    }
  }

  /** Name → list. */
  @Benchmark
  public List<ServiceInstance> list(Names names) {
    return client.getInstances(names.next());
  }

  /** Name → one instance, waited for as Spring's own blocking client does. */
  @Benchmark
  public ServiceInstance pick(Names names) {
    return balancers.get(names.next()).choose().block().getServer();
  }
}
