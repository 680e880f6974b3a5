package dev.rollcall.testkit;

import dev.rollcall.Freshness;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueSnapshot;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.KeyValueView;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyEvent;
import java.util.Map;
import java.util.TreeMap;

/**
 * A view of keys that an application holds, with a function that may refuse a value or take its
 * time. What it shows is held against what the store really held.
 */
final class SimulatedView {
  /** A change is passed on by a thread of the listeners', which an executor may have dropped. */
  private static final long HONEST = SimulatedStream.KEEPALIVE + SimulatedWorld.millis(3000);

  /** What some of the functions refuse. */
  private static final String REFUSED = "3";

  private final SimulatedWorld world;
  private final SimulatedHost host;
  private final String name;
  private final Keys keys;
  private final SimulatedFeed<KeyValue, KeyEvent> feed;
  private final boolean refusing;
  private final boolean slow;
  private final KeyValueView<String> view;
  private boolean reading;
  private long revision;

  SimulatedView(
      SimulatedWorld world,
      SimulatedHost host,
      String owner,
      Keys keys,
      KeyValueStore store,
      SimulatedFeed<KeyValue, KeyEvent> feed) {
    this.world = world;
    this.host = host;
    this.name = owner + "'s view of " + keys;
    this.keys = keys;
    this.feed = feed;
    this.refusing = world.chance(0.4);
    this.slow = world.chance(0.2);
    this.view = store.view(keys, this::read);
  }

  private String read(KeyValue pair) {
    world.check(!reading, () -> name + " reads a value while it reads one");
    reading = true;
    try {
      if (slow && world.canBlock() && world.chance(0.3)) {
        world.await(() -> false, world.between(1, 800));
      }
      if (isRefused(pair)) {
        throw new IllegalArgumentException(pair.key());
      }
      return pair.text();
    } finally {
      reading = false;
    }
  }

  private boolean isRefused(KeyValue pair) {
    return refusing && pair.text().equals(REFUSED);
  }

  /**
   * Looks at what is shown.
   *
   * @param closed whether the store was closed
   */
  void look(boolean closed) {
    KeyValueSnapshot<String> now = view.snapshot();
    boolean live = now.freshness() instanceof Freshness.Live;
    world.check(!live || !closed, () -> name + " is live although its store is closed");
    if (now.freshness() instanceof Freshness.Loading) {
      world.check(now.values().isEmpty(), () -> name + " is loading and shows " + now.values());
      return;
    }
    world.note(now.revision());
    world.check(now.revision() >= revision, () -> name + " goes back to " + shown(now));
    revision = now.revision();
    world.check(
        isAsAt(now.revision(), now), () -> name + " shows what never was so: " + shown(now));
    if (live && !slow && world.now() - host.stalledUntil() > HONEST) {
      world.check(
          wasLately(now),
          () -> name + " says that it is live, and is as the store was not lately: " + shown(now));
    }
  }

  private boolean wasLately(KeyValueSnapshot<String> now) {
    for (long r = feed.revisionAt(world.now() - HONEST); r <= feed.revision(); r++) {
      if (isAsAt(r, now)) {
        return true;
      }
    }
    return false;
  }

  /** Tells whether a state is what the store held at a revision, as the function takes it. */
  private boolean isAsAt(long at, KeyValueSnapshot<String> now) {
    Map<String, String> values = new TreeMap<>(now.values());
    Map<String, Exception> failures = new TreeMap<>(now.failures());
    for (KeyValue pair : feed.list(at, keys::selects)) {
      String value = values.remove(pair.key());
      boolean failed = failures.remove(pair.key()) != null;
      if (isRefused(pair)) {
        if (!failed || REFUSED.equals(value)) {
          return false;
        }
      } else if (failed || !pair.text().equals(value)) {
        return false;
      }
    }
    return values.isEmpty() && failures.isEmpty();
  }

  /** Checks that everything is well again. */
  void checkConverged() {
    KeyValueSnapshot<String> now = view.snapshot();
    world.check(
        now.freshness() instanceof Freshness.Live,
        () -> name + " is not live in the end: " + shown(now));
    world.check(
        isAsAt(feed.revision(), now),
        () ->
            name
                + " ends with "
                + shown(now)
                + ", there is "
                + feed.list(feed.revision(), keys::selects));
  }

  private static String shown(KeyValueSnapshot<String> now) {
    return now.revision() + " " + now.values() + ", refused " + now.failures().keySet();
  }
}
