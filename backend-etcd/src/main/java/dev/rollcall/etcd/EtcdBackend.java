package dev.rollcall.etcd;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.Capabilities;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.Listing;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.WatchSink;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * A registry on etcd v3.4 or later. Most programs open it by its URI with {@link
 * dev.rollcall.Registry#open(String)} and never name this class.
 *
 * <p>{@code etcd://host:port,host:port/prefix?option=value} speaks plain text, {@code etcds://}
 * TLS. Port 2379 where none is given, prefix {@code /rollcall} where there is no path. Options:
 *
 * <ul>
 *   <li>{@code ttl}: the shortest TTL to ask of etcd, to which shorter heartbeats are raised; 1 s
 *   <li>{@code timeout}: how long one call may take, 100 ms to 10 min; 5 s
 *   <li>{@code user} with {@code password} or {@code password-file}; without TLS to loopback
 *       addresses only
 *   <li>{@code ca}, {@code cert} and {@code key}: PEM files, with {@code etcds} only
 *   <li>{@code format}: how to write values, {@code json}, {@code go} or {@code plain}; all three
 *       are read, whatever is written
 *   <li>{@code prefix}: instead of the path, for keys that begin without a slash
 * </ul>
 *
 * <p>Thread-safe; nothing blocks but {@link #close()}.
 *
 * @since 0.1.0
 */
public final class EtcdBackend implements RegistryBackend {
  /**
   * etcd looks for expired leases every 500 ms and revokes them through its log; a watcher hears of
   * it a round trip later. The rest is room for a busy machine. A store that was restarted, or has
   * changed its leader, begins every lease anew, which no slack covers.
   */
  private static final Duration EXPIRY_SLACK = Duration.ofSeconds(3);

  private final EtcdGateway gateway;
  private final KeyLayout keys;
  private final SkippedEntries malformed = new SkippedEntries();
  private final DriftCounter drift = new DriftCounter();
  private final EtcdRegistrations registrar;
  private final SharedWatches feeds;

  EtcdBackend(EtcdOptions options, Timer timer) {
    this.gateway = new EtcdGateway(options, timer, malformed);
    this.keys = new KeyLayout(options.base());
    this.registrar =
        new EtcdRegistrations(gateway, timer, keys, new Codec(options.format()), options.minTtl());
    this.feeds = new SharedWatches(gateway, timer, keys, malformed, drift);
  }

  /**
   * Opens a backend. Does not wait for the store.
   *
   * @param uri {@code etcd://…} or {@code etcds://…}
   * @param timer stays the caller's to close, after the backend
   * @return an open backend, the caller's to close
   * @throws RegistryException of kind {@code INVALID} where the URI has a fault, or the class path
   *     does not fit
   */
  public static EtcdBackend open(String uri, Timer timer) {
    BackendUri parsed = BackendUri.parse(uri);
    if (!EtcdOptions.SCHEMES.contains(parsed.scheme())) {
      throw RegistryException.invalid(
          "uri: scheme \"" + parsed.scheme() + "\" (expected: etcd or etcds)");
    }
    try {
      return new EtcdBackend(EtcdOptions.of(parsed), timer);
    } catch (LinkageError broken) {
      throw EtcdErrors.because(broken);
    }
  }

  @Override
  public Capabilities capabilities() {
    return new Capabilities(false, true, true, false, EXPIRY_SLACK);
  }

  @Override
  public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
    return registrar.register(request, listener);
  }

  @Override
  public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
    return registrar.deregister(key, owner);
  }

  @Override
  public Watch watch(Selector selector, WatchSink sink) {
    return feeds.open(selector, sink);
  }

  @Override
  public CompletionStage<Listing> snapshot(Selector selector) {
    return gateway
        .list("snapshot", keys.range(selector))
        .thenApply(
            page ->
                new Listing(
                    EventDecoder.once(keys, malformed, page.entries()), page.at().revision()));
  }

  /**
   * Returns how many entries were skipped since they could not be read, each time that they were
   * met.
   *
   * @return the count since this was opened
   */
  public long malformedEntries() {
    return malformed.count();
  }

  /**
   * Returns how many entries the streams had told wrongly or not at all, as the lists showed that
   * are made every ten minutes or so. They were corrected then. Anything but zero is a fault of the
   * store, of the network, or of this library.
   *
   * @return the count since this was opened
   */
  public long driftedEntries() {
    return drift.count();
  }

  /** Returns how many watch streams are open. */
  int streams() {
    return feeds.count();
  }

  @Override
  public void close() {
    feeds.close();
    gateway.close();
  }
}
