package dev.rollcall.engine;

import dev.rollcall.Freshness;
import dev.rollcall.Health;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.InstanceEvent.Departure;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.BrokenClassPath;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The copy-on-write cache of one service's instances: a state machine that is fed by a watch and
 * publishes immutable snapshots. It knows no listener, and calls nothing but its view, which it
 * hands each snapshot.
 *
 * <p>All fields are guarded by this object's own lock, which is held for one change and never while
 * foreign code runs. {@code published} is written under the lock and read by anybody without it: a
 * reader sees a complete state, and never an older one than before. So is {@code newlyHeld}, a list
 * that is not changed once it is there.
 *
 * <p>Readers are shown what the store holds, plus {@code held}, the instances that the store has
 * lost so suddenly that the loss is not believed yet (see {@link LossGuard}). What they are shown
 * stands in {@code published} alone, and the next state is made from it. Nothing is published
 * before the first state is complete: until then it is collected in {@code loading}.
 *
 * <p>A registry of a million instances has ten thousand of these, and a change finds one that
 * nobody has touched for a while. So its parts are few, and those that are mostly empty are shared
 * until they are not; what is written is two references, since a collector takes note of each.
 */
final class InstanceCache {
  private final String service;
  private final Timer timer;
  private final LossGuard.Window losses;
  private final @Nullable AtomicLong versions; // null where they are counted here
  private final CompletableFuture<@Nullable Void> loaded = new CompletableFuture<>();

  /**
   * Completes when the class path stops the first state from coming, so that no caller waits for
   * it.
   */
  private final CompletableFuture<@Nullable Void> hopeless = new CompletableFuture<>();

  private Lists loading = Lists.NONE;
  private Set<String> ejected = Set.of(); // in the order of their ejections
  private final double maxEjected;
  private Map<String, ServiceInstance> held = Map.of();
  private volatile List<ServiceInstance> newlyHeld = List.of();
  private @Nullable Timestamp heldSince;
  private String withheldBecause = "";
  private Freshness stream = Timestamp.LOADING;
  private boolean restored; // what is shown comes from an earlier process, through StateCache
  private boolean closed;
  private long revision;
  private WeakReference<CachedView> view = new WeakReference<>(null);
  private volatile ViewSnapshot published;

  /**
   * The instances of one state.
   *
   * @param known in any health
   * @param passing of the known; the same list where all pass
   */
  private record Lists(InstanceList known, InstanceList passing) {
    static final Lists NONE = new Lists(InstanceList.EMPTY, InstanceList.EMPTY);

    /** Puts in, or takes out where the edit is null; this where that changes nothing. */
    Lists edited(SortedMap<String, @Nullable ServiceInstance> edits) {
      InstanceList young = known.edited(edits);
      if (young.isSame(known)) {
        return this;
      }
      TreeMap<String, @Nullable ServiceInstance> ofPassing = new TreeMap<>(edits);
      boolean allPass = passing.isSame(known);
      for (Map.Entry<String, @Nullable ServiceInstance> edit : ofPassing.entrySet()) {
        ServiceInstance put = edit.getValue();
        if (put != null && put.health() != Health.PASSING) {
          edit.setValue(null);
          allPass = false;
        }
      }
      return new Lists(young, allPass ? young : shared(passing.edited(ofPassing), young));
    }

    /** Returns the list of all where as many pass. */
    static InstanceList shared(InstanceList passing, InstanceList known) {
      return passing.size() == known.size() ? known : passing;
    }
  }

  /** Creates a cache that ejects no instance. */
  InstanceCache(String service, Timer timer, LossGuard.Window losses) {
    this(service, timer, losses, 0, null);
  }

  /** Creates the cache of a view of its own. */
  InstanceCache(String service, Timer timer, LossGuard.Window losses, double maxEjected) {
    this(service, timer, losses, maxEjected, null);
  }

  /** Creates a cache that takes the versions of its snapshots from a counter shared with others. */
  InstanceCache(
      String service,
      Timer timer,
      LossGuard.Window losses,
      double maxEjected,
      @Nullable AtomicLong versions) {
    this.service = service;
    this.maxEjected = maxEjected;
    this.versions = versions;
    this.timer = timer;
    this.losses = losses;
    this.published = nothing(service);
  }

  /** Returns the state of a service of which nothing is known. */
  static ViewSnapshot nothing(String service) {
    return new ViewSnapshot(
        service, InstanceList.EMPTY, InstanceList.EMPTY, 0, 0, Timestamp.LOADING);
  }

  ViewSnapshot snapshot() {
    return published;
  }

  Timer timer() {
    return timer;
  }

  /** Shows a view, in place of the one before, the present state and all later ones. */
  void showTo(CachedView reader) {
    synchronized (this) {
      view = new WeakReference<>(reader);
      reader.show(published);
    }
  }

  /** Tells whether the store holds nothing and nothing is held back. */
  boolean isEmpty() {
    synchronized (this) {
      return lists().known.isEmpty();
    }
  }

