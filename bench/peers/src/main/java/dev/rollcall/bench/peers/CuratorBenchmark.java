package dev.rollcall.bench.peers;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.curator.x.discovery.ServiceCache;
import org.apache.curator.x.discovery.ServiceInstance;
import org.apache.curator.x.discovery.ServiceProvider;
import org.apache.curator.x.discovery.strategies.RoundRobinStrategy;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Curator's discovery on a real ZooKeeper, all 1,000 services: a started cache or provider each,
 * kept in a concurrent map by name since Curator has no look-up of them by name of its own. Nothing
 * changes while it is measured.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CuratorBenchmark {

  /** Creates the benchmark. */
  public CuratorBenchmark() {}

  /** A cache for each service. */
  @State(Scope.Benchmark)
  public static class Caches {
    private Map<String, ServiceCache<CuratorStore.Payload>> byName = Map.of();
    private CuratorStore store;

    /** Creates the state. */
    public Caches() {}

    /** Starts store and caches. */
    @Setup
    public void start() throws Exception {
      store = new CuratorStore();
      byName = caches(store);
    }

    /** Ends them. */
    @TearDown
    public void close() throws Exception {
      store.close();
    }
  }

  /** A provider for each service. */
  @State(Scope.Benchmark)
  public static class Providers {
    private final ConcurrentHashMap<String, ServiceProvider<CuratorStore.Payload>> byName =
        new ConcurrentHashMap<>();
    private CuratorStore store;

    /** Creates the state. */
    public Providers() {}

    /** Starts store and providers. */
    @Setup
    public void start() throws Exception {
      store = new CuratorStore();
      for (int i = 0; i < Names.SERVICES; i++) {
        ServiceProvider<CuratorStore.Payload> provider =
            store
                .discovery()
                .serviceProviderBuilder()
                .serviceName(Names.name(i))
                .providerStrategy(new RoundRobinStrategy<>())
                .executorService(store.changes())
                .build();
        provider.start();
        byName.put(Names.name(i), provider);
      }
    }

    /** Ends them. */
    @TearDown
    public void close() throws Exception {
      store.close();
    }
  }

  /** Returns a started cache for each service, by its name. */
  static Map<String, ServiceCache<CuratorStore.Payload>> caches(CuratorStore store)
      throws Exception {
    Map<String, ServiceCache<CuratorStore.Payload>> caches = new ConcurrentHashMap<>();
    for (int i = 0; i < Names.SERVICES; i++) {
      ServiceCache<CuratorStore.Payload> cache =
          store
              .discovery()
              .serviceCacheBuilder()
              .name(Names.name(i))
              .executorService(store.changes())
              .build();
      cache.start();
      caches.put(Names.name(i), cache);
    }
    return caches;
  }

  /** Name → list. */
  @Benchmark
  public List<ServiceInstance<CuratorStore.Payload>> list(Caches caches, Names names) {
    return caches.byName.get(names.next()).getInstances();
  }

  /** Name → one instance, round robin. */
  @Benchmark
  public ServiceInstance<CuratorStore.Payload> pick(Providers providers, Names names)
      throws Exception {
    return providers.byName.get(names.next()).getInstance();
  }
}
