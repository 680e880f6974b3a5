package dev.rollcall.spi.support;

import dev.rollcall.Health;
import dev.rollcall.spi.Timer;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One question to one target. {@link #result} is completed once, by whatever comes first: the
 * answer, a failure, the timeout, or somebody who has lost interest. Thread-safe; the fields that
 * are not final are guarded by this object's monitor.
 */
abstract class CheckAttempt {
  /** Never completes exceptionally. */
  final CompletableFuture<Health> result = new CompletableFuture<>();

  final CheckNetwork network;
  private final Timer timer;
  private final String host;

  private Timer.@Nullable Scheduled limit;
  private @Nullable Runnable cancellation;
  private boolean dropped;

  CheckAttempt(CheckNetwork network, Timer timer, String host) {
    this.network = network;
    this.timer = timer;
    this.host = host;
  }

  /** Has the attempt fail unless it is completed within a time from now. */
  final void limit(Duration timeout) {
    Timer.Scheduled scheduled =
        timer.schedule(() -> network.workers().execute(this::fail), timeout);
    synchronized (this) {
      limit = scheduled;
      if (!dropped) {
        return;
      }
    }
    scheduled.cancel();
  }

  /** Finds the target's address and asks there. On a worker. */
  final void begin() {
    network.resolve(
        host,
        addresses -> {
          try {
            if (addresses.length == 0) {
              fail();
            } else if (!result.isDone()) {
              ask(addresses);
            }
          } catch (IOException | RuntimeException failed) {
            fail();
          }
        });
  }

  /** Makes the result critical, unless there is one. */
  final void fail() {
    result.complete(Health.CRITICAL);
  }

  /** Asks without waiting; completes the result later. */
  abstract void ask(InetAddress[] addresses) throws IOException;

  /** Says how to give up what {@link #ask} has begun. */
  final void onDrop(Runnable cancellation) {
    synchronized (this) {
      this.cancellation = cancellation;
      if (!dropped) {
        return;
      }
    }
    cancellation.run();
  }

  /** Frees what the attempt holds; the result is complete. */
  final void drop() {
    Timer.Scheduled lastLimit;
    Runnable lastCancellation;
    synchronized (this) {
      dropped = true;
      lastLimit = limit;
      lastCancellation = cancellation;
    }
    if (lastLimit != null) {
      lastLimit.cancel();
    }
    if (lastCancellation != null) {
      lastCancellation.run();
    }
  }
}
