package dev.rollcall.bench;

import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A view that the caller keeps, beside a volatile array. {@code ./rollcall bench lookup pick} */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class ViewBenchmark {
  private FedRegistry fed;
  private ServiceView view;
  private Kept kept;

  /** What a caller would keep in the view's place: an object that leads to the present array. */
  private static final class Kept {
    volatile ServiceInstance[] array;
  }

  /** Creates the benchmark. */
  public ViewBenchmark() {}

  /** Loads one service. */
  @Setup
  public void open() {
    fed = new FedRegistry(1, LookupBenchmark.EACH);
    view = fed.view(0);
    kept = new Kept();
    kept.array = Fleet.instances(0, LookupBenchmark.EACH).toArray(new ServiceInstance[0]);
  }

  /** Closes the registry. */
  @TearDown
  public void close() {
    fed.close();
  }

  /** The list of a kept view. */
  @Benchmark
  public List<ServiceInstance> list() {
    return view.instances();
  }

  /** A volatile read. */
  @Benchmark
  public ServiceInstance[] listVolatileArray() {
    return kept.array;
  }

  /** An instance of a kept view. */
  @Benchmark
  public ServiceInstance pick() {
    return view.pick();
  }

  /** A random element of a volatile array. */
  @Benchmark
  public ServiceInstance pickVolatileArray() {
    ServiceInstance[] now = kept.array;
    return now[ThreadLocalRandom.current().nextInt(now.length)];
  }
}
