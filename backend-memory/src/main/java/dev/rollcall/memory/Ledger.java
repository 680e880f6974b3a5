package dev.rollcall.memory;

import static dev.rollcall.spi.InstanceEvent.Departure.DEREGISTERED;
import static dev.rollcall.spi.InstanceEvent.Departure.EXPIRED;

import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.HealthChecker;
import dev.rollcall.spi.InstanceEvent.Departure;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Listing;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the store holds, and the one lock around it.
 *
 * <p><b>Design.</b> Every change of who is there is made under the lock, gets the next revision,
 * and is put into the mailboxes of the service's own watchers and of those who watch everything
 * before the lock is left; watches of other services are not touched. Calls of anything that is not
 * this package's (sinks, listeners, checks, the timer) are collected in an {@link Outbox} and made
 * afterwards. Renewals take no part in this: see {@link Entry}.
 *
 * <p><b>Guards.</b> The lock guards every field that is not final, the {@link Directory} with its
 * services, the {@link Entry} fields that say so, and {@link Expiry} with all that it owns. It is
 * taken before a {@link Watcher}'s monitor, never after; nothing else is taken under it.
 */
final class Ledger {
  private final ReentrantLock lock = new ReentrantLock();
  private final Timer timer;
  private final RunningClock clock;
  private final Expiry expiry;
  private final Function<Timer, HealthChecker> checkers;
  private final Directory directory = new Directory();
  private final Claims claims = new Claims();

  private @Nullable HealthChecker checker;
  private int leases;
  private boolean closed;

  Ledger(Timer timer, double guardShare, Function<Timer, HealthChecker> checkers) {
    this.timer = timer;
    this.checkers = checkers;
    clock = new RunningClock(timer);
    expiry = new Expiry(this, timer, clock, new MassExpiryGuard(guardShare));
  }

  void lock() {
    lock.lock();
  }

  void unlock() {
    lock.unlock();
  }

  /** Returns how many leases can run out and have not. */
  int leases() {
    return leases;
  }

  /** Has the timer's thread do something soon. */
  void later(Runnable task) {
    timer.schedule(task, Duration.ZERO);
  }

  Entry register(RegisterRequest request, LeaseListener listener, MemoryBackend home) {
    admit(request.liveness());
    Outbox out = new Outbox();
    Entry entry;
    lock.lock();
    try {
      requireOpen();
      ServiceInstance instance = request.instance();
      ServiceEntries service = directory.findOrAdd(instance.service());
      Entry existing = service.byId.get(instance.id());
      try {
        claims.require(request, existing);
      } catch (RegistryException refused) {
        directory.dropIfUnused(service);
        throw refused;
      }
      ServiceInstance before = existing == null ? null : existing.shown();
      entry = admit(request, service, existing, out);
      entry.listener = listener;
      entry.home = home;
      follow(entry, request.liveness(), out);
      if (!entry.shown().equals(before)) {
        directory.put(entry, out);
      }
    } finally {
      lock.unlock();
    }
    out.flush();
    return entry;
  }

  void deregister(InstanceKey key, Owner owner) {
    Outbox out = new Outbox();
    lock.lock();
    try {
      requireOpen();
      ServiceEntries service = directory.find(key.service());
      Entry entry = service == null ? null : service.byId.get(key.id());
      if (entry != null && !owner.names(entry.ownerId)) {
        entry = null;
      }
      claims.release(key, owner, entry, clock.nanos());
      if (entry != null) {
        if (owner.id().isEmpty()) {
          tell(entry, LeaseEnd.REMOVED, out);
        }
        remove(entry, DEREGISTERED, out);
      }
    } finally {
      lock.unlock();
    }
    out.flush();
  }

  /** Opens a watch; the sink may be called before this returns. */
  void attach(Watcher watcher) {
    Outbox out = new Outbox();
    lock.lock();
    try {
      if (closed) {
        if (watcher.lose(closedStore())) {
          out.drain(watcher);
        }
      } else {
        out.offer(watcher, directory.state(watcher.selector(), expiry.reason()));
        directory.add(watcher);
      }
    } finally {
      lock.unlock();
    }
    out.flush();
  }

  void detach(Watcher watcher) {
    lock.lock();
    try {
      directory.remove(watcher);
    } finally {
      lock.unlock();
    }
  }

  Listing snapshot(Selector selector) {
    lock.lock();
    try {
      requireOpen();
      return new Listing(directory.instances(selector), directory.revision());
    } finally {
      lock.unlock();
    }
  }

  /** Returns the present state for a watcher, in the place of all that it has not been given. */
  Delivery resync(Watcher watcher) {
    lock.lock();
    try {
      watcher.resynced();
      return directory.state(watcher.selector(), expiry.reason());
    } finally {
      lock.unlock();
    }
  }

  /** Tells a handle's listeners nothing any more, and keeps no reference to them. */
  void forget(MemoryBackend home) {
    lock.lock();
    try {
      for (ServiceEntries service : directory.services()) {
        for (Entry entry : service.byId.values()) {
          if (entry.home == home) {
            entry.home = null;
            entry.listener = null;
          }
        }
      }
    } finally {
      lock.unlock();
    }
  }

  void checked(CheckRun run, Health found, int check) {
    Outbox out = new Outbox();
    lock.lock();
    try {
      Entry entry = run.entry;
      if (entry.check == run) {
        Health before = entry.health();
        Health result = run.results.take(found, check);
        entry.imposed = result;
        if (result != Health.CRITICAL) {
          entry.removeAt = Entry.NEVER;
          expiry.unschedule(entry, out);
        } else if (entry.removeAt == Entry.NEVER) {
          abandonLater(entry, clock.nanos(), out);
        }
        if (entry.isAlive() && entry.health() != before) {
          directory.put(entry, out);
        }
      }
    } finally {
      lock.unlock();
    }
    out.flush();
  }

