package dev.rollcall.engine;

import dev.rollcall.Freshness;
import dev.rollcall.Registry;
import dev.rollcall.spi.Timer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the last known states of a registry's services on disk, for a process that starts while its
 * store is down.
 *
 * <p>Design: a change is not reported here. A thread of its own looks every {@link #PAUSE} at all
 * services that are watched, and writes those whose instances are others than were written last. So
 * a change costs a client's thread nothing, many changes cost one write, and a look-up knows
 * nothing of it. A state that has not changed is written again once it has been live for {@link
 * #REFRESH} longer than its file says; that is how far off the age is after a kill, to the safe
 * side. A pass writes at most {@link #MOST} files, of which {@link #MOST_REFRESHED} unchanged ones:
 * with more services that are watched, their ages are further off. The last pass, at the close,
 * brings all up to date, for at most {@link #LAST_PASS}.
 *
 * <p>Only what a watch of this process has shown as live is written: a state that was read from
 * here is not, until the store has confirmed it. So a file never says of a state that it was live
 * when it was not, even where other processes write to the folder.
 *
 * <p>The wall clock tells how long a state has lain on disk, and nothing else: ages go on by the
 * monotonic clock of the timer. A state from the future is not used, since its age cannot be told.
 *
 * <p>{@code usable} is written by the opener and then by the passes, and read by any thread; {@code
 * prepared}, {@code failing}, {@code written} and {@code passes} are the opener's and the passes'
 * alone, one at a time. {@code lastStates} is guarded by {@code this}. {@link #load} runs on the
 * thread that resolves a view, and reads a file there.
 */
final class StateCache {
  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);
  static final Duration PAUSE = Duration.ofSeconds(5);
  static final Duration REFRESH = Duration.ofMinutes(1);
  static final int MOST = 100;
  static final int MOST_REFRESHED = 10;

  /** The longest age that may be asked for: what is older is of no use to anybody. */
  private static final Duration USELESS = Duration.ofDays(30);

  private static final Duration LAST_PASS = Duration.ofSeconds(1);
  private static final long EXACT_MILLIS = 1000;

  /** As many passes as make a day. */
  private static final long CLEANED_EVERY = Duration.ofDays(1).dividedBy(PAUSE);

  /**
   * So far a clock may have been set back without a state's being taken for one from the future.
   */
  private static final long SET_BACK_MILLIS = 60_000;

  private final StateFolder folder;
  private final Duration maxAge;
  private final InstantSource wallClock;
  private final Timer timer;
  private final Machine machine;
  private final States states;
  private final Thread thread = new Thread(this::run, "rollcall-cache");
  private final Map<String, Written> written = new HashMap<>();
  private boolean prepared;
  private boolean failing;
  private long passes;
  private volatile boolean usable;
  private @Nullable List<ViewSnapshot> lastStates; // at the close, null before

  /** Gives the states that are to be kept, each of a service of its own. */
  @FunctionalInterface
  interface States {
    void forEach(Consumer<ViewSnapshot> state);
  }

  /** What a file holds: which instances, and until when they were live, by the wall clock. */
  private record Written(InstanceList all, long liveMillis) {}

  /** A file that is to be written, and what it holds now. */
  private record Due(ViewSnapshot state, long liveMillis, @Nullable Written before) {
    long behindSince() {
      return before == null ? Long.MIN_VALUE : before.liveMillis;
    }
  }

  /**
   * A state that was read.
   *
   * @param instances in any health
   * @param live when it was live last
   */
  record Loaded(InstanceList instances, Timestamp live) {}

  /** Opens the cache of a registry and starts its thread. */
  static StateCache open(
      Path root, String identity, Duration maxAge, Timer timer, Machine machine, States states) {
    StateCache cache =
        new StateCache(
            new StateFolder(root, identity),
            maxAge,
            InstantSource.system(),
            timer,
            machine,
            states);
    cache.prepare();
    cache.thread.start();
    return cache;
  }

  /** Creates one whose passes the caller makes, and whose folder is not looked at yet. */
  StateCache(
      StateFolder folder,
      Duration maxAge,
      InstantSource wallClock,
      Timer timer,
      Machine machine,
      States states) {
    this.folder = folder;
    this.maxAge = maxAge;
    this.wallClock = wallClock;
    this.timer = timer;
    this.machine = machine;
    this.states = states;
    thread.setDaemon(true);
  }

  /** Tries to make the folder usable; what is wrong with it is logged. */
  void prepare() {
    try {
      folder.prepare();
      prepared = true;
      usable = true;
    } catch (IOException | RuntimeException unusable) {
      usable = false;
      failed(unusable);
    }
  }

  /** Returns the last state of a service that was kept, null where there is none of use. */
  @Nullable Loaded load(String service) {
    if (!usable) {
      return null;
    }
    StateFile.Kept kept;
    try {
      byte[] content = folder.read(service);
      if (content == null) {
        return null;
      }
      kept = StateFile.read(content, folder.store(), service);
    } catch (IOException | StateFile.UnusableException | RuntimeException unusable) {
      LOG.warn("cache: the state of service {} is not used: {}", service, why(unusable));
      return null;
    }
    long ageMillis = wallClock.millis() - kept.liveMillis();
    if (ageMillis < -SET_BACK_MILLIS) {
      LOG.warn(
          "cache: the state of service {} is not used: it is from the future, by {}",
          service,
          OutageLog.shown(Duration.ofMillis(-ageMillis)));
      return null;
    }
    Duration age = Duration.ofMillis(Math.max(0, ageMillis));
    if (age.compareTo(maxAge) > 0) {
      LOG.info(
          "cache: the state of service {} is not used: it is {} old",
          service,
          OutageLog.shown(age));
      return null;
    }
    LOG.debug("cache: service {}: {} instances, {} old", service, kept.instances().size(), age);
    return new Loaded(kept.instances(), new Timestamp(timer, timer.nanoTime() - age.toNanos()));
  }

  private void run() {
    List<ViewSnapshot> last = awaitClosing();
    while (last == null) {
      pass(states, false);
      if (passes++ % CLEANED_EVERY == 0 && prepared) {
        clean();
      }
      last = awaitClosing();
    }
    pass(last::forEach, true);
  }

  /**
   * Waits for the next pass; returns the states of the last one, null where another one follows.
   */
  private synchronized @Nullable List<ViewSnapshot> awaitClosing() {
    long until = machine.nanoTime() + PAUSE.toNanos();
    try {
      for (long left = PAUSE.toNanos();
          lastStates == null && left > 0;
          left = until - machine.nanoTime()) {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      }
    } catch (InterruptedException stop) {
      return List.of(); // an interrupt can only mean that the thread is to end
    }
    return lastStates;
  }

  private void clean() {
    try {
      folder.clean(wallClock.millis(), USELESS);
    } catch (IOException | RuntimeException later) {
      LOG.debug("cache: {} was not cleaned", folder.path(), later);
    }
  }

  /** Writes what is due; what stands in the way of that is logged once. */
  void pass(States from, boolean last) {
    if (!prepared) {
      prepare();
    }
    if (prepared) {
      try {
        long end = machine.nanoTime() + LAST_PASS.toNanos();
        for (Due due : due(from, last)) {
          if (last && machine.nanoTime() - end > 0) {
            return;
          }
          write(due);
        }
      } catch (IOException | RuntimeException failed) {
        prepared = false; // the folder may be gone; what is in it can still be read
        failed(failed);
      }
    }
  }

  private List<Due> due(States from, boolean last) {
    long now = wallClock.millis();
    List<Due> changed = new ArrayList<>();
    List<Due> behind = new ArrayList<>();
    Map<String, Written> watched = new HashMap<>();
    from.forEach(
        state -> {
          long live =
              state.freshness() instanceof Freshness.Stale stale
                  ? now - stale.age().toMillis()
                  : now;
          Written before = written.get(state.service());
          if (before != null) {
            watched.put(state.service(), before);
          }
          Due due = new Due(state, live, before);
          if (before == null || !before.all.isSame(state.all())) {
            changed.add(due);
          } else if (Math.abs(live - before.liveMillis)
              >= (last ? EXACT_MILLIS : REFRESH.toMillis())) { // less, where the clock was set back
            behind.add(due);
          }
        });
    written.keySet().retainAll(watched.keySet());
    Comparator<Due> oldestFirst = Comparator.comparingLong(Due::behindSince);
    changed.sort(oldestFirst);
    behind.sort(oldestFirst);
    List<Due> due = new ArrayList<>(last ? changed : first(changed, MOST));
    due.addAll(last ? behind : first(behind, Math.min(MOST_REFRESHED, MOST - due.size())));
    return due;
  }

  private static List<Due> first(List<Due> all, int most) {
    return all.subList(0, Math.min(most, all.size()));
  }

  private void write(Due due) throws IOException {
    String service = due.state.service();
    InstanceList all = due.state.all();
    try {
      byte[] content =
          StateFile.write(folder.store(), service, new StateFile.Kept(due.liveMillis, all));
      folder.write(service, content);
      worked();
    } catch (StateFile.UnusableException tooLarge) {
      if (due.before == null) { // once
        LOG.warn("cache: the state of service {} is not kept: {}", service, tooLarge.getMessage());
      }
    }
    written.put(service, new Written(all, due.liveMillis));
  }

  private void failed(Exception why) {
    if (!failing) {
      failing = true;
      LOG.warn("cache: {} cannot be used, and is tried again: {}", folder.path(), why(why));
    }
  }

  private void worked() {
    if (failing) {
      failing = false;
      LOG.info("cache: {} is written again", folder.path());
    }
  }

  /** Many of the exceptions of files say nothing but the path. */
  private static String why(Exception failure) {
    return failure instanceof StateFile.UnusableException
        ? String.valueOf(failure.getMessage())
        : failure.toString();
  }

  /**
   * Brings the files up to date and ends the thread. Called before the views are told of the end.
   *
   * @param wait for at most so long, in nanoseconds; what is not done by then is done all the same
   *     where the process lives on
   */
  void close(long wait) throws InterruptedException {
    List<ViewSnapshot> last = new ArrayList<>();
    states.forEach(last::add);
    synchronized (this) {
      lastStates = last;
      notifyAll();
    }
    TimeUnit.NANOSECONDS.timedJoin(thread, wait);
  }
}
