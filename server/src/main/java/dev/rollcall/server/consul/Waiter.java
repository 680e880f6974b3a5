package dev.rollcall.server.consul;

import java.util.concurrent.Executor;

/**
 * A query that waits for a topic to change. It is woken once at most, on its own executor, never on
 * the thread that made the change nor under its lock.
 */
record Waiter(Executor executor, Runnable wake) {

  /** Waiters are told apart, however alike they are. */
  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
