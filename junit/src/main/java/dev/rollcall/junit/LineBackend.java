package dev.rollcall.junit;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Capabilities;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.Listing;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * One user's end of the lines to a store in memory: what goes along a line that works reaches the
 * store. Has no state but its open watches.
 */
final class LineBackend implements RegistryBackend {
  private final RegistryBackend store;
  private final Function<Selector, Line> lines;
  private final Set<BreakableWatch<?>> watches = ConcurrentHashMap.newKeySet();

  /**
   * Creates one.
   *
   * @param store a handle of its own, which it closes
   * @param lines the line to what a selector selects
   */
  LineBackend(RegistryBackend store, Function<Selector, Line> lines) {
    this.store = store;
    this.lines = lines;
  }

  private Line line(InstanceKey key) {
    return lines.apply(Selector.service(key.service()));
  }

  @Override
  public Capabilities capabilities() {
    return store.capabilities();
  }

  @Override
  public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
    Line line = line(request.instance().key());
    return line.send(
        () ->
            store
                .register(request, end -> line.pass(() -> listener.ended(end)))
                .thenApply(lease -> new LineLease(line, lease)));
  }

  @Override
  public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
    return line(key).send(() -> store.deregister(key, owner));
  }

  @Override
  public CompletionStage<Listing> snapshot(Selector selector) {
    return lines.apply(selector).send(() -> store.snapshot(selector));
  }

  @Override
  public Watch watch(Selector selector, WatchSink sink) {
    BreakableWatch<WatchSink> watch =
        new BreakableWatch<>(
            lines.apply(selector),
            sink,
            calls -> store.watch(selector, new Sink(calls))::close,
            WatchSink::interrupted,
            (to, reason) -> {
              if (selector instanceof Selector.OfService one) {
                to.withholding(one.name(), reason);
              }
            });
    watches.add(watch);
    watch.open();
    return () -> {
      watches.remove(watch);
      watch.close();
    };
  }

  @Override
  public void close() {
    watches.forEach(BreakableWatch::close);
    watches.clear();
    store.close();
  }

  private record LineLease(Line line, Lease lease) implements Lease {
    @Override
    public Duration ttl() {
      return lease.ttl();
    }

    @Override
    public CompletionStage<Void> renew() {
      return line.send(lease::renew);
    }
  }

  /** Where the store tells a watch; what it withholds by itself is not told: the test says that. */
  private record Sink(Consumer<Consumer<WatchSink>> calls) implements WatchSink {
    @Override
    public void replace(Selector scope, List<ServiceInstance> instances, long revision) {
      calls.accept(to -> to.replace(scope, instances, revision));
    }

    @Override
    public void apply(List<InstanceEvent> events, long revision) {
      calls.accept(to -> to.apply(events, revision));
    }

    @Override
    public void synced() {
      calls.accept(WatchSink::synced);
    }

    @Override
    public void interrupted(RegistryException cause) {
      calls.accept(to -> to.interrupted(cause));
    }
  }
}