  /**
   * Completes with the first complete state, or with the first failure where a state was
   * {@linkplain #restore restored}; fails where this is closed before.
   */
  CompletableFuture<@Nullable Void> loaded() {
    return loaded;
  }

  /** Completes when the first state has come, or need not be waited for. */
  CompletableFuture<@Nullable Object> loadedOrHopeless() {
    return loaded.isDone() || !hopeless.isDone()
        ? CompletableFuture.anyOf(loaded, hopeless)
        : CompletableFuture.completedFuture(null);
  }

  /**
   * Shows the last state that an earlier process has kept, until the store has shown another one. A
   * caller that waits for a first state goes on waiting until it is known that the store does not
   * answer.
   *
   * @param cause why the state is stale, as long as nothing has failed
   * @return whether something is shown
   */
  boolean restore(StateCache.Loaded state, RegistryException cause) {
    synchronized (this) {
      if (!closed && stream instanceof Freshness.Loading) {
        restored = true;
        stream = state.live().stale(cause);
        publish(state.instances(), Lists.shared(state.instances().passing(), state.instances()));
      }
      return restored;
    }
  }

  /** Returns the state that the store has shown last, null where it has not shown any. */
  @Nullable ViewSnapshot lastSeen() {
    synchronized (this) {
      return restored || stream instanceof Freshness.Loading ? null : published;
    }
  }

  /** Returns how fresh this would be without what was restored: what is known of the stream. */
  Freshness streamFreshness() {
    synchronized (this) {
      if (!restored || !(stream instanceof Freshness.Stale stale)) {
        return published.freshness();
      }
      return loaded.isDone()
          ? new Freshness.Loading(Optional.of(stale.cause()))
          : Timestamp.LOADING;
    }
  }

