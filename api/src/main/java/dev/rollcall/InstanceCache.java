package dev.rollcall;

import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.InstanceEvent.Departure;
import dev.rollcall.spi.Timer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The copy-on-write cache of one service's instances: a state machine that is fed by a watch and
 * publishes immutable snapshots. It knows no listener and calls nobody.
 *
 * <p>All fields but {@code published} are guarded by {@code lock}, which is held for one change and
 * never while foreign code runs. {@code published} is written under the lock and read by anybody
 * without it: whoever reads it sees a complete state, and never an older one than before.
 *
 * <p>{@code known} is what readers are shown: what the store holds, plus {@code held}, the
 * instances that the store has lost so suddenly that the loss is not believed yet (see {@link
 * LossGuard}). Nothing is published before the first state is complete.
 */
final class InstanceCache {
  private final Object lock = new Object();
  private final String service;
  private final Timer timer;
  private final LossGuard.Window losses;
  private final AtomicLong versions;
  private final CompletableFuture<@Nullable Void> loaded = new CompletableFuture<>();

  private InstanceList known = InstanceList.EMPTY;
  private final Map<String, ServiceInstance> held = new HashMap<>();
  private List<ServiceInstance> newlyHeld = new ArrayList<>();
  private @Nullable Since heldSince;
  private String withheldBecause = "";
  private Freshness stream = Freshness.Loading.FIRST;
  private long revision;
  private volatile Snapshot published;

  /** Creates the cache of a view of its own. */
  InstanceCache(String service, Timer timer, LossGuard.Window losses) {
    this(service, timer, losses, new AtomicLong());
  }

  /** Creates a cache that takes the versions of its snapshots from a counter shared with others. */
  InstanceCache(String service, Timer timer, LossGuard.Window losses, AtomicLong versions) {
    this.service = service;
    this.versions = versions;
    this.timer = timer;
    this.losses = losses;
    this.published = nothing(service);
  }

  /** Returns the state of a service of which nothing is known. */
  static Snapshot nothing(String service) {
    return new Snapshot(
        service, InstanceList.EMPTY, InstanceList.EMPTY, 0, 0, Freshness.Loading.FIRST);
  }

  Snapshot snapshot() {
    return published;
  }

  /** Tells whether the store holds nothing and nothing is held back. */
  boolean isEmpty() {
    synchronized (lock) {
      return known.isEmpty();
    }
  }

  /** Completes with the first complete state. */
  CompletableFuture<@Nullable Void> loaded() {
    return loaded;
  }

  /** Takes the complete state; returns whether something was published. */
  boolean replace(List<ServiceInstance> instances, long revision) {
    InstanceList young = InstanceList.of(instances);
    synchronized (lock) {
      TreeMap<String, @Nullable ServiceInstance> edits = new TreeMap<>();
      Map<String, ServiceInstance> lost = new HashMap<>();
      for (ServiceInstance instance : young) {
        put(instance, edits);
      }
      for (ServiceInstance instance : known) {
        if (young.indexOfId(instance.id()) < 0 && !held.containsKey(instance.id())) {
          lost.put(instance.id(), instance);
        }
      }
      return settle(edits, lost, revision);
    }
  }

  /** Takes changes that belong together; returns whether something was published. */
  boolean apply(List<InstanceEvent> events, long revision) {
    synchronized (lock) {
      TreeMap<String, @Nullable ServiceInstance> edits = new TreeMap<>();
      Map<String, ServiceInstance> lost = new HashMap<>();
      for (InstanceEvent event : events) {
        String id = event.key().id();
        if (event instanceof InstanceEvent.Put change) {
          lost.remove(id);
          put(change.instance(), edits);
        } else if (event instanceof InstanceEvent.Remove gone) {
          edits.remove(id); // what the same change has put there has come and gone unseen
          ServiceInstance was = find(id);
          if (was == null) {
            continue;
          }
          if (gone.departure() == Departure.DEREGISTERED) {
            held.remove(id);
            lost.remove(id);
            edits.put(id, null);
          } else if (!held.containsKey(id)) {
            lost.put(id, was);
          }
        }
      }
      return settle(edits, lost, revision);
    }
  }

  /** The stream works and what was fed is complete; returns whether something was published. */
  boolean synced() {
    synchronized (lock) {
      if (stream instanceof Freshness.Live) {
        return false;
      }
      stream = Freshness.Live.NOW;
      publish();
    }
    loaded.complete(null);
    return true;
  }

