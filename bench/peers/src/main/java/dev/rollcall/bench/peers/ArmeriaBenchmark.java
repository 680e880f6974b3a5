package dev.rollcall.bench.peers;

import com.linecorp.armeria.client.ClientRequestContext;
import com.linecorp.armeria.client.Endpoint;
import com.linecorp.armeria.client.endpoint.DynamicEndpointGroup;
import com.linecorp.armeria.client.endpoint.EndpointSelectionStrategy;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
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
 * Armeria: a dynamic endpoint group a service, kept in a concurrent map by name since Armeria has
 * no look-up by name of its own; its health checks and everything else that costs is off.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class ArmeriaBenchmark {
  /** The strategy: {@code roundRobin} or {@code weighted}. */
  @Param("roundRobin")
  String strategy;

  private final ConcurrentHashMap<String, Group> groups = new ConcurrentHashMap<>();
  private ClientRequestContext context;

  /** Creates the benchmark. */
  public ArmeriaBenchmark() {}

  /** A group whose endpoints are set from outside, as that of a registry is. */
  private static final class Group extends DynamicEndpointGroup {
    Group(EndpointSelectionStrategy strategy, List<Endpoint> endpoints) {
      super(strategy);
      setEndpoints(endpoints);
    }
  }

  /** Fills the groups. */
  @Setup
  public void fill() {
    EndpointSelectionStrategy chosen =
        strategy.equals("weighted")
            ? EndpointSelectionStrategy.weightedRoundRobin()
            : EndpointSelectionStrategy.roundRobin();
    for (int i = 0; i < Names.SERVICES; i++) {
      List<Endpoint> endpoints = new ArrayList<>();
      for (int j = 0; j < Names.EACH; j++) {
        endpoints.add(Endpoint.of("10.0.0." + j, 8080));
      }
      groups.put(Names.name(i), new Group(chosen, endpoints));
    }
    context = ClientRequestContext.of(HttpRequest.of(HttpMethod.GET, "/"));
  }

  /** Closes the groups. */
  @TearDown
  public void close() {
    groups.values().forEach(Group::close);
  }

  /** Name → list. */
  @Benchmark
  public List<Endpoint> list(Names names) {
    return groups.get(names.next()).endpoints();
  }

  /** Name → one endpoint. */
  @Benchmark
  public Endpoint pick(Names names) {
    return groups.get(names.next()).selectNow(context);
  }
}
