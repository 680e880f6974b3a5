package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The state of {@link CatalogFeed}: the last answers of the two queries, a {@link ServiceState} for
 * each watched service, the queue of those that are to be fetched, and the sinks. It fills
 * mailboxes and makes no calls. Not thread-safe: guarded by the feed.
 */
final class CatalogState {
  private final Map<String, ServiceState> tracks = new HashMap<>();
  private final List<SinkMailbox<WatchSink>> everything = new ArrayList<>();
  private final ArrayDeque<ServiceState> queue = new ArrayDeque<>();
  private final Set<SinkMailbox<WatchSink>> filled = new HashSet<>();
  private @Nullable Map<String, List<String>> names;
  private @Nullable CheckDigest digest;
  private long namesIndex;
  private long checksIndex;

  /** The highest revision of a service that was dropped since the last interruption. */
  private long droppedRevision;

  private int fetching;
  private int unknown;
  private boolean resuming;
  private boolean complete;

  void join(String service, SinkMailbox<WatchSink> sink) {
    ServiceState track = track(service);
    track.sinks.add(sink);
    touch(track);
  }

  void leave(String service, SinkMailbox<WatchSink> sink) {
    ServiceState track = tracks.get(service);
    if (track != null) {
      track.sinks.remove(sink);
      dropIfUnused(track);
    }
  }

  void joinEverything(SinkMailbox<WatchSink> sink) {
    everything.add(sink);
  }

  void leaveEverything(SinkMailbox<WatchSink> sink) {
    everything.remove(sink);
    if (everything.isEmpty()) {
      List.copyOf(tracks.values()).forEach(this::dropIfUnused);
    }
  }

  boolean isUnused() {
    return everything.isEmpty() && tracks.isEmpty();
  }

  /** Tells whether each service was fetched since the last interruption. */
  boolean isComplete() {
    return complete;
  }

  /** Tells whether both queries were answered, so that fetches make sense. */
  boolean isReady() {
    return names != null && digest != null;
  }

  long namesIndex() {
    return namesIndex;
  }

  long checksIndex() {
    return checksIndex;
  }

  /** Forgets all that a new turn reads again; keeps what the sinks were told last. */
  void forget() {
    queue.clear();
    names = null;
    digest = null;
    namesIndex = 0;
    checksIndex = 0;
    fetching = 0;
    complete = false;
    unknown = tracks.size();
    tracks.values().forEach(ServiceState::forget);
  }

  /** Takes the names of all services; returns those that were touched. */
  Set<String> names(Indexed<Map<String, List<String>>> answer) {
    Map<String, List<String>> before = names;
    Map<String, List<String>> now = answer.value();
    names = now;
    namesIndex = answer.index();
    if (before == null) {
      return beginIfReady();
    }
    Set<String> touched = new HashSet<>(now.keySet());
    touched.addAll(before.keySet());
    touched.removeIf(name -> Objects.equals(before.get(name), now.get(name)));
    touch(touched);
    return touched;
  }

  /** Takes the state of all checks; returns the services that were touched. */
  Set<String> checks(Indexed<CheckDigest> answer) {
    CheckDigest before = digest;
    digest = answer.value();
    checksIndex = answer.index();
    if (before == null) {
      return beginIfReady();
    }
    Set<String> touched = answer.value().changedServices(before);
    Set<String> nodes = answer.value().changedNodes(before);
    if (!nodes.isEmpty()) {
      tracks.values().stream()
          .filter(track -> track.nodes.stream().anyMatch(nodes::contains))
          .forEach(track -> touched.add(track.service));
    }
    touch(touched);
    return touched;
  }

  private Set<String> beginIfReady() {
    Map<String, List<String>> listed = names;
    if (listed == null || digest == null) {
      return Set.of();
    }
    if (!everything.isEmpty()) {
      listed.keySet().forEach(this::track);
    }
    touchAll();
    completeIfKnown();
    return Set.copyOf(listed.keySet());
  }

  private void touch(Set<String> touched) {
    for (String name : touched) {
      boolean listed = names != null && names.containsKey(name);
      ServiceState track = everything.isEmpty() || !listed ? tracks.get(name) : track(name);
      if (track != null) {
        touch(track);
        putFirst(track);
      }
    }
  }

  /** Moves a service that is known to have changed before those of a sweep. */
  private void putFirst(ServiceState track) {
    if (track.queued && queue.peek() != track) {
      queue.remove(track);
      queue.addFirst(track);
    }
  }

  void touchAll() {
    tracks.values().forEach(this::touch);
  }

  /** Puts a service in the queue, unless it is gone. */
  void touch(ServiceState track) {
    if (tracks.get(track.service) != track) {
      return;
    }
    if (track.fetching) {
      track.again = true;
    } else if (!track.queued) {
      track.queued = true;
      queue.add(track);
    }
  }

