package dev.rollcall.server.consul;

import dev.rollcall.kv.Bytes;
import dev.rollcall.server.MemoryBudget;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sessions, and the keys that they hold. They live in this process, and only before a store that
 * does too: another centre would not know who holds what.
 *
 * <p><b>One holder.</b> Acquiring, releasing, ending a session and every other write of keys is
 * done in turns ({@link KeyValues#inTurn}), so that what was looked at still is so when the key is
 * written.
 *
 * <p><b>End.</b> Twice a second all sessions are looked through: one ends when its node or a check
 * that it needs is gone, when such a check is critical, or when it was not renewed for two TTLs, as
 * with Consul, in the time that this process has run ({@link CreditedTime}).
 *
 * <p><b>Guards.</b> {@code live}, {@code delays} and {@code time} are guarded by the catalog's
 * lock, as is {@code ticks}: they are touched in {@link CatalogIndex#look} and {@link
 * CatalogIndex#write} alone. The tick runs on the timer's thread.
 */
final class Sessions implements AutoCloseable {
  static final int MOST = 10_000;

  private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);
  private static final int TICKS_A_LOOK = 10;
  private static final int TTLS_TO_LIVE = 2;

  /** As with Consul, whatever a session asks for. */
  private static final Duration LONGEST_DELAY = Duration.ofSeconds(60);

  private final CatalogIndex catalog;
  private final KeyValues keys;
  private final Timer timer;
  private final TreeMap<String, Live> live = new TreeMap<>();
  private final Map<String, Long> delays = new HashMap<>();
  private final CreditedTime time;
  private final AtomicBoolean ticking = new AtomicBoolean();
  private volatile boolean closed;
  private int ticks;

  private static final class Live {
    private final Session session;
    private final MemoryBudget.Hold hold;
    private long deadlineNanos;

    Live(Session session, MemoryBudget.Hold hold) {
      this.session = session;
      this.hold = hold;
    }

    void renew(long nowNanos) {
      deadlineNanos = nowNanos + TTLS_TO_LIVE * session.lease().toNanos();
    }

    boolean isOver(long nowNanos) {
      return !session.lease().isZero() && deadlineNanos - nowNanos <= 0;
    }
  }

  Sessions(CatalogIndex catalog, KeyValues keys, Timer timer) {
    this.catalog = catalog;
    this.keys = keys;
    this.timer = timer;
    time = new CreditedTime(timer);
  }

  /**
   * Begins a session.
   *
   * @param hold what it takes of its client's memory, given back when it ends or does not begin
   * @throws RefusedException where its node or a check is not there, or critical
   */
  Session create(Session asked, MemoryBudget.Hold hold) {
    try {
      return begin(asked, hold);
    } catch (RefusedException refused) {
      hold.close();
      throw refused;
    }
  }

  private Session begin(Session asked, MemoryBudget.Hold hold) {
    Session[] created = new Session[1];
    catalog.write(
        to -> {
          if (to.node(asked.node()) == null) {
            throw RefusedException.failed("Missing node registration");
          }
          for (String id : asked.checks()) {
            CatalogCheck check = catalog.look(view -> view.check(asked.node(), id));
            if (check == null) {
              throw RefusedException.failed(
                  "Missing check '" + Fields.shown(id) + "' registration");
            }
            if (check.status().equals(CatalogCheck.CRITICAL)) {
              throw RefusedException.failed(
                  "Check '" + Fields.shown(id) + "' is in critical state");
            }
          }
          if (live.size() >= MOST) {
            throw new RefusedException(
                429, "too many sessions (expected: at most " + MOST + " at a time)");
          }
          Session session = asked.at(to.index());
          Live begun = new Live(session, hold);
          begun.renew(time.nanos());
          live.put(session.id(), begun);
          to.touch(Topics.SESSIONS);
          created[0] = session;
        });
    keepTicking();
    return created[0];
  }

  Optional<Session> get(String id) {
    return catalog.look(view -> Optional.ofNullable(live.get(id)).map(found -> found.session));
  }

  /** Returns all sessions, by ID. */
  List<Session> list() {
    return catalog.look(view -> live.values().stream().map(found -> found.session).toList());
  }

  /** Has a session live for another two TTLs. */
  Optional<Session> renew(String id) {
    return catalog.look(
        view -> {
          Live found = live.get(id);
          if (found == null) {
            return Optional.empty();
          }
          found.renew(time.nanos());
          return Optional.of(found.session);
        });
  }

  /** Ends a session, if there is one, and gives up what it holds. */
  CompletionStage<Boolean> destroy(String id) {
    return end(id, found -> true);
  }

  private CompletionStage<Boolean> end(String id, Predicate<Live> ends) {
    return keys.inTurn(
        () -> {
          Session[] ended = new Session[1];
          List<String> held = new ArrayList<>();
          catalog.write(
              to -> {
                Live found = live.get(id);
                if (found == null || !ends.test(found)) {
                  return;
                }
                live.remove(id);
                found.hold.close();
                to.touch(Topics.SESSIONS);
                ended[0] = found.session;
                held.addAll(keys.releaseAll(to, id));
                Duration asked = found.session.lockDelay();
                Duration delay = asked.compareTo(LONGEST_DELAY) > 0 ? LONGEST_DELAY : asked;
                if (!delay.isZero()) {
                  long until = timer.nanoTime() + delay.toNanos();
                  held.forEach(key -> delays.put(key, until));
                }
              });
          return ended[0] != null && ended[0].deletes() ? keys.deleteAtOnce(held) : KeyValues.DONE;
        });
  }

  /**
   * Writes a key and holds it for a session.
   *
   * @return completes with whether it does; with a {@link RefusedException} where there is no such
   *     session
   */
  CompletionStage<Boolean> acquire(String key, String id, Bytes value, long flags) {
    return keys.acquire(
        key,
        id,
        value,
        flags,
        () -> {
          if (!live.containsKey(id)) {
            throw RefusedException.failed("invalid session \"" + Fields.shown(id) + "\"");
          }
          return !isDelayed(key);
        });
  }

  boolean isLive(String id) {
    return catalog.look(view -> live.containsKey(id));
  }

  /** Tells whether a key may not be acquired yet, since a session that held it has just ended. */
  boolean isDelayed(String key) {
    return catalog.look(
        view -> {
          Long until = delays.get(key);
          return until != null && until - timer.nanoTime() > 0;
        });
  }

  private void keepTicking() {
    if (!closed && ticking.compareAndSet(false, true)) {
      catalog.look(
          view -> {
            time.ordered();
            return null;
          });
      timer.schedule(this::tick, CreditedTime.TICK);
    }
  }

  private void tick() {
    // First: a session that begins from now on has the next tick ordered.
    ticking.set(false);
    List<String> over = new ArrayList<>();
    boolean goesOn =
        catalog.look(
            view -> {
              time.ticked();
              if (++ticks % TICKS_A_LOOK == 0) {
                long now = timer.nanoTime();
                delays.values().removeIf(until -> until - now <= 0);
                live.values().stream()
                    .filter(this::isOver)
                    .forEach(found -> over.add(found.session.id()));
              }
              return !live.isEmpty() || !delays.isEmpty();
            });
    if (goesOn) {
      keepTicking();
    }
    for (String id : over) {
      LOG.info("session {} ends: not renewed, or its node or a check is gone or critical", id);
      // Looked at again, since it may be renewed before its turn comes.
      end(id, this::isOver)
          .exceptionally(
              failed -> {
                LOG.warn("deleting what session {} held: {}", id, failed.toString());
                return false;
              });
    }
  }

  /** Under the catalog's lock. */
  private boolean isOver(Live found) {
    Session session = found.session;
    if (found.isOver(time.nanos())) {
      return true;
    }
    return catalog.look(
        view ->
            view.node(session.node()) == null
                || session.checks().stream()
                    .map(id -> view.check(session.node(), id))
                    .anyMatch(
                        check -> check == null || check.status().equals(CatalogCheck.CRITICAL)));
  }

  @Override
  public void close() {
    closed = true;
  }
}
