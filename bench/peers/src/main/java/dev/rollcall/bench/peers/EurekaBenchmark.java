package dev.rollcall.bench.peers;

import com.netflix.appinfo.InstanceInfo;
import com.netflix.discovery.EurekaClient;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Eureka's client, which has fetched the fleet once over HTTP: its own look-up by virtual host
 * name, beside which that by application costs the same, and its own round robin over that.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class EurekaBenchmark {
  private EurekaFeed feed;
  private EurekaClient client;

  /** Creates the benchmark. */
  public EurekaBenchmark() {}

  /** Starts the client, which fetches. */
  @Setup
  public void fetch() throws IOException {
    feed = new EurekaFeed();
    client = feed.client();
    int found = client.getInstancesByVipAddress(Names.name(0), false).size();
    if (found != Names.EACH) {
      throw new IllegalStateException("Eureka shows " + found + " instances of a service");
    }
  }

  /** Ends the client. */
  @TearDown
  public void close() {
    feed.close();
  }

  /** Name → list. */
  @Benchmark
  public List<InstanceInfo> list(Names names) {
    return client.getInstancesByVipAddress(names.next(), false);
  }

  /** Name → one instance. */
  @Benchmark
  public InstanceInfo pick(Names names) {
    return client.getNextServerFromEureka(names.next(), false);
  }
}
