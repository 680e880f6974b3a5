package dev.rollcall.consul;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Tells the new ones among an agent's events. An agent lists the last {@value #RING} that it has
 * received, in that order; the index of the list is made from the last one's ID, so it jumps up and
 * down and says nothing but "another one". What is new is therefore told by the IDs.
 *
 * <p>Events may have been missed where the list has no event of the last list left: the ring has
 * gone round, or the agent was restarted. Used by one thread at a time.
 */
final class EventCursor {
  static final int RING = 256;

  /** More than a ring, since an agent that rejoins its cluster may hear again of older ones. */
  private static final int REMEMBERED = 4 * RING;

  private final LinkedHashSet<String> told = new LinkedHashSet<>();
  private List<String> listed = List.of();
  private boolean begun;

  /**
   * Goes on to what is listed now.
   *
   * @return what to tell a listener of all names, in order
   */
  List<Consumer<ConsulEventListener>> advance(List<ConsulEvent> now, boolean tellFirst) {
    List<Consumer<ConsulEventListener>> calls = new ArrayList<>();
    List<String> ids = now.stream().map(ConsulEvent::id).toList();
    if (begun && mayHaveMissed(ids)) {
      calls.add(ConsulEventListener::missed);
    }
    for (ConsulEvent event : now) {
      if (told.add(event.id()) && (begun || tellFirst)) {
        calls.add(listener -> listener.fired(event));
      }
    }
    forget(ids);
    listed = ids;
    begun = true;
    return calls;
  }

  private boolean mayHaveMissed(List<String> ids) {
    if (listed.isEmpty()) {
      return ids.size() >= RING && ids.stream().noneMatch(told::contains);
    }
    // Whatever came in between stands after the last one listed, while that is listed.
    return !ids.contains(listed.get(listed.size() - 1));
  }

  private void forget(List<String> ids) {
    Set<String> present = Set.copyOf(ids);
    for (Iterator<String> oldest = told.iterator(); told.size() > REMEMBERED; ) {
      if (!present.contains(oldest.next())) {
        oldest.remove();
      }
    }
  }
}
