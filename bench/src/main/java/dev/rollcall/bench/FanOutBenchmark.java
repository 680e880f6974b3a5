package dev.rollcall.bench;

import dev.rollcall.Change;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceListener;
import java.util.Random;
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
 * One change to all listeners of a service. They are of four classes in no order, as an
 * application's are, so that no call is inlined; they are called on the thread that brings the
 * change, so that the wake-up of another is not measured. {@code ./rollcall bench fan-out}
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FanOutBenchmark {
  /** Creates the benchmark. */
  public FanOutBenchmark() {}

  /** What each listener does: as good as nothing. */
  abstract static class Counting implements ServiceListener {
    long heard;

    @Override
    public void changed(Change change) {
      heard++;
    }
  }

  private static final class First extends Counting {
    @Override
    public void changed(Change change) {
      heard++;
    }
  }

  private static final class Second extends Counting {
    @Override
    public void changed(Change change) {
      heard += 2;
    }
  }

  private static final class Third extends Counting {
    @Override
    public void changed(Change change) {
      heard += 3;
    }
  }

  private static final class Fourth extends Counting {
    @Override
    public void changed(Change change) {
      heard += 4;
    }
  }

  static ServiceListener[] listeners(int count) {
    ServiceListener[] listeners = new ServiceListener[count];
    Random order = new Random(42);
    for (int i = 0; i < count; i++) {
      listeners[i] =
          switch (order.nextInt(4)) {
            case 0 -> new First();
            case 1 -> new Second();
            case 2 -> new Third();
            default -> new Fourth();
          };
    }
    return listeners;
  }

  /** A service with listeners. */
  @State(Scope.Benchmark)
  public static class Ours {
    /** How many listeners. */
    @Param("1000")
    int listeners;

    /** Whether the registry has an observer, which writes meters. */
    @Param("false")
    boolean observed;

    private FedRegistry fed;
    private ServiceInstance one;
    private ServiceInstance other;
    private boolean odd;

    /** Creates the state. */
    public Ours() {}

    /** Subscribes them. */
    @Setup
    public void open() {
      fed = new FedRegistry(1, LookupBenchmark.EACH, Runnable::run, observed);
      for (ServiceListener listener : listeners(listeners)) {
        fed.view(0).watch(listener);
      }
      one = Fleet.instance(0, 3, 9001);
      other = Fleet.instance(0, 3, 9002);
    }

    /** Closes the registry. */
    @TearDown
    public void close() {
      fed.close();
    }
  }

  /** An array of listeners. */
  @State(Scope.Benchmark)
  public static class Limit {
    /** How many listeners. */
    @Param("1000")
    int listeners;

    private ServiceListener[] array;
    private Change change;

    /** Creates the state. */
    public Limit() {}

    /** Makes the array, and a change to hand out. */
    @Setup
    public void fill() {
      array = listeners(listeners);
      try (FedRegistry fed = new FedRegistry(1, LookupBenchmark.EACH, Runnable::run)) {
        fed.view(0).watch(heard -> change = heard);
        fed.put(0, Fleet.instance(0, 3, 9001));
      }
    }
  }

  /** One change through Rollcall. */
  @Benchmark
  public void fanOut(Ours ours) {
    ours.odd = !ours.odd;
    ours.fed.put(0, ours.odd ? ours.one : ours.other);
  }

  /** One change through a loop. */
  @Benchmark
  public void fanOutArray(Limit limit) {
    Change change = limit.change;
    for (ServiceListener listener : limit.array) {
      listener.changed(change);
    }
  }
}
