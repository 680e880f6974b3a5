package dev.rollcall.engine;

import dev.rollcall.RegistryException;
import dev.rollcall.RegistryStatus.Outage;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Whether the store answers, as all registrations of one registry know it together: what one of
 * them finds out need not be found out by the others, each at the end of a back-off step of its
 * own.
 *
 * <p>Any thread writes any field, under no lock: each is a time stamp or a value of its own, and a
 * lost race causes one round more, or delays one until the next answer. {@code backAgain} is called
 * by the thread that brings the first answer after a silence, under no lock.
 */
final class StoreContact {
  /** A failure beside answers is no outage: an overloaded store is not to be hurried. */
  private static final long SILENT_NANOS = Duration.ofSeconds(1).toNanos();

  private static final String CALLS = "registrations";

  private final Timer timer;
  private final Runnable backAgain;
  private final OutageLog outages;
  private volatile long answeredNanos;
  private volatile boolean heard;
  private volatile @Nullable Failure failure; // the last call's; null where it was answered
  private final CompletableFuture<@Nullable Void> closed = new CompletableFuture<>();

  /**
   * Calls that fail, one after the other.
   *
   * @param sinceNanos when the first of them failed
   * @param cause of the latest
   */
  private record Failure(long sinceNanos, RegistryException cause) {}

  /** Creates one whose outages are told to nobody else. */
  StoreContact(Timer timer, Runnable backAgain) {
    this(timer, backAgain, new OutageLog(timer));
  }

  StoreContact(Timer timer, Runnable backAgain, OutageLog outages) {
    this.timer = timer;
    this.backAgain = backAgain;
    this.outages = outages;
    this.answeredNanos = timer.nanoTime() - SILENT_NANOS;
  }

  /** Completes when the registry is closed, and its timer runs nothing any more. */
  CompletableFuture<@Nullable Void> closed() {
    return closed;
  }

  /** A call was answered, if only by a refusal. */
  void answered() {
    long now = timer.nanoTime();
    boolean down = failure != null;
    boolean first = down && now - answeredNanos >= SILENT_NANOS;
    answeredNanos = now;
    if (down) {
      failure = null;
      outages.back(CALLS);
    }
    if (!heard) {
      heard = true;
    }
    if (first) {
      backAgain.run();
    }
  }

  /** A call has failed as unavailable. */
  void failed(RegistryException cause) {
    Failure before = failure;
    failure = new Failure(before == null ? timer.nanoTime() : before.sinceNanos, cause);
    outages.lost(CALLS, CALLS, OutageLog.How.NOT_ANSWERED, cause);
    if (failure == null) {
      outages.back(CALLS); // answered in between, before that was known to be lost
    }
  }

  /** Nothing is registered any more, so no call will find out whether the store answers again. */
  void idle() {
    if (failure != null) {
      failure = null;
      heard = false;
      outages.forget(CALLS);
    }
  }

  /** Returns since when and why calls fail; empty where the last one was answered. */
  Optional<Outage> outage() {
    Failure now = failure;
    return now == null
        ? Optional.empty()
        : Optional.of(new Outage(new Timestamp(timer, now.sinceNanos).age(), now.cause));
  }

  /** Tells whether a call was ever answered. */
  boolean wasAnswered() {
    return heard;
  }

  /** Returns for how long nothing was answered, since the beginning where nothing ever was. */
  Duration silence() {
    return new Timestamp(timer, answeredNanos).age();
  }

  /** Tells whether the last call has failed, and nothing was heard from the store since. */
  boolean isDown() {
    return failure != null;
  }

  /** Tells whether the store has answered anybody since a moment. */
  boolean hasAnsweredSince(long nanos) {
    return answeredNanos - nanos > 0;
  }
}
