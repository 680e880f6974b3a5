package dev.rollcall.http;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How many further tries there may be, as a bucket of tokens: each request adds a part of one, up
 * to the reserve, and each further try takes one. Thread-safe, without a lock.
 */
final class RetryBudget {
  private static final long TOKEN = 1_000_000;

  private final long share;
  private final long most;
  private final AtomicLong left;

  RetryBudget(double ratio, int reserve) {
    share = Math.round(ratio * TOKEN);
    most = reserve * TOKEN;
    left = new AtomicLong(most);
  }

  void request() {
    left.updateAndGet(now -> Math.min(most, now + share));
  }

  /** Takes a token for a further try; false where none is left. */
  boolean take() {
    return left.getAndUpdate(now -> now < TOKEN ? now : now - TOKEN) >= TOKEN;
  }

  /** Gives back what was taken for a try that did not take place. */
  void giveBack() {
    left.updateAndGet(now -> Math.min(most, now + TOKEN));
  }
}
