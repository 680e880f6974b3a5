package dev.rollcall.memory;

import dev.rollcall.spi.Timer;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the leases that have run out, and the instances whose time to be removed has come.
 *
 * <p><b>Design.</b> One task on the store's timer ticks while anything is scheduled, and not
 * otherwise. A tick first credits its own lateness to the {@link RunningClock}; then, in portions,
 * so that a million entries do not keep the store's lock for long, it takes what has come up from
 * the {@link LeaseWheel}: what was renewed goes back, what is to be removed is, what has run out is
 * put aside. Only when all of it is known does the {@link MassExpiryGuard} judge whether it expires
 * or is held. A renewal may win until {@link Entry#endIfDue}. Held leases are looked through once a
 * second.
 *
 * <p><b>Guards.</b> Everything is guarded by the store's lock, but for the portions' outbox, which
 * is the ticking thread's. Tasks are scheduled outside of the lock.
 */
final class Expiry {
  /** A tick this late is an ordinary delay; a later one means that the process stood still. */
  static final long TOLERANCE_NANOS = Duration.ofMillis(100).toNanos();

  private static final long REVIEW_NANOS = Duration.ofSeconds(1).toNanos();
  private static final int PORTION = 4096;
  private static final Logger LOG = LoggerFactory.getLogger(MemoryStore.class);

  private final Ledger ledger;
  private final Timer timer;
  private final RunningClock clock;
  private final MassExpiryGuard guard;
  private final LeaseWheel wheel = new LeaseWheel();
  private final LeaseList overdue = new LeaseList();
  private final LeaseList held = new LeaseList();

  /** How many entries are in the wheel and the two lists. */
  private int scheduled;

  private boolean ticking;
  private boolean stopped;

  /** When the next tick is due, and when the present one began, in the timer's time. */
  private long expectedAt;

  private long beganAt;

  /** When the present tick began, in running time. */
  private long now;

  private boolean judged;
  private long reviewAt;
  private String reason = "";

  Expiry(Ledger ledger, Timer timer, RunningClock clock, MassExpiryGuard guard) {
    this.ledger = ledger;
    this.timer = timer;
    this.clock = clock;
    this.guard = guard;
  }

  /** Has an entry looked at when a time has come. It must not be scheduled. */
  void schedule(Entry entry, long dueNanos, Outbox out) {
    if (!ticking) {
      ticking = true;
      long start = timer.nanoTime();
      long running = clock.at(start);
      wheel.restart(running);
      expectedAt = start + wheel.nanosToNextTick(running);
      out.first(this::awaitTick);
    }
    wheel.place(entry, dueNanos);
    scheduled++;
  }

  /** Forgets an entry, if it is scheduled. */
  void unschedule(Entry entry, Outbox out) {
    LeaseList list = entry.list;
    if (list != null) {
      list.remove(entry);
      scheduled--;
      if (list == held && --entry.service.held == 0) {
        ledger.tellWithheld(entry.service, "", out);
      }
    }
  }

  /** Returns why removals are being withheld. */
  String reason() {
    return reason;
  }

  void stop() {
    stopped = true;
  }

  private void awaitTick() {
    long due;
    ledger.lock();
    try {
      if (stopped) {
        return;
      }
      due = expectedAt;
    } finally {
      ledger.unlock();
    }
    timer.schedule(this::tick, Duration.ofNanos(Math.max(0, due - timer.nanoTime())));
  }

  private void tick() {
    try {
      if (begin()) {
        Outbox out = new Outbox();
        boolean more = true;
        while (more) {
          more = portion(out);
          out.flush();
        }
      }
    } catch (Throwable thrown) {
      // The next tick must come, whatever this one ran into: else no lease would ever expire.
      LOG.error("a tick of the memory store failed", thrown);
    }
    if (end()) {
      awaitTick();
    }
  }

  private boolean begin() {
    long late;
    ledger.lock();
    try {
      if (stopped) {
        return false;
      }
      beganAt = timer.nanoTime();
      late = beganAt - expectedAt;
      if (late > TOLERANCE_NANOS) {
        clock.credit(late);
      }
      now = clock.at(beganAt);
      wheel.advance(now);
      judged = false;
    } finally {
      ledger.unlock();
    }
    if (late > TOLERANCE_NANOS) {
      LOG.debug("the memory store stood still for {} ms: no lease has aged", late / 1_000_000);
    }
    return true;
  }

  private boolean end() {
    ledger.lock();
    try {
      if (stopped || scheduled == 0) {
        ticking = false;
        return false;
      }
      expectedAt = beganAt + wheel.nanosToNextTick(now);
      return true;
    } finally {
      ledger.unlock();
    }
  }

  private boolean portion(Outbox out) {
    ledger.lock();
    try {
      if (stopped) {
        return false;
      }
      for (int i = 0; i < PORTION; i++) {
        Entry entry = wheel.poll();
        if (entry == null) {
          return settle(out);
        }
        scheduled--;
        sort(entry, out);
      }
      return true;
    } finally {
      ledger.unlock();
    }
  }

  private void sort(Entry entry, Outbox out) {
    if (entry.removeAt <= now) {
      ledger.abandon(entry, out);
    } else if (!entry.isAlive() || entry.deadline() > now) {
      again(entry, out);
    } else if (guard.isOff()) {
      expire(entry, out);
    } else {
      overdue.add(entry);
      scheduled++;
    }
  }

  private boolean settle(Outbox out) {
    if (overdue.size() > 0 && !judged) {
      judged = true;
      if (guard.judge(overdue.size() + held.size(), ledger.leases(), now)) {
        reason = guard.reason(overdue.size());
        reviewAt = now + REVIEW_NANOS;
        LOG.info("protected: the memory store: {}", reason);
      }
    }
    for (int i = 0; i < PORTION; i++) {
      Entry entry = overdue.first();
      if (entry == null) {
        review(out);
        return false;
      }
      unschedule(entry, out);
      if (!guard.isHolding() || entry.deadline() > now) {
        expire(entry, out);
      } else {
        hold(entry, out);
      }
    }
    return true;
  }

  private void hold(Entry entry, Outbox out) {
    held.add(entry);
    scheduled++;
    if (entry.service.held++ == 0) {
      ledger.tellWithheld(entry.service, reason, out);
    }
  }

  private void review(Outbox out) {
    if (!guard.isHolding() || now < reviewAt) {
      return;
    }
    reviewAt = now + REVIEW_NANOS;
    Entry next = held.first();
    while (next != null) {
      Entry entry = next;
      next = entry.next;
      if (entry.deadline() > now) {
        unschedule(entry, out);
        again(entry, out);
      }
    }
    for (int may = guard.allowance(now); may > 0; may--) {
      Entry longest = held.first();
      if (longest == null) {
        break;
      }
      unschedule(longest, out);
      expire(longest, out);
    }
    if (held.size() == 0) {
      guard.end();
      LOG.info("unprotected: the memory store holds no lease any more");
    }
  }

  private void expire(Entry entry, Outbox out) {
    if (entry.endIfDue(now)) {
      guard.expired(now);
      ledger.expired(entry, now, out);
    } else {
      again(entry, out);
    }
  }

  private void again(Entry entry, Outbox out) {
    long due = entry.isAlive() ? Math.min(entry.deadline(), entry.removeAt) : entry.removeAt;
    if (due != Entry.NEVER) {
      schedule(entry, due, out);
    }
  }
}
