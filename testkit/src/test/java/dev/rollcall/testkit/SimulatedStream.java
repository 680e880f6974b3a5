package dev.rollcall.testkit;

import dev.rollcall.RegistryException;
import java.util.List;
import java.util.function.Predicate;

/**
 * A watch over a line that fails: it lists or resumes, brings each change in order, notices within
 * {@link #KEEPALIVE} that nothing comes, and goes on for ever.
 */
final class SimulatedStream<T, E> {
  /** The longest time in which a stream that is silent is not noticed. */
  static final long KEEPALIVE = SimulatedWorld.millis(3000);

  /** Where what has arrived goes. */
  interface Tap<T, E> {
    void replace(List<T> all, long revision);

    void apply(List<E> events, long revision);

    void synced();

    void interrupted(RegistryException cause);
  }

  private final SimulatedWorld world;
  private final SimulatedLine line;
  private final SimulatedFeed<T, E> feed;
  private final Predicate<String> selects;
  private final boolean wholeStates;
  private final Tap<T, E> tap;
  private int connection;
  private long seen; // the last revision that has arrived
  private long lastArrival;
  private boolean answered;
  private boolean closed;

  /**
   * Creates one that is not connected.
   *
   * @param wholeStates whether the store shows states and no changes
   */
  SimulatedStream(
      SimulatedWorld world,
      SimulatedLine line,
      SimulatedFeed<T, E> feed,
      Predicate<String> selects,
      boolean wholeStates,
      Tap<T, E> tap) {
    this.world = world;
    this.line = line;
    this.feed = feed;
    this.selects = selects;
    this.wholeStates = wholeStates;
    this.tap = tap;
  }

  SimulatedLine line() {
    return line;
  }

  /** Opens it; some stores bring the first state before they return. */
  void open() {
    if (line.isUp() && line.store().refusal() == null && world.chance(0.2)) {
      int mine = ++connection;
      feed.streams().add(this);
      list(mine, 0);
    } else {
      connect();
    }
  }

  private void connect() {
    int mine = ++connection;
    answered = false;
    if (line.isUp()) {
      world.after(line.delay(), line.store().host(), () -> serve(mine));
    }
    world.after(
        line.isUp() ? world.between(1000, 1500) : world.between(50, 1000),
        line.host(),
        () -> {
          if (!answered) {
            failed(mine, lost());
          }
        });
  }

  private static RegistryException lost() {
    return RegistryException.unavailable("the stream is lost", null);
  }

  private boolean isCurrent(int mine) {
    return !closed && mine == connection;
  }

  private void serve(int mine) {
    if (!isCurrent(mine) || !line.isUp()) {
      return;
    }
    RegistryException refusal = line.store().refusal();
    if (refusal != null) {
      send(mine, line.delay(), () -> failed(mine, refusal));
      return;
    }
    feed.streams().add(this);
    if (seen > 0 && (seen >= feed.compacted() || line.twist().resumesBlindly())) {
      resume(mine);
    } else {
      list(mine, line.delay());
    }
  }

  private void resume(int mine) {
    for (long revision = Math.max(seen, feed.compacted()) + 1;
        revision <= feed.revision();
        revision++) {
      forward(revision);
    }
    send(mine, line.delay(), this::synced);
  }

  private void list(int mine, long delay) {
    long revision = feed.revision();
    List<T> all = feed.list(revision, selects);
    send(
        mine,
        delay,
        () -> {
          seen = revision;
          tap.replace(all, revision);
        });
    send(mine, delay, this::synced);
  }

  private void synced() {
    answered = true;
    tap.synced();
  }

  /** Sends one state, or how it came about. */
  void forward(long revision) {
    List<E> events =
        feed.at(revision).events().stream().filter(event -> selects.test(feed.key(event))).toList();
    if (events.isEmpty()) {
      return;
    }
    int mine = connection;
    if (wholeStates) {
      List<T> all = feed.list(revision, selects);
      send(
          mine,
          line.delay(),
          () -> {
            seen = revision;
            tap.replace(all, revision);
          });
      return;
    }
    int times = world.chance(0.05) ? 2 : 1;
    send(
        mine,
        line.delay(),
        () -> {
          seen = revision;
          for (int i = 0; i < times; i++) {
            tap.apply(events, revision);
          }
        });
  }

  private void send(int mine, long delay, Runnable deliver) {
    if (delay == 0 && lastArrival <= world.now()) {
      deliver.run();
      return;
    }
    lastArrival = Math.max(lastArrival, world.now() + delay);
    world.after(
        lastArrival - world.now(),
        line.host(),
        () -> {
          if (isCurrent(mine)) {
            deliver.run();
          }
        });
  }

  /** Returns when a connection that is reset is noticed. */
  long soon() {
    return line.delay();
  }

  /** Breaks the connection; what is on its way does not arrive. */
  void cut(long noticedAfter) {
    feed.streams().remove(this);
    if (!closed) {
      int mine = ++connection;
      world.after(noticedAfter, line.host(), () -> failed(mine, lost()));
    }
  }

  /** The store is silent from now on; that is noticed if it lasts. */
  void silent() {
    int mine = connection;
    world.after(
        KEEPALIVE,
        line.host(),
        () -> {
          if (line.store().host().isStalled()) {
            failed(mine, lost());
          }
        });
  }

  private void failed(int mine, RegistryException cause) {
    if (!isCurrent(mine)) {
      return;
    }
    int next = ++connection;
    answered = true;
    feed.streams().remove(this);
    if (!line.twist().hidesOutages()) {
      tap.interrupted(cause);
    }
    world.after(
        world.between(100, 2000),
        line.host(),
        () -> {
          if (isCurrent(next)) {
            connect();
          }
        });
  }

  void close() {
    closed = true;
    feed.streams().remove(this);
  }
}
