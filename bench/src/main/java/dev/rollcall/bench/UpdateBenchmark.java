package dev.rollcall.bench;

import dev.rollcall.ServiceInstance;
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
 * One change of one instance in a registry of N, 100 a service, from the backend's call until
 * readers see it, beside a concurrent map of arrays. Both are handed instances that are made
 * beforehand. {@code ./rollcall bench update}
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class UpdateBenchmark {
  private static final int EACH = 100;
  private static final int PREPARED = 4096;

  /** Creates the benchmark. */
  public UpdateBenchmark() {}

  /**
   * Changes of instances that are all different, spread over all services, and once more with
   * another port: so that none of them is void.
   */
  private static final class Changes {
    private final ServiceInstance[] instances;
    private final int[] services;
    private int at;

    Changes(int services) {
      int count = Math.min(PREPARED, services * EACH);
      instances = new ServiceInstance[2 * count];
      this.services = new int[2 * count];
      for (int i = 0; i < count; i++) {
        int service = (int) (i * 2_654_435_761L % services); // a prime: each service once a lap
        int index = (i / services + 7 * service) % EACH;
        this.services[i] = service;
        this.services[count + i] = service;
        instances[i] = Fleet.instance(service, index, 9001);
        instances[count + i] = Fleet.instance(service, index, 9002);
      }
    }

    ServiceInstance next() {
      int now = at + 1;
      at = now == instances.length ? 0 : now;
      return instances[at];
    }

    int service() {
      return services[at];
    }
  }

  /** The registry. */
  @State(Scope.Benchmark)
  public static class Ours {
    /** How many instances there are. */
    @Param("1000")
    int instances;

    /** Whether the registry has an observer, which writes meters. */
    @Param("false")
    boolean observed;

    private FedRegistry fed;
    private Changes changes;

    /** Creates the state. */
    public Ours() {}

    /** Loads all services. */
    @Setup
    public void open() {
      fed = new FedRegistry(instances / EACH, EACH, null, observed);
      changes = new Changes(instances / EACH);
    }

    /** Closes the registry. */
    @TearDown
    public void close() {
      fed.close();
    }
  }

  /** A concurrent map of arrays. */
  @State(Scope.Benchmark)
  public static class Limit {
    /** How many instances there are. */
    @Param("1000")
    int instances;

    private final ConcurrentHashMap<String, ServiceInstance[]> map = new ConcurrentHashMap<>();
    private Changes changes;

    /** Creates the state. */
    public Limit() {}

    /** Fills the map. */
    @Setup
    public void fill() {
      for (int i = 0; i < instances / EACH; i++) {
        map.put(Fleet.name(i), Fleet.instances(i, EACH).toArray(new ServiceInstance[0]));
      }
      changes = new Changes(instances / EACH);
    }
  }

  /** One change in Rollcall. */
  @Benchmark
  public void change(Ours ours) {
    ServiceInstance changed = ours.changes.next();
    ours.fed.put(ours.changes.service(), changed);
  }

  /** One change in the map. */
  @Benchmark
  public void changeConcurrentMap(Limit limit) {
    ServiceInstance changed = limit.changes.next();
    ServiceInstance[] copy = limit.map.get(changed.service()).clone();
    copy[limit.changes.service() % EACH] = changed;
    limit.map.put(changed.service(), copy);
  }
}