  void close() {
    Outbox out = new Outbox();
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      clock.stop();
      expiry.stop();
      for (Watcher watcher : directory.watchers()) {
        if (watcher.lose(closedStore())) {
          out.drain(watcher);
        }
      }
      if (checker != null) {
        out.first(checker::close);
      }
      directory.clear();
    } finally {
      lock.unlock();
    }
    out.flush();
  }

  /** A lease has ended since it was not renewed. */
  void expired(Entry entry, long nowNanos, Outbox out) {
    leases--;
    tell(entry, LeaseEnd.EXPIRED, out);
    Health before = entry.health();
    entry.imposed = Health.CRITICAL;
    abandonLater(entry, nowNanos, out);
    if (entry.removeAt != Entry.NEVER && entry.health() != before) {
      directory.put(entry, out);
    }
  }

  /** An instance has been critical for too long. */
  void abandon(Entry entry, Outbox out) {
    tell(entry, LeaseEnd.EXPIRED, out);
    remove(entry, EXPIRED, out);
  }

  void tellWithheld(ServiceEntries service, String reason, Outbox out) {
    directory.withheld(service, reason, out);
  }

  private void requireOpen() {
    if (closed) {
      throw closedStore();
    }
  }

  private Entry admit(
      RegisterRequest request, ServiceEntries service, @Nullable Entry existing, Outbox out) {
    Owner owner = request.owner();
    ServiceInstance instance = request.instance();
    Entry entry;
    if (existing != null && existing.ownerId.equals(owner.id())) {
      entry = existing;
      if (!entry.registered.equals(instance)) {
        entry.say(instance);
      }
    } else {
      if (existing != null) {
        tell(existing, LeaseEnd.SUPERSEDED, out);
        retire(existing, out);
      }
      entry = new Entry(clock, service, owner.id(), instance);
      service.byId.put(instance.id(), entry);
    }
    entry.epoch = owner.epoch();
    return entry;
  }

  /** Starts anew whatever decides that the entry is alive. */
  private void follow(Entry entry, Liveness liveness, Outbox out) {
    if (entry.isTicking()) {
      leases--;
    }
    if (!liveness.checks().isEmpty()) {
      entry.grant(0, Entry.NEVER);
      if (entry.check == null || !entry.check.liveness.equals(liveness)) {
        settle(entry, liveness, out);
        run(entry, liveness, out);
      }
    } else {
      settle(entry, liveness, out);
      if (liveness instanceof Liveness.Heartbeat heartbeat) {
        long ttlNanos = heartbeat.ttl().toNanos();
        long deadline = clock.nanos() + ttlNanos;
        entry.grant(ttlNanos, deadline);
        expiry.schedule(entry, deadline, out);
        leases++;
      } else {
        entry.grant(0, Entry.NEVER);
      }
    }
  }

  private void settle(Entry entry, Liveness liveness, Outbox out) {
    expiry.unschedule(entry, out);
    stopCheck(entry, out);
    entry.imposed = Health.PASSING;
    entry.removeAt = Entry.NEVER;
    entry.deregisterAfterNanos = liveness.deregisterAfter().toNanos();
  }

  private void run(Entry entry, Liveness liveness, Outbox out) {
    HealthChecker used = checker();
    CheckRun run = new CheckRun(entry, liveness);
    entry.check = run;
    entry.imposed = Health.CRITICAL;
    out.run(() -> run.start(used, this));
  }

  private HealthChecker checker() {
    if (checker == null) {
      checker = checkers.apply(timer);
    }
    return checker;
  }

  /** Refuses what the checker could not run, before anything changes; under no lock. */
  private void admit(Liveness liveness) {
    if (liveness.checks().isEmpty()) {
      return;
    }
    HealthChecker used;
    lock.lock();
    try {
      requireOpen();
      used = checker();
    } finally {
      lock.unlock();
    }
    liveness.checks().forEach(used::admit);
  }

  private void stopCheck(Entry entry, Outbox out) {
    CheckRun run = entry.check;
    if (run != null) {
      entry.check = null;
      out.run(run::stop);
    }
  }

  private void abandonLater(Entry entry, long nowNanos, Outbox out) {
    if (entry.deregisterAfterNanos == 0) {
      abandon(entry, out);
    } else {
      entry.removeAt = nowNanos + entry.deregisterAfterNanos;
      expiry.schedule(entry, entry.removeAt, out);
    }
  }

  private void tell(Entry entry, LeaseEnd end, Outbox out) {
    LeaseListener listener = entry.listener;
    if (listener != null) {
      entry.listener = null;
      out.tell(listener, end);
    }
  }

  private void remove(Entry entry, Departure departure, Outbox out) {
    retire(entry, out);
    InstanceKey key = entry.registered.key();
    entry.service.byId.remove(key.id());
    directory.removed(entry.service, key, departure, out);
    directory.dropIfUnused(entry.service);
  }

  /** Makes an entry that leaves the store a dead one. */
  private void retire(Entry entry, Outbox out) {
    if (entry.isTicking()) {
      leases--;
    }
    entry.end();
    entry.listener = null;
    entry.home = null;
    expiry.unschedule(entry, out);
    stopCheck(entry, out);
  }

  private static RegistryException closedStore() {
    return RegistryException.unavailable("the memory store is closed", null);
  }
}
