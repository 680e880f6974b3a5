package dev.rollcall.bench;

import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * One change in one very large service, one by one and in bursts, beside copying the service's
 * array once a change. {@code ./rollcall bench update}
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class BigServiceBenchmark {
  private static final int PREPARED = 1024;
  private static final int BURST = 64;

  /** Creates the benchmark. */
  public BigServiceBenchmark() {}

  /** The service. */
  @State(Scope.Benchmark)
  public static class Ours {
    /** How many instances it has. */
    @Param("100000")
    int instances;

    private final ServiceInstance[] changes = new ServiceInstance[2 * PREPARED];
    private final List<List<InstanceEvent>> bursts = new ArrayList<>();
    private FedRegistry fed;
    private int at;

    /** Creates the state. */
    public Ours() {}

    /** Loads the service and makes the changes, spread over all of it. */
    @Setup
    public void open() {
      fed = new FedRegistry(1, instances);
      for (int i = 0; i < 2 * PREPARED; i++) {
        int index = (int) (i % PREPARED * 7919L % instances);
        changes[i] = Fleet.instance(0, index, i < PREPARED ? 9001 : 9002);
      }
      for (int i = 0; i < 2 * PREPARED; i += BURST) {
        List<InstanceEvent> burst = new ArrayList<>();
        for (int j = 0; j < BURST; j++) {
          burst.add(new InstanceEvent.Put(changes[i + j]));
        }
        bursts.add(burst);
      }
    }

    /** Closes the registry. */
    @TearDown
    public void close() {
      fed.close();
    }
  }

  /** The array. */
  @State(Scope.Benchmark)
  public static class Limit {
    /** How many instances it has. */
    @Param("100000")
    int instances;

    private volatile ServiceInstance[] array;
    private ServiceInstance changed;
    private int at;

    /** Creates the state. */
    public Limit() {}

    /** Fills the array. */
    @Setup
    public void fill() {
      array = Fleet.instances(0, instances).toArray(new ServiceInstance[0]);
      changed = Fleet.instance(0, 0, 9001);
    }
  }

  /** One change. */
  @Benchmark
  public void oneByOne(Ours ours) {
    ours.at = (ours.at + 1) % ours.changes.length;
    ours.fed.put(0, ours.changes[ours.at]);
  }

  /** One change of 64 that come together; the time is that of one. */
  @Benchmark
  @OperationsPerInvocation(BURST)
  public void burst(Ours ours) {
    ours.at = (ours.at + 1) % ours.bursts.size();
    ours.fed.put(0, ours.bursts.get(ours.at));
  }

  /** One copy of the array. */
  @Benchmark
  public void copyArray(Limit limit) {
    ServiceInstance[] copy = limit.array.clone();
    limit.at = (limit.at + 7919) % copy.length;
    copy[limit.at] = limit.changed;
    limit.array = copy;
  }
}
