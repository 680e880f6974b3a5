package dev.rollcall.bench;

import dev.rollcall.Balancer;
import dev.rollcall.Pick;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.spi.RegistryBackend;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Name → one instance by each balancer, over views that the caller keeps in a plain map by name, as
 * the limit keeps its arrays. {@code ./rollcall bench pick}
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class BalancedBenchmark {
  /** The balancer. */
  @Param("roundRobin")
  String balancer;

  private final Map<String, ServiceView> views = new HashMap<>();
  private Registry registry;

  /** Creates the benchmark. */
  public BalancedBenchmark() {}

  /** Loads all services; their instances weigh 1 to 4. */
  @Setup
  public void open() {
    RegistryBackend backend = new FedBackend(BalancedBenchmark::weighing);
    registry = Registry.builder(backend).build();
    for (int i = 0; i < Cursor.SERVICES; i++) {
      ServiceView view = registry.service(Fleet.name(i)).balancedBy(chosen());
      view.await(Duration.ofSeconds(10));
      views.put(Fleet.name(i), view);
    }
  }

  private Balancer chosen() {
    return switch (balancer) {
      case "random" -> Balancer.random();
      case "roundRobin" -> Balancer.roundRobin();
      case "weighted" -> Balancer.weighted();
      case "leastLoaded" -> Balancer.leastLoaded();
      default -> throw new IllegalArgumentException(balancer);
    };
  }

  private static List<ServiceInstance> weighing(String service) {
    List<ServiceInstance> instances = new ArrayList<>();
    for (ServiceInstance one :
        Fleet.instances(Integer.parseInt(service.substring(8)), LookupBenchmark.EACH)) {
      instances.add(one.toBuilder().weight(1 + instances.size() % 4).build());
    }
    return instances;
  }

  /** Closes the registry. */
  @TearDown
  public void close() {
    registry.close();
  }

  /** One pick. */
  @Benchmark
  public ServiceInstance pick(Cursor cursor) {
    return views.get(cursor.next()).pick();
  }

  /** One request: the choice, and its end. */
  @Benchmark
  public ServiceInstance acquire(Cursor cursor) {
    try (Pick pick = views.get(cursor.next()).acquire()) {
      return pick.instance();
    }
  }
}
