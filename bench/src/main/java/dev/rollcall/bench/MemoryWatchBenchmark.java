package dev.rollcall.bench;

import dev.rollcall.Change;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
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
 * A registration in the memory store until a listener hears of it, beside one hand-off to an
 * executor. {@code ./rollcall bench watch}
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MemoryWatchBenchmark {
  /** Creates the benchmark. */
  public MemoryWatchBenchmark() {}

  /** A registry with one listener. */
  @State(Scope.Thread)
  public static class Ours {
    /** Where listeners are called: {@code pool} or {@code caller}. */
    @Param("pool")
    String listeners;

    private final Hearing hearing = new Hearing();
    private final ServiceInstance[] variants = new ServiceInstance[100];
    private Registry registry;
    private Registration registration;
    private int port;

    /** Creates the state. */
    public Ours() {}

    /** Opens the store. */
    @Setup
    public void open() {
      var builder = Registry.builder("memory:");
      if (listeners.equals("caller")) {
        builder.listenerExecutor(Runnable::run);
      }
      registry = builder.build();
      for (int i = 0; i < variants.length; i++) {
        variants[i] = Fleet.instance(0, 0, 9000 + i);
      }
      registry.service(Fleet.name(0)).watch(this::changed);
      registry.service(Fleet.name(0)).await(Duration.ofSeconds(10));
    }

    private void changed(Change change) {
      hearing.heard(
          change.now().instances().isEmpty() ? 0 : change.now().instances().get(0).port());
    }

    /** Takes the instance out again, unmeasured. */
    @TearDown(Level.Invocation)
    public void deregister() {
      registration.deregister().join();
      hearing.await(0);
    }

    /** Closes the store. */
    @TearDown
    public void close() {
      registry.close();
    }
  }

  /** An executor with one thread. */
  @State(Scope.Thread)
  public static class Limit {
    private final Hearing hearing = new Hearing();
    private final ExecutorService executor = Executors.newSingleThreadExecutor();
    private int last;

    /** Creates the state. */
    public Limit() {}

    /** Lets its thread go to sleep between hand-offs, as that of a listener does. */
    @TearDown(Level.Invocation)
    public void rest() {
      long until = System.nanoTime() + 20_000;
      while (System.nanoTime() < until) {
        Thread.onSpinWait();
      }
    }

    /** Ends the thread. */
    @TearDown
    public void close() {
      executor.shutdown();
    }
  }

  /** Register, and wait for the callback. */
  @Benchmark
  public Registration register(Ours ours) {
    ours.port = ours.port == 99 ? 0 : ours.port + 1;
    ours.registration =
        ours.registry.register(ours.variants[ours.port], Liveness.permanent()).join();
    ours.hearing.await(9000 + ours.port);
    return ours.registration;
  }

  /** Hand a task over, and wait for it. */
  @Benchmark
  public void handOff(Limit limit) {
    int next = ++limit.last;
    limit.executor.execute(() -> limit.hearing.heard(next));
    limit.hearing.await(next);
  }
}
