package dev.rollcall.bench;

import dev.rollcall.Change;
import dev.rollcall.Registry;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
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
 * A put into etcd until a watcher hears of it: jetcd's own watch, and Rollcall's listener. The
 * write is the same raw put for both. {@code ./rollcall bench watch}
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Thread)
public class EtcdWatchBenchmark {
  /** One a JVM: several take turns on one server. */
  private static final String SERVICE = "orders-" + ProcessHandle.current().pid();

  private static final ByteSequence KEY = bytes("/bench/" + SERVICE + "/" + SERVICE + "-1");

  /** Who watches: {@code raw} or {@code rollcall}. */
  @Param("raw")
  String watcher;

  private final Hearing hearing = new Hearing();
  private Client writer;
  private AutoCloseable watching;
  private int port = 9000;

  /** Creates the benchmark. */
  public EtcdWatchBenchmark() {}

  /** Connects, and waits for the first event. */
  @Setup
  public void open() throws Exception {
    String endpoint = System.getProperty(Servers.ETCD);
    writer = Client.builder().endpoints(endpoint).build();
    long revision =
        writer
            .getKVClient()
            .put(KEY, bytes("10.0.0.7:" + port))
            .get(10, TimeUnit.SECONDS)
            .getHeader()
            .getRevision();
    if (watcher.equals("raw")) {
      Client client = Client.builder().endpoints(endpoint).build();
      WatchOption prefix = WatchOption.builder().isPrefix(true).withRevision(revision).build();
      client
          .getWatchClient()
          .watch(
              bytes("/bench/" + SERVICE + "/"),
              prefix,
              Watch.listener(response -> response.getEvents().forEach(this::heard)));
      watching = client;
    } else {
      Registry registry = Registry.open(endpoint.replace("http://", "etcd://") + "/bench");
      registry.service(SERVICE).watch(this::heard);
      registry.service(SERVICE).await(Duration.ofSeconds(10));
      watching = registry;
    }
    hearing.awaitAsleep(port);
    put();
  }

  private void heard(WatchEvent event) {
    String value = event.getKeyValue().getValue().toString(StandardCharsets.UTF_8);
    hearing.heard(Integer.parseInt(value.substring(value.indexOf(':') + 1)));
  }

  private void heard(Change change) {
    if (!change.now().instances().isEmpty()) {
      hearing.heard(change.now().instances().get(0).port());
    }
  }

  /** Closes the connections. */
  @TearDown
  public void close() throws Exception {
    watching.close();
    writer.close();
  }

  /** Put, and wait for the callback. */
  @Benchmark
  public int put() {
    port = port == 60000 ? 9000 : port + 1;
    writer.getKVClient().put(KEY, bytes("10.0.0.7:" + port));
    hearing.awaitAsleep(port);
    return port;
  }

  private static ByteSequence bytes(String text) {
    return ByteSequence.from(text, StandardCharsets.UTF_8);
  }
}