  /** The stream is lost; returns whether something was published. */
  boolean interrupted(RegistryException cause) {
    synchronized (lock) {
      if (stream instanceof Freshness.Loading) {
        stream = new Freshness.Loading(Optional.of(cause));
      } else if (stream instanceof Freshness.Stale stale) {
        stream = stale.because(cause);
      } else {
        stream = new Freshness.Stale(Since.now(timer), cause);
      }
      publish();
      return true;
    }
  }

  /** The store holds back removals, or with an empty reason no more. */
  boolean withholding(String reason) {
    synchronized (lock) {
      if (withheldBecause.equals(reason)) {
        return false;
      }
      withheldBecause = reason;
      noteHolding();
      publish();
      return true;
    }
  }

  /** Lets go of an instance, if it is still the one that is held; returns whether it was. */
  boolean release(ServiceInstance instance) {
    synchronized (lock) {
      if (!held.remove(instance.id(), instance)) {
        return false;
      }
      known = known.without(instance.id());
      noteHolding();
      publish();
      return true;
    }
  }

  /** Tells whether an instance is still held. */
  boolean holds(ServiceInstance instance) {
    synchronized (lock) {
      return instance.equals(held.get(instance.id()));
    }
  }

  /** Returns the instances that are held since the last call. */
  List<ServiceInstance> takeNewlyHeld() {
    synchronized (lock) {
      if (newlyHeld.isEmpty()) {
        return List.of();
      }
      List<ServiceInstance> taken = newlyHeld;
      newlyHeld = new ArrayList<>();
      return taken;
    }
  }

  private @Nullable ServiceInstance find(String id) {
    int at = known.indexOfId(id);
    return at < 0 ? null : known.get(at);
  }

  private void put(ServiceInstance instance, Map<String, @Nullable ServiceInstance> edits) {
    String id = instance.id();
    held.remove(id);
    ServiceInstance was = edits.containsKey(id) ? edits.get(id) : find(id);
    if (!instance.equals(was)) {
      edits.put(id, instance);
    }
  }

  private boolean settle(
      SortedMap<String, @Nullable ServiceInstance> edits,
      Map<String, ServiceInstance> lost,
      long revision) {
    int lostPassing = 0;
    for (ServiceInstance gone : lost.values()) {
      if (gone.health() == Health.PASSING) {
        lostPassing++;
      }
    }
    boolean doubted =
        !(stream instanceof Freshness.Loading)
            && lostPassing > 0
            && losses.tooSudden(published.instances().size() - passingHeld(), lostPassing);
    lost.forEach(
        (id, gone) -> {
          if (doubted && gone.health() == Health.PASSING) {
            held.put(id, gone);
            newlyHeld.add(gone);
          } else {
            edits.put(id, null);
          }
        });
    boolean holdingChanged = noteHolding();
    InstanceList next = known.edited(edits);
    boolean changed = !next.isSame(known);
    known = next;
    this.revision = revision;
    if ((!changed && !holdingChanged) || stream instanceof Freshness.Loading) {
      return false;
    }
    publish();
    return true;
  }

  private int passingHeld() {
    return held.size(); // only passing instances are ever held
  }

  /** Begins or ends the time of holding; returns whether it did. */
  private boolean noteHolding() {
    boolean holding = !held.isEmpty() || !withheldBecause.isEmpty();
    if (holding == (heldSince != null)) {
      return false;
    }
    heldSince = holding ? Since.now(timer) : null;
    return true;
  }

  private void publish() {
    boolean loading = stream instanceof Freshness.Loading;
    Snapshot before = published;
    InstanceList all = loading ? InstanceList.EMPTY : known;
    InstanceList passing = all.isSame(before.allArray()) ? before.passingArray() : all.passing();
    published =
        new Snapshot(
            service, all, passing, loading ? 0 : versions.incrementAndGet(), revision, freshness());
  }

  private Freshness freshness() {
    if (!(stream instanceof Freshness.Live) || heldSince == null) {
      return stream;
    }
    return new Freshness.Protected(
        heldSince,
        held.isEmpty()
            ? withheldBecause
            : held.size() + " of " + known.size() + " instances vanished at once");
  }
}
