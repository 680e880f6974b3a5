package dev.rollcall.engine;

import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the log of one registry what is out of reach: a line when something is lost, one when it is
 * back, and where that takes long a warning after one minute, two, four and so on. Of an outage
 * that takes everything at once the first {@value #NAMED} are named, the others counted.
 *
 * <p>An outage begins with the first thing that is lost and ends when nothing is. All fields are
 * guarded by {@code this}; nothing is logged under it. Callers are the backend's threads and the
 * timer's.
 */
final class OutageLog {
  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);
  private static final int NAMED = 10;
  private static final Duration LONG = Duration.ofMinutes(1);

  private final Timer timer;
  private final Map<Object, Loss> lost = new LinkedHashMap<>();
  private @Nullable Timestamp since;
  private Duration tellAfter = LONG;
  private int named; // of what is lost
  private boolean told; // of more than what was named
  private Timer.@Nullable Scheduled progress;
  private boolean closed;

  /** How something is out of reach. */
  enum How {
    /** It has a last state. */
    STALE,
    /** It has no state yet. */
    NOT_LOADED,
    /** Calls are not answered: of such, only a long outage is told above the level DEBUG. */
    NOT_ANSWERED
  }

  /** Something that is lost: its name, since when, why, and whether the log says so. */
  private record Loss(String what, Timestamp since, RegistryException cause, boolean named) {}

  OutageLog(Timer timer) {
    this.timer = timer;
  }

  /**
   * Something is out of reach, or is still and for another reason.
   *
   * @param key itself; two things may have one name
   * @param what a name for it: {@code service orders}
   * @param how what that means
   * @param cause the latest failure
   */
  void lost(Object key, String what, How how, RegistryException cause) {
    boolean shown;
    synchronized (this) {
      Loss known = lost.get(key);
      if (known != null) {
        lost.put(key, new Loss(what, known.since, cause, known.named));
      }
      if (closed || known != null) {
        return;
      }
      if (lost.isEmpty()) {
        since = Timestamp.now(timer);
        tellAfter = LONG;
        named = 0;
        told = false;
        progress = timer.schedule(this::tell, LONG);
      }
      shown = how != How.NOT_ANSWERED && named < NAMED;
      named += shown ? 1 : 0;
      told |= how != How.NOT_ANSWERED && !shown;
      lost.put(key, new Loss(what, Timestamp.now(timer), cause, shown));
    }
    if (!shown) {
      LOG.debug("out of reach: {}: {}", what, cause.getMessage());
    } else if (how == How.STALE) {
      LOG.info("stale: {}: {}", what, cause.getMessage());
    } else {
      LOG.info("not loaded: {}: {}", what, cause.getMessage());
    }
  }

  /** Something works again. */
  void back(Object key) {
    Loss loss;
    Timestamp over = null;
    synchronized (this) {
      loss = remove(key);
      if (loss == null) {
        return;
      }
      if (lost.isEmpty()) {
        end();
        over = told ? since : null;
      }
    }
    if (loss.named) {
      LOG.info("live: {}, after {}", loss.what, shown(loss.since.age()));
    } else {
      LOG.debug("within reach: {}, after {}", loss.what, shown(loss.since.age()));
    }
    if (over != null) {
      LOG.info("reachable: nothing is out of reach any more, after {}", shown(over.age()));
    }
  }

  /** Something is not wanted any more. */
  void forget(Object key) {
    synchronized (this) {
      if (remove(key) != null && lost.isEmpty()) {
        end();
      }
    }
  }

  private @Nullable Loss remove(Object key) {
    Loss loss = lost.remove(key);
    named -= loss != null && loss.named ? 1 : 0;
    return loss;
  }

  /** Nothing more is told. */
  void close() {
    synchronized (this) {
      closed = true;
      lost.clear();
      end();
    }
  }

  private void end() {
    if (progress != null) {
      progress.cancel();
      progress = null;
    }
  }

  private void tell() {
    Loss first;
    int count;
    Timestamp from;
    synchronized (this) {
      from = since;
      if (lost.isEmpty() || from == null) {
        return;
      }
      first = lost.values().iterator().next();
      count = lost.size();
      told = true;
      progress =
          timer.schedule(this::tell, tellAfter); // which doubles the time since the beginning
      tellAfter = tellAfter.multipliedBy(2);
    }
    LOG.warn(
        "out of reach for {}: {}, {} in all; last failure: {}",
        shown(from.age()),
        first.what,
        count,
        first.cause.getMessage());
  }

  /** Returns a time as exact as a reader wants it. */
  static Duration shown(Duration time) {
    return time.truncatedTo(time.compareTo(LONG) < 0 ? ChronoUnit.MILLIS : ChronoUnit.SECONDS);
  }
}
