package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Selector;
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
 * What {@link CatalogFeed} knows and whom it tells: the last answers of the two queries, a {@link
 * ServiceState} for each service that somebody is interested in, and the queue of those that are to
 * be fetched. Fills mailboxes and calls nothing. Not thread-safe: guarded by the feed.
 */
final class CatalogState {
  private final Map<String, ServiceState> tracks = new HashMap<>();
  private final List<SinkMailbox> everything = new ArrayList<>();
  private final ArrayDeque<ServiceState> queue = new ArrayDeque<>();
  private final Set<SinkMailbox> filled = new HashSet<>();
  private @Nullable Map<String, List<String>> names;
  private @Nullable CheckDigest digest;
  private long namesIndex;
  private long checksIndex;
  private int fetching;
  private int unknown;
  private boolean resuming;
  private boolean complete;

  void join(String service, SinkMailbox sink) {
    ServiceState track = track(service);
    track.sinks.add(sink);
    touch(track);
  }

  void leave(String service, SinkMailbox sink) {
    ServiceState track = tracks.get(service);
    if (track != null) {
      track.sinks.remove(sink);
      dropIfUnused(track);
    }
  }

  void joinEverything(SinkMailbox sink) {
    everything.add(sink);
  }

  void leaveEverything(SinkMailbox sink) {
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

  /** Forgets what a new turn reads anew; what the sinks were told last stays. */
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

  /** What is known to have changed does not wait for a sweep of all. */
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
   * @return false where the service has lost instances with an interruption, so that it is to be
   *     looked at once more before that is believed
   */
  boolean fetched(
      ServiceState track, Indexed<List<ConsulServiceEntry>> answer, List<ServiceInstance> now) {
    track.fetching = false;
    fetching--;
    if (track.again) {
      track.again = false;
      touch(track);
    }
    List<ServiceInstance> before = track.last;
    if (resuming && !track.known && !track.held && before != null && Watches.lacks(before, now)) {
      track.held = true;
      return false;
    }
    boolean changed = !now.equals(before);
    track.last = now;
    // That of one service goes back where its last instance becomes another service's. A store that
    // went back is told by the two queries, and what follows an interruption begins anew.
    track.revision = Math.max(track.revision, answer.index());
    track.nodes.clear();
    answer.value().forEach(entry -> entry.node().ifPresent(node -> track.nodes.add(node.name())));
    if (!track.known) {
      track.known = true;
      unknown--;
    }
    post(track, now, changed);
    completeIfKnown();
    dropIfUnused(track);
    return true;
  }

  /**
   * Takes note that a service cannot be read while others can: who watches it is told, and whoever
   * watches everything keeps what was known of it.
   */
  void unreadable(ServiceState track, RegistryException cause) {
    track.fetching = false;
    fetching--;
    if (track.again) {
      track.again = false;
      touch(track);
    }
    if (!track.known) {
      track.known = true;
      unknown--;
    }
    track.sinks.forEach(sink -> interrupt(sink, cause));
    completeIfKnown();
    dropIfUnused(track);
  }

  private void post(ServiceState track, List<ServiceInstance> now, boolean changed) {
    Selector scope = Selector.service(track.service);
    for (SinkMailbox sink : track.sinks) {
      post(sink, scope, now, track.revision, changed);
    }
    if (complete) {
      for (SinkMailbox sink : everything) {
        post(sink, scope, now, track.revision, changed);
      }
    }
  }

  private void post(
      SinkMailbox sink, Selector scope, List<ServiceInstance> now, long revision, boolean changed) {
    if (changed || !sink.isLive()) {
      sink.replace(scope, now, revision);
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
    for (SinkMailbox sink : everything) {
      sink.replace(Selector.everything(), all, Math.max(namesIndex, checksIndex));
      sink.synced();
      filled.add(sink);
    }
  }

  void interrupt(RegistryException cause) {
    resuming = true;
    for (ServiceState track : tracks.values()) {
      track.revision = 0;
      track.sinks.forEach(sink -> interrupt(sink, cause));
    }
    everything.forEach(sink -> interrupt(sink, cause));
  }

  private void interrupt(SinkMailbox sink, RegistryException cause) {
    sink.interrupted(cause);
    filled.add(sink);
  }

  /** Returns the mailboxes that have something to deliver. */
  List<SinkMailbox> takeFilled() {
    List<SinkMailbox> taken = List.copyOf(filled);
    filled.clear();
    return taken;
  }

  private ServiceState track(String service) {
    ServiceState known = tracks.get(service);
    if (known == null) {
      known = new ServiceState(service);
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
        && tracks.remove(track.service, track)
        && !track.known) {
      unknown--;
    }
  }
}
