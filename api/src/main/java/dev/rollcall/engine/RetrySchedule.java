package dev.rollcall.engine;

import dev.rollcall.spi.Timer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * When a call of one registration that has failed is made again. Guarded by the registration's
 * lock; {@code due} is run without it, by the timer.
 */
final class RetrySchedule {
  private final Timer timer;
  private final StoreContact contact;
  private final Backoff backoff;
  private final Runnable due;
  private Timer.@Nullable Scheduled next;
  private long atNanos;

  RetrySchedule(RegistrationContext context, Runnable due) {
    this.timer = context.timer();
    this.contact = context.contact();
    this.backoff = new Backoff(timer, context.machine());
    this.due = due;
  }

  /**
   * Schedules the next attempt. There must be none. What failed before the store has answered
   * another call says nothing of how it is now.
   *
   * @param sentNanos when the call was sent that has failed
   */
  void later(long sentNanos) {
    if (contact.hasAnsweredSince(sentNanos)) {
      backoff.answersAgain();
    }
    schedule(backoff.failed());
  }

  /**
   * Takes note that the store answers again. After a long outage the rest of a step may be longer
   * than what the store still keeps of this instance, so the next attempt is brought forward.
   */
  void storeAnswers() {
    Duration wait = backoff.answersAgain();
    if (next != null && atNanos - timer.nanoTime() > wait.toNanos()) {
      cancel();
      schedule(wait);
    }
  }

  /** Returns the time until the next attempt, zero or more. */
  Duration left() {
    return Duration.ofNanos(Math.max(0, atNanos - timer.nanoTime()));
  }

  void cancel() {
    if (next != null) {
      next.cancel();
      next = null;
    }
  }

  private void schedule(Duration wait) {
    atNanos = timer.nanoTime() + wait.toNanos();
    next = timer.schedule(due, wait);
  }
}
