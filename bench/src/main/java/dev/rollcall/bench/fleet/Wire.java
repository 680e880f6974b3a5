package dev.rollcall.bench.fleet;

import dev.rollcall.testkit.server.FaultProxy;
import dev.rollcall.testkit.server.ProxyCounts;
import dev.rollcall.testkit.server.TestServer;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.LongAdder;

/** A line to a store on which all is counted. Thread-safe. */
final class Wire implements AutoCloseable {
  private final LongAdder messages = new LongAdder();
  private final FaultProxy proxy;

  Wire(TestServer server) {
    proxy =
        FaultProxy.to(
            new InetSocketAddress("127.0.0.1", server.port()),
            () -> new MessageCounter(messages::increment));
  }

  /** Returns the address, to be put behind a scheme. */
  String address() {
    return "127.0.0.1:" + proxy.port();
  }

  Traffic traffic() {
    ProxyCounts counts = proxy.counts();
    return new Traffic(
        System.nanoTime(),
        counts.bytesToTarget() + counts.bytesToClients(),
        messages.sum(),
        counts.active());
  }

  @Override
  public void close() {
    proxy.close();
  }

  /**
   * What has passed.
   *
   * @param nanos when
   * @param bytes in both directions, without what TCP and IP put around them
   * @param messages requests and messages to the store
   * @param connections that are open
   */
  record Traffic(long nanos, long bytes, long messages, int connections) {
    Traffic since(Traffic before) {
      return new Traffic(
          nanos - before.nanos, bytes - before.bytes, messages - before.messages, connections);
    }

    double seconds() {
      return nanos / 1e9;
    }
  }
}
