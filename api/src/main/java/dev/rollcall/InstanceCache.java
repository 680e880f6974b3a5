package dev.rollcall;

import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.InstanceEvent.Departure;
import dev.rollcall.spi.Timer;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
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
 * publishes immutable snapshots. It knows no listener, and calls nobody but its view, which it
 * hands each snapshot.
 *
 * <p>All fields are guarded by {@code lock}, which is held for one change and never while foreign
 * code runs. {@code published} is written under the lock and read by anybody without it: whoever
 * reads it sees a complete state, and never an older one than before. So is {@code newlyHeld}, a
 * list that is not changed once it is there.
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
  private InstanceList passing = InstanceList.EMPTY; // of known; the same list where all pass
  private final LinkedHashSet<String> ejected = new LinkedHashSet<>();
  private final double mostEjected;
  private final Map<String, ServiceInstance> held = new HashMap<>();
  private volatile List<ServiceInstance> newlyHeld = List.of();
  private @Nullable Since heldSince;
  private String withheldBecause = "";
  private Freshness stream = Freshness.Loading.FIRST;
  private long revision;
  private WeakReference<CachedView> view = new WeakReference<>(null);
  private volatile Snapshot published;

  /** Creates a cache that ejects nobody. */
  InstanceCache(String service, Timer timer, LossGuard.Window losses) {
    this(service, timer, losses, 0, new AtomicLong());
  }

  /** Creates the cache of a view of its own. */
  InstanceCache(String service, Timer timer, LossGuard.Window losses, double mostEjected) {
    this(service, timer, losses, mostEjected, new AtomicLong());
  }

  /** Creates a cache that takes the versions of its snapshots from a counter shared with others. */
  InstanceCache(
      String service,
      Timer timer,
      LossGuard.Window losses,
      double mostEjected,
      AtomicLong versions) {
    this.service = service;
    this.mostEjected = mostEjected;
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

  Timer timer() {
    return timer;
  }

  /** Shows a view, in place of the one before, the present state and all later ones. */
  void showTo(CachedView reader) {
    synchronized (lock) {
      view = new WeakReference<>(reader);
      reader.show(published);
    }
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

  /**
   * Takes one instance, which is what changes mostly are: the general case without its maps.
   * Returns whether something was published.
   */
  boolean put(ServiceInstance instance, long revision) {
    synchronized (lock) {
      if (held.isEmpty() && !(stream instanceof Freshness.Loading)) {
        return replaced(instance, revision);
      }
    }
    return apply(List.of(new InstanceEvent.Put(instance)), revision);
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
          ServiceInstance was = known.find(id);
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
      edit(new TreeMap<>(Collections.singletonMap(instance.id(), null)));
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
    if (newlyHeld.isEmpty()) {
      return List.of();
    }
    synchronized (lock) {
      List<ServiceInstance> taken = newlyHeld;
      newlyHeld = List.of();
      return taken;
    }
  }

  /** Leaves an instance out of what is picked; returns whether that was done. */
  boolean eject(String id) {
    synchronized (lock) {
      ServiceInstance instance = known.find(id);
      if (instance == null
          || instance.health() != Health.PASSING
          || ejected.size() + 1 > mostEjected * passing.size()
          || !ejected.add(id)) {
        return false;
      }
      publish();
      return true;
    }
  }

  /** Lets an instance be picked again; returns whether it was not. */
  boolean readmit(String id) {
    synchronized (lock) {
      if (!ejected.remove(id)) {
        return false;
      }
      publish();
      return true;
    }
  }

  private boolean replaced(ServiceInstance instance, long revision) {
    this.revision = revision;
    InstanceList before = known;
    known = before.with(instance);
    if (known.isSame(before)) {
      return false;
    }
    boolean allPassed = passing.isSame(before);
    if (instance.health() == Health.PASSING) {
      passing = allPassed ? known : passing.with(instance);
    } else {
      passing = passing.without(instance.id());
    }
    shareIfAllPass();
    publish();
    return true;
  }

  /** Edits both lists; returns whether there was something to change. */
  private boolean edit(SortedMap<String, @Nullable ServiceInstance> edits) {
    InstanceList before = known;
    known = before.edited(edits);
    if (known.isSame(before)) {
      return false;
    }
    TreeMap<String, @Nullable ServiceInstance> ofPassing = new TreeMap<>(edits);
    boolean allPass = passing.isSame(before);
    for (Map.Entry<String, @Nullable ServiceInstance> edit : ofPassing.entrySet()) {
      ServiceInstance put = edit.getValue();
      if (put != null && put.health() != Health.PASSING) {
        edit.setValue(null);
        allPass = false;
      }
    }
    passing = allPass ? known : passing.edited(ofPassing);
    shareIfAllPass();
    return true;
  }

  private void shareIfAllPass() {
    if (passing.size() == known.size()) {
      passing = known;
    }
  }

  private void put(ServiceInstance instance, Map<String, @Nullable ServiceInstance> edits) {
    String id = instance.id();
    held.remove(id);
    ServiceInstance was = edits.containsKey(id) ? edits.get(id) : known.find(id);
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
    List<ServiceInstance> young = new ArrayList<>(newlyHeld);
    lost.forEach(
        (id, gone) -> {
          if (doubted && gone.health() == Health.PASSING) {
            held.put(id, gone);
            young.add(gone);
          } else {
            edits.put(id, null);
          }
        });
    newlyHeld = young.isEmpty() ? List.of() : young;
    boolean holdingChanged = noteHolding();
    boolean changed = edit(edits);
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
    Snapshot next =
        loading
            ? new Snapshot(
                service, InstanceList.EMPTY, InstanceList.EMPTY, 0, revision, freshness())
            : new Snapshot(
                service,
                known,
                passing,
                eligible(),
                versions.incrementAndGet(),
                revision,
                freshness());
    CachedView reader = view.get();
    if (reader != null) {
      reader.show(next); // before anybody is told, so that no reader is behind a listener
    }
    published = next;
  }

  /** Leaves out who is ejected, and forgets that of those who do not pass or are too many now. */
  private InstanceList eligible() {
    if (ejected.isEmpty()) {
      return passing;
    }
    TreeMap<String, @Nullable ServiceInstance> out = new TreeMap<>();
    for (Iterator<String> oldest = ejected.iterator(); oldest.hasNext(); ) {
      String id = oldest.next();
      if (passing.indexOfId(id) < 0 || ejected.size() > mostEjected * passing.size()) {
        oldest.remove();
      } else {
        out.put(id, null);
      }
    }
    return passing.edited(out);
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
