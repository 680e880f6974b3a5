package dev.rollcall.bench;

import com.google.common.net.HostAndPort;
import com.orbitz.consul.Consul;
import com.orbitz.consul.ConsulException;
import com.orbitz.consul.HealthClient;
import com.orbitz.consul.model.ConsulResponse;
import com.orbitz.consul.model.agent.ImmutableRegistration;
import com.orbitz.consul.model.health.ServiceHealth;
import com.orbitz.consul.option.QueryOptions;
import dev.rollcall.Change;
import dev.rollcall.Registry;
import java.math.BigInteger;
import java.net.URI;
import java.time.Duration;
import java.util.List;
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
 * A registration at a Consul agent until a watcher hears of it: a loop of blocking queries on the
 * raw client, and Rollcall's listener. The write is the same call of the raw client for both.
 * {@code ./rollcall bench watch}
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Thread)
public class ConsulWatchBenchmark {
  /** One a JVM: several take turns on one server. */
  private static final String SERVICE = "bench-orders-" + ProcessHandle.current().pid();

  /** Who watches: {@code raw} or {@code rollcall}. */
  @Param("raw")
  String watcher;

  private final Hearing hearing = new Hearing();
  private Consul writer;
  private AutoCloseable watching;
  private volatile boolean over;
  private int port = 9000;

  /** Creates the benchmark. */
  public ConsulWatchBenchmark() {}

  /** Connects, and waits for the first change. */
  @Setup
  public void open() {
    URI endpoint = URI.create(System.getProperty(Servers.CONSUL));
    writer = client(endpoint);
    write(port);
    if (watcher.equals("raw")) {
      Consul reader = client(endpoint);
      Thread loop = new Thread(() -> poll(reader.healthClient()), "raw-consul-watch");
      loop.setDaemon(true);
      loop.start();
      watching = reader::destroy;
    } else {
      Registry registry =
          Registry.open("consul://" + endpoint.getHost() + ":" + endpoint.getPort());
      registry.service(SERVICE).watch(this::heard);
      registry.service(SERVICE).await(Duration.ofSeconds(10));
      watching = registry;
    }
    hearing.awaitAsleep(port);
    register();
  }

  private static Consul client(URI endpoint) {
    return Consul.builder()
        .withHostAndPort(HostAndPort.fromParts(endpoint.getHost(), endpoint.getPort()))
        .withPing(false)
        .build();
  }

  private void poll(HealthClient health) {
    BigInteger index = BigInteger.ZERO;
    try {
      while (!over) {
        ConsulResponse<List<ServiceHealth>> answer =
            health.getAllServiceInstances(SERVICE, QueryOptions.blockSeconds(5, index).build());
        index = answer.getIndex();
        if (!answer.getResponse().isEmpty()) {
          hearing.heard(answer.getResponse().get(0).getService().getPort());
        }
      }
    } catch (ConsulException failed) {
      if (!over) { // else it was closing that has cancelled the query
        throw failed;
      }
    }
  }

  private void heard(Change change) {
    if (!change.now().instances().isEmpty()) {
      hearing.heard(change.now().instances().get(0).port());
    }
  }

  private void write(int port) {
    writer
        .agentClient()
        .register(
            ImmutableRegistration.builder()
                .id(SERVICE + "-1")
                .name(SERVICE)
                .address("10.0.0.7")
                .port(port)
                .build());
  }

  /** Closes the connections. */
  @TearDown
  public void close() throws Exception {
    over = true;
    watching.close();
    writer.agentClient().deregister(SERVICE + "-1");
    writer.destroy();
  }

  /** Register, and wait for the callback. */
  @Benchmark
  public int register() {
    port = port == 60000 ? 9000 : port + 1;
    write(port);
    hearing.awaitAsleep(port);
    return port;
  }
}
