package dev.rollcall.testkit;

import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.InstanceEvent.Departure;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Listing;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.WatchSink;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * The simplest store that keeps the contract: one sorted map under one lock. What is to be told is
 * queued under the lock, in order, and told after it was let go.
 */
final class ReferenceStore {
  // All guarded by "this".
  private final TreeMap<InstanceKey, Entry> entries = new TreeMap<>();
  private final Map<SerialSink, Selector> sinks = new LinkedHashMap<>();
  private final List<Runnable> words = new ArrayList<>();
  private long revision = 1;

  Duration register(RegisterRequest request, LeaseListener listener, Timer timer) {
    return change(
        () -> {
          ServiceInstance instance = request.instance();
          Entry old = entries.get(instance.key());
          if (old != null && !old.owner.names(request.owner().id())) {
            boolean lives = !old.expired;
            if (request.claim() == Claim.CONTINUE
                || (request.claim() == Claim.EXCLUSIVE && lives)) {
              throw RegistryException.conflict(
                  instance.service() + ", instance " + instance.id() + ": another owner's");
            }
            old.end(LeaseEnd.SUPERSEDED);
          }
          if (old != null) {
            old.timeout.cancel();
          }
          Entry entry = new Entry(request, listener, timer);
          entries.put(instance.key(), entry);
          entry.expireLater();
          if (old == null || !old.shown().equals(entry.shown())) {
            tell(new InstanceEvent.Put(entry.shown()));
          }
          return entry.ttl;
        });
  }

  void renew(InstanceKey key, Owner owner) {
    change(
        () -> {
          Entry entry = entries.get(key);
          if (entry == null || !entry.owner.id().equals(owner.id()) || entry.expired) {
            throw RegistryException.conflict(key + ": the lease has ended");
          }
          entry.timeout.cancel();
          entry.expireLater();
          return key;
        });
  }

  void deregister(InstanceKey key, Owner owner) {
    change(
        () -> {
          Entry entry = entries.get(key);
          if (entry != null && owner.names(entry.owner.id())) {
            if (owner.equals(Owner.ANY)) {
              entry.end(LeaseEnd.REMOVED);
            }
            remove(entry, Departure.DEREGISTERED);
          }
          return key;
        });
  }

  synchronized Listing list(Selector selector) {
    return new Listing(
        entries.values().stream()
            .map(Entry::shown)
            .filter(instance -> selector.selects(instance.service()))
            .toList(),
        revision);
  }

  void watch(Selector selector, SerialSink sink) {
    change(
        () -> {
          Listing now = list(selector);
          sinks.put(sink, selector);
          sink.enqueue(to -> to.replace(selector, now.instances(), now.revision()));
          sink.enqueue(WatchSink::synced);
          return sink;
        });
  }

  synchronized void unwatch(SerialSink sink) {
    sinks.remove(sink);
  }

  /** Loses everything, as a store does whose disk was exchanged. */
  void wipe() {
    change(
        () -> {
          entries.values().forEach(entry -> entry.timeout.cancel());
          entries.values().forEach(entry -> entry.end(LeaseEnd.REMOVED));
          entries.clear();
          sinks.forEach(
              (sink, selector) -> {
                sink.enqueue(to -> to.interrupted(RegistryException.unavailable("wiped", null)));
                sink.enqueue(to -> to.replace(selector, List.of(), 1));
                sink.enqueue(WatchSink::synced);
              });
          revision = 1;
          return true;
        });
  }

  private <T> T change(Supplier<T> change) {
    List<SerialSink> told;
    List<Runnable> said;
    try {
      synchronized (this) {
        return change.get();
      }
    } finally {
      synchronized (this) {
        told = List.copyOf(sinks.keySet());
        said = List.copyOf(words);
        words.clear();
      }
      told.forEach(SerialSink::drain);
      said.forEach(Runnable::run);
    }
  }

  private void remove(Entry entry, Departure departure) {
    entry.timeout.cancel();
    entries.remove(entry.instance.key());
    tell(new InstanceEvent.Remove(entry.instance.key(), departure));
  }

  private void tell(InstanceEvent event) {
    long now = ++revision;
    sinks.forEach(
        (sink, selector) -> {
          if (selector.selects(event.key().service())) {
            sink.enqueue(to -> to.apply(List.of(event), now));
          }
        });
  }

  private final class Entry {
    final ServiceInstance instance;
    final Owner owner;
    final Duration ttl;
    private final Liveness liveness;
    private final LeaseListener listener;
    private final Timer timer;
    private boolean told;
    boolean expired;
    Timer.Scheduled timeout = () -> {};

    Entry(RegisterRequest request, LeaseListener listener, Timer timer) {
      this.instance = request.instance();
      this.owner = request.owner();
      this.liveness = request.liveness();
      this.listener = listener;
      this.timer = timer;
      this.ttl = liveness instanceof Liveness.Heartbeat beat ? beat.ttl() : Duration.ZERO;
    }

    ServiceInstance shown() {
      return expired ? instance.withHealth(Health.CRITICAL) : instance;
    }

    void expireLater() {
      if (!ttl.isZero()) {
        timeout = timer.schedule(() -> change(this::expire), ttl);
      }
    }

    private boolean expire() {
      if (entries.get(instance.key()) == this) {
        expired = true;
        end(LeaseEnd.EXPIRED);
        tell(new InstanceEvent.Put(shown()));
        timeout = timer.schedule(() -> change(this::vanish), liveness.deregisterAfter());
      }
      return true;
    }

    private boolean vanish() {
      if (entries.get(instance.key()) == this) {
        remove(this, Departure.EXPIRED);
      }
      return true;
    }

    void end(LeaseEnd why) {
      if (!told) {
        told = true;
        words.add(() -> listener.ended(why));
      }
    }
  }
}
