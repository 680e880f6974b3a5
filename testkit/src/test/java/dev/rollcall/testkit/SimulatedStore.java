package dev.rollcall.testkit;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.KeyEvent;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueSink;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The reference store as a server in the simulation: what it holds is told to streams, and it keeps
 * what a backend owes the engine of requests that come late. Those of an owner that has left do
 * nothing, or its departure is not confirmed while one may still come; and one that was overtaken
 * by a later one of its owner's does nothing.
 */
final class SimulatedStore {

  private final SimulatedWorld world;
  private final SimulatedHost host;
  private final boolean fences;
  private final SimulatedTwist twist;
  private final ReferenceStore instances = new ReferenceStore();
  private final ReferenceKeys keys = new ReferenceKeys();
  private final KeyValueBackend keysInside = keys.open(true);
  private final SimulatedFeed<ServiceInstance, InstanceEvent> instanceFeed;
  private final SimulatedFeed<KeyValue, KeyEvent> keyFeed;
  private final Map<String, Long> departed = new HashMap<>();
  private final Map<String, Long> latest = new HashMap<>();
  private final Map<String, Integer> inFlight = new HashMap<>();
  private long sent;
  private @Nullable RegistryException refusal;

  /**
   * Opens an empty store.
   *
   * @param fences whether it can refuse what comes late, or can only say that it may come
   */
  SimulatedStore(SimulatedWorld world, SimulatedHost host, boolean fences, SimulatedTwist twist) {
    this.world = world;
    this.host = host;
    this.fences = fences;
    this.twist = twist;
    this.instanceFeed =
        new SimulatedFeed<>(
            world,
            event -> event.key().toString(),
            event -> event instanceof InstanceEvent.Put put ? put.instance() : null);
    this.keyFeed =
        new SimulatedFeed<>(
            world, KeyEvent::key, event -> event instanceof KeyEvent.Put put ? put.entry() : null);
    instances.watch(Selector.everything(), new SerialSink(new InstanceFeeder()));
    keysInside.watch(Keys.prefix(""), new KeyFeeder());
  }

  SimulatedHost host() {
    return host;
  }

  SimulatedFeed<ServiceInstance, InstanceEvent> instances() {
    return instanceFeed;
  }

  SimulatedFeed<KeyValue, KeyEvent> keys() {
    return keyFeed;
  }

  KeyValueBackend keysInside() {
    return keysInside;
  }

  /** Returns what it answers to everything; null where it answers as it should. */
  @Nullable RegistryException refusal() {
    return refusal;
  }

  void busy() {
    refusal = RegistryException.unavailable("429: too many requests", null);
  }

  void deny() {
    refusal = RegistryException.denied("403: no", null);
  }

  void heal() {
    refusal = null;
  }

  void wipe() {
    instances.wipe();
    keys.wipe();
  }

  /** Stands still for a while; streams that notice break off. */
  void stall(long nanos) {
    host.stall(nanos);
    List.copyOf(instanceFeed.streams()).forEach(SimulatedStream::silent);
    List.copyOf(keyFeed.streams()).forEach(SimulatedStream::silent);
  }

  /** Numbers a registration, when it is sent. */
  long send() {
    return ++sent;
  }

  SimulatedLine.Flight flight(Owner owner) {
    return new SimulatedLine.Flight() {
      @Override
      public void begins() {
        inFlight.merge(owner.id(), 1, Integer::sum);
      }

      @Override
      public void ends() {
        inFlight.merge(owner.id(), -1, Integer::sum);
      }
    };
  }

  Duration register(RegisterRequest request, LeaseListener listener, long number) {
    String owner = request.owner().id();
    if (departed.getOrDefault(owner, 0L) >= request.owner().epoch()) {
      throw RegistryException.conflict(request.instance().key() + ": this owner has left");
    }
    if (latest.getOrDefault(owner, 0L) > number) {
      throw RegistryException.conflict(request.instance().key() + ": overtaken");
    }
    latest.put(owner, number);
    return instances.register(request, listener, host);
  }

  void renew(InstanceKey key, Owner owner) {
    instances.renew(key, owner);
  }

  void deregister(InstanceKey key, Owner owner) {
    instances.deregister(key, owner);
    if (owner.equals(Owner.ANY) || twist.confirmsInDoubt()) {
      return;
    }
    if (fences) {
      departed.merge(owner.id(), owner.epoch(), Math::max);
    } else if (inFlight.getOrDefault(owner.id(), 0) > 0) {
      throw RegistryException.unavailable(key + ": a registration may still arrive", null);
    }
  }

  private final class InstanceFeeder implements WatchSink {
    private boolean begun;

    @Override
    public void replace(Selector scope, List<ServiceInstance> present, long revision) {
      if (begun) {
        instanceFeed.lose();
      }
      begun = true;
    }

    @Override
    public void apply(List<InstanceEvent> events, long revision) {
      instanceFeed.append(events);
    }

    @Override
    public void synced() {}

    @Override
    public void interrupted(RegistryException cause) {
      world.tell(() -> "store: all is lost");
    }
  }

  private final class KeyFeeder implements KeyValueSink {
    private boolean begun;

    @Override
    public void replace(List<KeyValue> present, long revision) {
      if (begun) {
        keyFeed.lose();
      }
      begun = true;
    }

    @Override
    public void apply(List<KeyEvent> events, long revision) {
      keyFeed.append(events);
    }

    @Override
    public void synced() {}

    @Override
    public void interrupted(RegistryException cause) {}
  }
}
