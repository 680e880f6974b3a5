package dev.rollcall.testkit;

import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** A client of the simulated store. */
final class SimulatedBackend implements RegistryBackend {
  /** How often, at a third of it, what has no lease is looked after. */
  private static final Duration LOOK = Duration.ofSeconds(9);

  private final SimulatedWorld world;
  private final SimulatedLine line;
  private final boolean wholeStates;
  private final Consumer<RegisterRequest> sends;
  private final Set<SimulatedStream<ServiceInstance, InstanceEvent>> open = new LinkedHashSet<>();

  /**
   * Opens one.
   *
   * @param wholeStates whether its watches show states and no changes
   * @param sends told of each registration that is sent
   */
  SimulatedBackend(
      SimulatedWorld world,
      SimulatedLine line,
      boolean wholeStates,
      Consumer<RegisterRequest> sends) {
    this.world = world;
    this.line = line;
    this.wholeStates = wholeStates;
    this.sends = sends;
  }

  @Override
  public Capabilities capabilities() {
    return new Capabilities(false, true, !wholeStates, true, Duration.ofMillis(50));
  }

  @Override
  public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
    sends.accept(request);
    SimulatedStore store = line.store();
    long number = store.send();
    InstanceKey key = request.instance().key();
    return line.call(
        store.flight(request.owner()),
        () -> {
          Duration ttl =
              store.register(request, end -> line.word(() -> listener.ended(end)), number);
          boolean permanent = request.liveness() instanceof Liveness.Permanent;
          return new SimulatedLease(key, request.owner(), permanent ? LOOK : ttl);
        });
  }

  @Override
  public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
    return line.call(
        SimulatedLine.Flight.UNSEEN,
        () -> {
          line.store().deregister(key, owner);
          return null;
        });
  }

  @Override
  public Watch watch(Selector selector, WatchSink sink) {
    Predicate<String> selects = key -> selector.selects(key.substring(0, key.indexOf('/')));
    SimulatedStream<ServiceInstance, InstanceEvent> stream =
        new SimulatedStream<>(
            world, line, line.store().instances(), selects, wholeStates, new Tap(selector, sink));
    open.add(stream);
    stream.open();
    return () -> {
      open.remove(stream);
      stream.close();
    };
  }

  @Override
  public CompletionStage<Listing> snapshot(Selector selector) {
    SimulatedFeed<ServiceInstance, InstanceEvent> feed = line.store().instances();
    return line.call(
        SimulatedLine.Flight.UNSEEN,
        () ->
            new Listing(
                feed.list(
                    feed.revision(), key -> selector.selects(key.substring(0, key.indexOf('/')))),
                feed.revision()));
  }

  @Override
  public void close() {
    line.close();
    List.copyOf(open).forEach(SimulatedStream::close);
  }

  private record Tap(Selector selector, WatchSink sink)
      implements SimulatedStream.Tap<ServiceInstance, InstanceEvent> {
    @Override
    public void replace(List<ServiceInstance> all, long revision) {
      sink.replace(selector, all, revision);
    }

    @Override
    public void apply(List<InstanceEvent> events, long revision) {
      if (events.size() == 1 && events.get(0) instanceof InstanceEvent.Put put) {
        sink.put(put.instance(), revision);
      } else {
        sink.apply(events, revision);
      }
    }

    @Override
    public void synced() {
      sink.synced();
    }

    @Override
    public void interrupted(RegistryException cause) {
      sink.interrupted(cause);
    }
  }

  private final class SimulatedLease implements Lease {
    private final InstanceKey key;
    private final Owner owner;
    private final Duration ttl;

    SimulatedLease(InstanceKey key, Owner owner, Duration ttl) {
      this.key = key;
      this.owner = owner;
      this.ttl = ttl;
    }

    @Override
    public Duration ttl() {
      return ttl;
    }

    @Override
    public CompletionStage<Void> renew() {
      return line.call(
          SimulatedLine.Flight.UNSEEN,
          () -> {
            line.store().renew(key, owner);
            return null;
          });
    }
  }
}