  /** Takes the complete state; returns whether something was published. */
  boolean replace(List<ServiceInstance> instances, long revision) {
    InstanceList young = InstanceList.of(instances);
    synchronized (this) {
      InstanceList known = lists().known;
      TreeMap<String, @Nullable ServiceInstance> edits = new TreeMap<>();
      Map<String, ServiceInstance> lost = new HashMap<>();
      for (ServiceInstance instance : young) {
        put(instance, known, edits);
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
    synchronized (this) {
      if (held.isEmpty() && !(stream instanceof Freshness.Loading)) {
        return replaced(instance, revision);
      }
    }
    return apply(List.of(new InstanceEvent.Put(instance)), revision);
  }

  /** Takes changes that belong together; returns whether something was published. */
  boolean apply(List<InstanceEvent> events, long revision) {
    synchronized (this) {
      InstanceList known = lists().known;
      TreeMap<String, @Nullable ServiceInstance> edits = new TreeMap<>();
      Map<String, ServiceInstance> lost = new HashMap<>();
      for (InstanceEvent event : events) {
        String id = event.key().id();
        if (event instanceof InstanceEvent.Put change) {
          lost.remove(id);
          put(change.instance(), known, edits);
        } else if (event instanceof InstanceEvent.Remove gone) {
          edits.remove(id); // what the same change has put there has come and gone unseen
          ServiceInstance was = known.find(id);
          if (was == null) {
            continue;
          }
          if (gone.departure() == Departure.DEREGISTERED) {
            letGo(id);
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
    synchronized (this) {
      if (closed || stream instanceof Freshness.Live) {
        return false;
      }
      Lists first = lists();
      loading = Lists.NONE;
      restored = false;
      stream = Timestamp.LIVE;
      publish(first);
    }
    loaded.complete(null);
    return true;
  }

  /** Begins in the middle of a stream that others have followed before: empty, as fresh as they. */
  void join(Freshness present) {
    if (present instanceof Freshness.Loading) {
      return;
    }
    synchronized (this) {
      stream = present;
      publish(Lists.NONE);
    }
    loaded.complete(null);
  }

  /** The stream is lost; returns whether something was published. */
  boolean interrupted(RegistryException cause) {
    boolean bestToBeHad;
    synchronized (this) {
      if (closed) {
        return false;
      }
      lost(cause);
      bestToBeHad = restored;
    }
    if (bestToBeHad) {
      loaded.complete(null);
    }
    if (BrokenClassPath.isCauseOf(cause)) {
      hopeless.complete(null);
    }
    return true;
  }

  /** Nothing feeds this any more: the last state stays, and no caller waits for a first one. */
  void close(RegistryException cause) {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      lost(cause);
    }
    loaded.completeExceptionally(cause);
  }

  private void lost(RegistryException cause) {
    if (stream instanceof Freshness.Loading) {
      stream = new Freshness.Loading(Optional.of(cause));
    } else if (stream instanceof Freshness.Stale stale) {
      stream = stale.because(cause);
    } else {
      stream = Timestamp.now(timer).stale(cause);
    }
    publish(lists());
  }

  /** The store holds back removals, or with an empty reason no more. */
  boolean withholding(String reason) {
    synchronized (this) {
      if (withheldBecause.equals(reason)) {
        return false;
      }
      withheldBecause = reason;
      noteHolding();
      publish(lists());
      return true;
    }
  }

  /** Lets go of an instance, if it is still the one that is held; returns whether it was. */
  boolean release(ServiceInstance instance) {
    synchronized (this) {
      if (!instance.equals(held.get(instance.id()))) {
        return false;
      }
      letGo(instance.id());
      noteHolding();
      publish(lists().edited(new TreeMap<>(Collections.singletonMap(instance.id(), null))));
      return true;
    }
  }

  /** Tells whether an instance is still held. */
  boolean holds(ServiceInstance instance) {
    synchronized (this) {
      return instance.equals(held.get(instance.id()));
    }
  }

  /** Returns the instances that are held since the last call. */
  List<ServiceInstance> takeNewlyHeld() {
    if (newlyHeld.isEmpty()) {
      return List.of();
    }
    synchronized (this) {
      List<ServiceInstance> taken = newlyHeld;
      newlyHeld = List.of();
      return taken;
    }
  }

  /** Leaves an instance out of what is picked; returns whether that was done. */
  boolean eject(String id) {
    synchronized (this) {
      Lists now = lists();
      ServiceInstance instance = now.known.find(id);
      if (instance == null
          || instance.health() != Health.PASSING
          || ejected.size() + 1 > maxEjected * now.passing.size()
          || ejected.contains(id)) {
        return false;
      }
      ejected = ejected.isEmpty() ? new LinkedHashSet<>() : ejected;
      ejected.add(id);
      publish(now);
      return true;
    }
  }

  /** Lets an instance be picked again; returns whether it was not. */
  boolean readmit(String id) {
    synchronized (this) {
      if (!ejected.contains(id)) {
        return false;
      }
      ejected.remove(id);
      publish(lists());
      return true;
    }
  }

  private boolean replaced(ServiceInstance instance, long revision) {
    this.revision = revision;
    InstanceList known = published.all();
    InstanceList young = known.with(instance);
    if (young.isSame(known)) {
      return false;
    }
    InstanceList passing = published.instances();
    if (instance.health() != Health.PASSING) {
      passing = passing.without(instance.id());
    } else {
      passing = passing.isSame(known) ? young : passing.with(instance);
    }
    publish(young, Lists.shared(passing, young));
    return true;
  }

  private Lists lists() {
    return stream instanceof Freshness.Loading
        ? loading
        : new Lists(published.all(), published.instances());
  }

  private void put(
      ServiceInstance instance, InstanceList known, Map<String, @Nullable ServiceInstance> edits) {
    String id = instance.id();
    letGo(id);
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
            hold(gone);
            young.add(gone);
          } else {
            edits.put(id, null);
          }
        });
    newlyHeld = young.isEmpty() ? List.of() : young;
    boolean holdingChanged = noteHolding();
    Lists before = lists();
    Lists after = before.edited(edits);
    this.revision = revision;
    if (stream instanceof Freshness.Loading) {
      loading = after;
      return false;
    }
    if (!holdingChanged && after.known.isSame(before.known)) {
      return false;
    }
    publish(after);
    return true;
  }

  private void hold(ServiceInstance gone) {
    held = held.isEmpty() ? new HashMap<>() : held;
    held.put(gone.id(), gone);
  }

  private void letGo(String id) {
    if (!held.isEmpty()) {
      held.remove(id);
    }
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
    heldSince = holding ? Timestamp.now(timer) : null;
    return true;
  }

  private void publish(Lists lists) {
    publish(lists.known, lists.passing);
  }

  private void publish(InstanceList known, InstanceList passing) {
    ViewSnapshot next =
        stream instanceof Freshness.Loading
            ? new ViewSnapshot(
                service, InstanceList.EMPTY, InstanceList.EMPTY, 0, revision, freshness(known))
            : new ViewSnapshot(
                service,
                known,
                passing,
                eligible(passing),
                versions == null ? published.version() + 1 : versions.incrementAndGet(),
                revision,
                freshness(known),
                0);
    CachedView reader = view.get();
    if (reader != null) {
      reader.show(next); // before anybody is told, so that no reader is behind a listener
    }
    published = next;
  }

  /** Leaves out ejected instances; drops ejections that no longer apply or are too many now. */
  private InstanceList eligible(InstanceList passing) {
    if (ejected.isEmpty()) {
      return passing;
    }
    TreeMap<String, @Nullable ServiceInstance> out = new TreeMap<>();
    for (Iterator<String> oldest = ejected.iterator(); oldest.hasNext(); ) {
      String id = oldest.next();
      if (passing.indexOfId(id) < 0 || ejected.size() > maxEjected * passing.size()) {
        oldest.remove();
      } else {
        out.put(id, null);
      }
    }
    return passing.edited(out);
  }

  private Freshness freshness(InstanceList known) {
    if (!(stream instanceof Freshness.Live) || heldSince == null) {
      return stream;
    }
    return heldSince.held(
        held.isEmpty()
            ? withheldBecause
            : held.size() + " of " + known.size() + " instances vanished at once");
  }
}
