package dev.rollcall.testkit.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A TCP proxy on loopback, in front of one target, that can do to connections what networks do.
 *
 * <p>One mode is in force at a time, for all connections, old and new; each method that sets one
 * replaces the one before. A new proxy passes everything on. When a method returns, its effect is
 * there: what must be reset has been reset, and no byte will pass that the mode forbids. The port
 * stays the same until {@link #close()}.
 *
 * <p>Bytes that the proxy has taken and not yet delivered are kept when the mode changes, and
 * delivered in their order as the new mode allows. A connection that is reset loses them. When one
 * side ends its stream (FIN) or resets, the proxy does the same to the other.
 *
 * <p>Thread-safe. Methods block only until the proxy's thread, {@code rollcall-fault-proxy-port},
 * has done as told, which takes no I/O; all connections are served by that one daemon thread.
 *
 * <pre>{@code
 * try (EtcdServer etcd = EtcdServer.launch("3.5");
 *     FaultProxy proxy = FaultProxy.to(etcd)) {
 *   connect("http://127.0.0.1:" + proxy.port());
 *   proxy.stall();
 *   proxy.heal();
 * }
 * }</pre>
 *
 * @since 0.1.0
 */
public final class FaultProxy implements AutoCloseable {
  private final ProxyLoop loop;

  private FaultProxy(ProxyLoop loop) {
    this.loop = loop;
  }

  /**
   * Opens a proxy in front of a server's client port. It stays right across the server's restarts.
   *
   * @param server the target; it need not run yet
   * @return a proxy that passes everything on
   * @throws ServerException if no port can be opened
   */
  public static FaultProxy to(TestServer server) {
    return to(Loopback.address(server.port()));
  }

  /**
   * Opens a proxy in front of an address.
   *
   * @param target where connections go; no process need listen there yet
   * @return a proxy that passes everything on
   * @throws IllegalArgumentException if the address is not resolved
   * @throws ServerException if no port can be opened
   */
  public static FaultProxy to(InetSocketAddress target) {
    return to(target, () -> piece -> {});
  }

  /**
   * Opens a proxy in front of an address that shows what clients send, to be counted.
   *
   * @param target where connections go; no process need listen there yet
   * @param requests asked once for each connection that is passed on; what it gives is shown each
   *     piece that the client sends, in order, before the target gets it. Both are called on the
   *     proxy's thread and must neither block nor throw. A piece may be read, and not kept.
   * @return a proxy that passes everything on
   * @throws IllegalArgumentException if the address is not resolved
   * @throws ServerException if no port can be opened
   */
  public static FaultProxy to(
      InetSocketAddress target, Supplier<? extends Consumer<ByteBuffer>> requests) {
    if (target.isUnresolved()) {
      throw new IllegalArgumentException("target: " + target + " (expected: a resolved address)");
    }
    return PortLease.retryOnClash(
        () -> {
          PortLease lease = PortLease.of(1);
          try {
            return new FaultProxy(ProxyLoop.start(target, lease, requests));
          } catch (IOException e) {
            lease.close();
            throw new PortClashException("port " + lease.port(0) + ": " + e.getMessage());
          }
        });
  }

  /**
   * Returns the proxy's own port, on 127.0.0.1.
   *
   * @return the port
   */
  public int port() {
    return loop.port();
  }

  /**
   * Returns the proxy's own address.
   *
   * @return 127.0.0.1 and the port
   */
  public InetSocketAddress address() {
    return Loopback.address(port());
  }

  /**
   * Passes everything on again, and delivers at once what was held back.
   *
   * @throws IllegalStateException if the proxy is closed
   * @throws ServerException if another process took the port after {@link #refuse()}
   */
  public void heal() {
    loop.apply(Fault.PASS);
  }

  /**
   * Resets all connections (RST), and each new one as soon as it is accepted. A client sees its
   * connection reset while it connects or soon after; its attempts are counted.
   *
   * @throws IllegalStateException if the proxy is closed
   */
  public void cut() {
    loop.apply(Fault.CUT);
  }

  /**
   * Resets all connections (RST) and stops listening. A client sees "connection refused", as it
   * does of a process that is gone; its attempts cannot be counted.
   *
   * @throws IllegalStateException if the proxy is closed
   */
  public void refuse() {
    loop.apply(Fault.REFUSE);
  }

  /**
   * Resets all connections (RST) once. The mode stays: where it accepts new ones, it goes on to.
   *
   * @throws IllegalStateException if the proxy is closed
   */
  public void resetAll() {
    loop.resetAll();
  }

  /**
   * Swallows everything, as a network does whose packets are lost: connections stay open or are
   * accepted, and neither a byte nor an end passes. What a client sends meanwhile is delivered
   * after {@link #heal()}, as TCP would by sending it again.
   *
   * @throws IllegalStateException if the proxy is closed
   */
  public void stall() {
    loop.apply(Fault.STALL);
  }

  /**
   * Delivers each piece late, in both directions, so that a round trip takes twice the delay. The
   * order is kept.
   *
   * @param base how late on average
   * @param jitter how much earlier or later, at most, evenly distributed; never before the piece
   *     came
   * @throws IllegalArgumentException if either is negative
   * @throws IllegalStateException if the proxy is closed
   */
  public void delay(Duration base, Duration jitter) {
    loop.apply(
        new Fault.Delay(
            Durations.requireNotNegative("base", base).toNanos(),
            Durations.requireNotNegative("jitter", jitter).toNanos()));
  }

  /**
   * Delivers in slices: at most so many bytes, then nothing for the interval; per connection and
   * direction. {@code slice(1, Duration.ofMillis(1))} gives at most 1 KB/s a byte at a time.
   *
   * @param bytes the size of a slice
   * @param interval the pause between slices, at a resolution of a millisecond
   * @throws IllegalArgumentException if the bytes are less than 1 or the interval not more than 0
   * @throws IllegalStateException if the proxy is closed
   */
  public void slice(int bytes, Duration interval) {
    if (bytes < 1) {
      throw new IllegalArgumentException("bytes: " + bytes + " (expected: 1 or more)");
    }
    loop.apply(new Fault.Slice(bytes, Durations.requirePositive("interval", interval).toNanos()));
  }

  /**
   * Ends each connection in the middle of a reply: after so many bytes from the target, counted
   * from now or from its beginning, the client sees a clean end of stream and the target a reset.
   *
   * @param bytes how many bytes of the replies still pass; with 0 a connection ends as soon as the
   *     target sends
   * @throws IllegalArgumentException if the number is negative
   * @throws IllegalStateException if the proxy is closed
   */
  public void truncateAfter(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes: " + bytes + " (expected: 0 or more)");
    }
    loop.apply(new Fault.Truncate(bytes));
  }

  /**
   * Replaces what the target says next on each connection: as soon as it sends, the client gets
   * these bytes instead, and a clean end of stream. Requests reach the target as ever.
   *
   * @param reply garbage, an HTML page, an HTTP error
   * @throws IllegalStateException if the proxy is closed
   */
  public void replaceReplies(byte[] reply) {
    loop.apply(new Fault.Replace(ByteBuffer.wrap(reply.clone())));
  }

  /**
   * Returns what has passed so far. Does not block, and works after {@link #close()}. The counts of
   * bytes may be a moment behind the receiver.
   *
   * @return the counts of this moment, since the proxy was opened
   */
  public ProxyCounts counts() {
    return loop.counts();
  }

  /**
   * Resets all connections, stops listening and ends the thread. Blocks until that is done, at most
   * 10 s. Closing again does nothing.
   */
  @Override
  public void close() {
    loop.close();
  }

  @Override
  public String toString() {
    return loop.toString();
  }
}
