package dev.rollcall.bench.peers;

import io.smallrye.stork.Stork;
import io.smallrye.stork.api.ServiceDefinition;
import io.smallrye.stork.api.ServiceInstance;
import io.smallrye.stork.loadbalancer.random.RandomConfiguration;
import io.smallrye.stork.servicediscovery.staticlist.StaticConfiguration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Stork on static lists, its fastest discovery, with its random balancer: what is asynchronous is
 * there at once and is waited for where it stands.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class StorkBenchmark {
  private Stork stork;

  /** Creates the benchmark. */
  public StorkBenchmark() {}

  /** Defines the services. */
  @Setup
  public void define() {
    Stork.initialize();
    stork = Stork.getInstance();
    String addresses =
        IntStream.range(0, Names.EACH)
            .mapToObj(i -> "10.0.0." + i + ":8080")
            .collect(Collectors.joining(","));
    for (int i = 0; i < Names.SERVICES; i++) {
      stork.defineIfAbsent(
          Names.name(i),
          ServiceDefinition.of(
              new StaticConfiguration().withAddressList(addresses), new RandomConfiguration()));
    }
  }

  /** Ends Stork. */
  @TearDown
  public void close() {
    Stork.shutdown();
  }

  /** Name → list. */
  @Benchmark
  public List<ServiceInstance> list(Names names) {
    return stork.getService(names.next()).getInstances().await().indefinitely();
  }

  /** Name → one instance. */
  @Benchmark
  public ServiceInstance pick(Names names) {
    return stork.getService(names.next()).selectInstance().await().indefinitely();
  }
}
