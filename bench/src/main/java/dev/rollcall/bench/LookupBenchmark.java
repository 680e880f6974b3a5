package dev.rollcall.bench;

import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Name → list, and name → one instance: 1,000 services of 10 instances, with a writer beside it or
 * without. {@code ./rollcall bench lookup pick}
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LookupBenchmark {
  static final int EACH = 10;

  /** Creates the benchmark. */
  public LookupBenchmark() {}

  /** The registry. */
  @State(Scope.Benchmark)
  public static class Ours {
    /** Changes a second. */
    @Param("0")
    int writes;

    /** Whether the registry has an observer, which writes meters. */
    @Param("false")
    boolean observed;

    private FedRegistry fed;
    private Registry registry;
    private Writer writer;

    /** Creates the state. */
    public Ours() {}

    /** Loads all services. */
    @Setup
    public void open() {
      fed = new FedRegistry(Cursor.SERVICES, EACH, null, observed);
      registry = fed.registry();
      writer = new Writer(writes, fed::changeNext);
    }

    /** Lets the writer write. */
    @Setup(Level.Iteration)
    public void begin() {
      writer.turn(true);
    }

    /** Lets it rest. */
    @TearDown(Level.Iteration)
    public void rest() {
      writer.turn(false);
    }

    /** Closes the registry. */
    @TearDown
    public void close() {
      writer.close();
      fed.close();
    }
  }

  /** The limits: the maps of the JDK, with immutable arrays and lists in them. */
  @State(Scope.Benchmark)
  public static class Limits {
    /** Changes a second. */
    @Param("0")
    int writes;

    private final ConcurrentHashMap<String, ServiceInstance[]> concurrent =
        new ConcurrentHashMap<>();
    private final Map<String, ServiceInstance[]> plain = new HashMap<>();
    private volatile Map<String, ServiceInstance[]> published = plain;
    private Writer writer;
    private int next;

    /** Creates the state. */
    public Limits() {}

    /** Fills the maps. */
    @Setup
    public void fill() {
      for (int i = 0; i < Cursor.SERVICES; i++) {
        ServiceInstance[] array = Fleet.instances(i, EACH).toArray(new ServiceInstance[0]);
        concurrent.put(Fleet.name(i), array);
        plain.put(Fleet.name(i), array);
      }
      published = plain;
      writer = new Writer(writes, this::change);
    }

    /** Lets the writer write. */
    @Setup(Level.Iteration)
    public void begin() {
      writer.turn(true);
    }

    /** Lets it rest. */
    @TearDown(Level.Iteration)
    public void rest() {
      writer.turn(false);
    }

    /** Ends the writer. */
    @TearDown
    public void close() {
      writer.close();
    }

    private void change() {
      int service = next++ % Cursor.SERVICES;
      ServiceInstance changed = Fleet.instance(service, next % EACH, 9000 + next % 50000);
      ServiceInstance[] copy = concurrent.get(changed.service()).clone();
      copy[next % EACH] = changed;
      concurrent.put(changed.service(), copy);
    }
  }

  /** Name → list in Rollcall. */
  @Benchmark
  public List<ServiceInstance> list(Ours ours, Cursor cursor) {
    return ours.registry.service(cursor.next()).instances();
  }

  /** Name → array in a concurrent map. */
  @Benchmark
  public ServiceInstance[] listConcurrentMap(Limits limits, Cursor cursor) {
    return limits.concurrent.get(cursor.next());
  }

  /** Name → array in a volatile map. */
  @Benchmark
  public ServiceInstance[] listVolatileMap(Limits limits, Cursor cursor) {
    return limits.published.get(cursor.next());
  }

  /** Name → instance in Rollcall, with the standard balancer. */
  @Benchmark
  public ServiceInstance pick(Ours ours, Cursor cursor) {
    return ours.registry.service(cursor.next()).pick();
  }

  /** Name → instance, at random, in a plain map. */
  @Benchmark
  public ServiceInstance pickPlainMap(Limits limits, Cursor cursor) {
    ServiceInstance[] array = limits.plain.get(cursor.next());
    return array[java.util.concurrent.ThreadLocalRandom.current().nextInt(array.length)];
  }
}