  /** Returns the next service to fetch, null where there is none or enough are under way. */
  @Nullable ServiceState poll(int most) {
    while (isReady() && fetching < most) {
      ServiceState track = queue.poll();
      if (track == null) {
        return null;
      }
      track.queued = false;
      if (tracks.get(track.service) == track) {
        track.fetching = true;
        fetching++;
        return track;
      }
    }
    return null;
  }

  boolean isIdle() {
    return queue.isEmpty() && fetching == 0;
  }

  /**
   * Takes what was fetched.
   *
   * @return false where the service has lost instances during an interruption, and is to be fetched
   *     once more before that is taken for true
   */
  boolean fetched(
      ServiceState track, Indexed<List<ConsulServiceEntry>> answer, List<ServiceInstance> now) {
    fetchEnded(track);
    List<ServiceInstance> before = track.last;
    if (resuming && !track.known && !track.held && before != null && Watches.lacks(before, now)) {
      track.held = true;
      return false;
    }
    boolean changed = !now.equals(before);
    track.last = now;
    // The index of one service goes back when its last instance moves to another service. A store
    // that went back shows in the two queries, and after an interruption revisions begin anew.
    track.revision = Math.max(track.revision, answer.index());
    track.nodes.clear();
    answer.value().forEach(entry -> entry.node().ifPresent(node -> track.nodes.add(node.name())));
    know(track);
    post(track, now, changed);
    completeIfKnown();
    dropIfUnused(track);
    return true;
  }

  /**
   * Takes note that a service cannot be read while others can. Watches of that service are told;
   * watches of everything keep the last known state.
   */
  void unreadable(ServiceState track, RegistryException cause) {
    fetchEnded(track);
    know(track);
    track.sinks.forEach(sink -> interrupt(sink, cause));
    completeIfKnown();
    dropIfUnused(track);
  }

  private void fetchEnded(ServiceState track) {
    track.fetching = false;
    fetching--;
    if (track.again) {
      track.again = false;
      touch(track);
    }
  }

  private void know(ServiceState track) {
    if (!track.known) {
      track.known = true;
      unknown--;
    }
  }

  private void post(ServiceState track, List<ServiceInstance> now, boolean changed) {
    Selector scope = Selector.service(track.service);
    for (SinkMailbox<WatchSink> sink : track.sinks) {
      post(sink, scope, now, track.revision, changed);
    }
    if (complete) {
      for (SinkMailbox<WatchSink> sink : everything) {
        post(sink, scope, now, track.revision, changed);
      }
    }
  }

  private void post(
      SinkMailbox<WatchSink> sink,
      Selector scope,
      List<ServiceInstance> now,
      long revision,
      boolean changed) {
    if (changed || !sink.isLive()) {
      sink.state(scope, to -> to.replace(scope, now, revision));
      sink.synced();
      filled.add(sink);
    }
  }

  private void completeIfKnown() {
    if (complete || unknown > 0 || !isReady()) {
      return;
    }
    complete = true;
    resuming = false;
    List<ServiceInstance> all = new ArrayList<>();
    for (ServiceState track : tracks.values()) {
      if (track.last != null) {
        all.addAll(track.last);
      }
    }
    long revision = Math.max(namesIndex, checksIndex);
    for (SinkMailbox<WatchSink> sink : everything) {
      sink.state(Selector.everything(), to -> to.replace(Selector.everything(), all, revision));
      sink.synced();
      filled.add(sink);
    }
  }

  void interrupt(RegistryException cause) {
    resuming = true;
    droppedRevision = 0;
    for (ServiceState track : tracks.values()) {
      track.revision = 0;
      track.sinks.forEach(sink -> interrupt(sink, cause));
    }
    everything.forEach(sink -> interrupt(sink, cause));
  }

  private void interrupt(SinkMailbox<WatchSink> sink, RegistryException cause) {
    sink.interrupted(cause);
    filled.add(sink);
  }

  /** Returns the mailboxes that have something to deliver. */
  List<SinkMailbox<WatchSink>> takeFilled() {
    List<SinkMailbox<WatchSink>> taken = List.copyOf(filled);
    filled.clear();
    return taken;
  }

  private ServiceState track(String service) {
    ServiceState known = tracks.get(service);
    if (known == null) {
      known = new ServiceState(service);
      // A service that is there again must not fall below what was told of it. All indexes are of
      // one sequence, and what is fetched from now on is no older than what was fetched before.
      known.revision = droppedRevision;
      tracks.put(service, known);
      unknown++;
    }
    return known;
  }

  private void dropIfUnused(ServiceState track) {
    boolean listed = names != null && names.containsKey(track.service);
    boolean gone = track.known && !listed && (track.last == null || track.last.isEmpty());
    if (track.sinks.isEmpty()
        && (everything.isEmpty() || gone)
        && tracks.remove(track.service, track)) {
      droppedRevision = Math.max(droppedRevision, track.revision);
      if (!track.known) {
        unknown--;
      }
    }
  }
}
