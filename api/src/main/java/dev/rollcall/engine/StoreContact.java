package dev.rollcall.engine;

import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Whether the store answers, as all registrations of one registry know it together: what one of
 * them finds out need not be found out by the others, each at the end of a back-off step of its
 * own.
 *
 * <p>Any thread writes any field, under no lock: each is a time stamp or a flag of its own, and a
 * lost race costs a round too many or one that the next answer makes. {@code backAgain} is called
 * by the thread that brings the first answer after a silence, under no lock.
 */
final class StoreContact {
  /** A failure beside answers is no outage: who is overloaded is not to be hurried. */
  private static final long SILENT_NANOS = Duration.ofSeconds(1).toNanos();

  private final Timer timer;
  private final Runnable backAgain;
  private volatile long answeredNanos;
  private volatile boolean down;
  private final CompletableFuture<@Nullable Void> closed = new CompletableFuture<>();

  StoreContact(Timer timer, Runnable backAgain) {
    this.timer = timer;
    this.backAgain = backAgain;
    this.answeredNanos = timer.nanoTime() - SILENT_NANOS;
  }

  /** Completes when the registry is closed, and its timer runs nothing any more. */
  CompletableFuture<@Nullable Void> closed() {
    return closed;
  }

  /** A call was answered, if only by a refusal. */
  void answered() {
    long now = timer.nanoTime();
    boolean first = down && now - answeredNanos >= SILENT_NANOS;
    answeredNanos = now;
    if (down) {
      down = false;
    }
    if (first) {
      backAgain.run();
    }
  }

  /** A call has failed as unavailable. */
  void failed() {
    down = true;
  }

  /** Tells whether the store has been heard since the last failure: false as long as it has. */
  boolean isDown() {
    return down;
  }

  /** Tells whether the store has answered anybody since a moment. */
  boolean hasAnsweredSince(long nanos) {
    return answeredNanos - nanos > 0;
  }
}
