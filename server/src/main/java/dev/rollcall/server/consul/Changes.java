package dev.rollcall.server.consul;

import com.linecorp.armeria.common.HttpResponse;
import dev.rollcall.spi.support.Futures;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What has changed and is not yet on the disk: names alone, since the {@link Keeper} writes what is
 * there when it comes to it. A thread that has made a change notes it here, and then waits until it
 * is {@link #written}; all that wait are served by one write.
 *
 * <p>Where nothing is kept, nothing is noted, and no thread waits.
 *
 * <p><b>Guards.</b> {@code lock} guards everything; under it nothing is called, so that notes may
 * be taken under any other lock. Notes come from any thread; the keeper's alone takes them away.
 */
final class Changes {
  /** What is written only because its time has come waits for as long. */
  private static final Duration HEARTBEATS_WAIT = Duration.ofMillis(500);

  /** How long after a failure the next write is tried. */
  private static final Duration RETRY = Duration.ofSeconds(1);

  private final boolean isKept;

  private final Object lock = new Object();
  // All guarded by "lock".
  private Batch noted = new Batch();
  private long heartbeatsSince;
  private @Nullable String failure; // why the last write has failed; null where it has not
  private long retryAt;
  private boolean full;
  private boolean closed;

  /** Whose word a change is. */
  enum By {
    /** What is registered with the agent, or was. */
    AGENT,
    /** What a client has put into the catalog, or taken out. */
    CATALOG,
    /** What another centre has taken over. */
    OTHERS
  }

  /** The notes that one write answers. */
  static final class Batch {
    final Map<InstanceId, By> registrations = new HashMap<>();
    final Set<String> heartbeats = new HashSet<>();
    final Set<String> keys = new HashSet<>();
    private final List<CompletableFuture<Void>> waiting = new ArrayList<>();

    private boolean isUrgent() {
      return !registrations.isEmpty() || !keys.isEmpty() || !waiting.isEmpty();
    }

    private boolean isEmpty() {
      return !isUrgent() && heartbeats.isEmpty();
    }
  }

  Changes(boolean isKept) {
    this.isKept = isKept;
  }

  void registered(InstanceId id, By by) {
    note(() -> noted.registrations.put(id, by));
  }

  /** A heartbeat is written soon; the sender of one that changed the status waits for it. */
  void heartbeat(String checkId) {
    note(
        () -> {
          if (noted.heartbeats.isEmpty()) {
            heartbeatsSince = System.nanoTime();
          }
          noted.heartbeats.add(checkId);
        });
  }

  void key(String key) {
    note(() -> noted.keys.add(key));
  }

  private void note(Runnable note) {
    if (isKept) {
      synchronized (lock) {
        note.run();
        lock.notifyAll();
      }
    }
  }

  /**
   * Completes when all that was noted before is on the disk; with a {@link RefusedException} where
   * it could not be written. Then it may be later.
   */
  CompletableFuture<Void> written() {
    CompletableFuture<Void> written = new CompletableFuture<>();
    if (!isKept) {
      written.complete(null);
      return written;
    }
    synchronized (lock) {
      if (!closed) {
        noted.waiting.add(written);
        lock.notifyAll();
        return written;
      }
    }
    written.completeExceptionally(notKept("the centre is closing"));
    return written;
  }

  /** Passes a result on when all that was noted before it was there is on the disk. */
  <T> CompletionStage<T> after(CompletionStage<T> done) {
    return isKept ? done.thenCompose(result -> written().thenApply(onDisk -> result)) : done;
  }

  /** Gives an answer when all that was noted before is on the disk. */
  HttpResponse answer(Answer answer) {
    return isKept
        ? HttpResponse.of(
            written()
                .handle((onDisk, failed) -> (failed == null ? answer : refusal(failed)).response()))
        : answer.response();
  }

  static Answer refusal(Throwable failed) {
    Throwable cause = Futures.cause(failed);
    return cause instanceof RefusedException refused
        ? refused.answer()
        : notKept(String.valueOf(cause.getMessage())).answer();
  }

  /**
   * Refuses to begin what could not be written.
   *
   * @throws RefusedException where the last write has failed
   */
  void require() {
    synchronized (lock) {
      if (failure != null) {
        throw notKept(failure);
      }
    }
  }

  /**
   * Refuses to put more where there is too much already.
   *
   * @throws RefusedException where there is
   */
  void requireRoom() {
    synchronized (lock) {
      if (full) {
        throw notKept("the data folder is full");
      }
    }
  }

  private static RefusedException notKept(String why) {
    return RefusedException.failed("not kept: " + why);
  }

  // ---- the keeper's

  /** Waits until there is something to write; null where there is not and will not be. */
  @Nullable Batch take() throws InterruptedException {
    synchronized (lock) {
      while (true) {
        long wait = nanosToWait(System.nanoTime());
        if (closed || wait <= 0) {
          Batch taken = noted;
          noted = new Batch();
          return closed && taken.isEmpty() ? null : taken;
        }
        if (noted.isEmpty()) {
          lock.wait();
        } else {
          lock.wait(Duration.ofNanos(wait).toMillis() + 1);
        }
      }
    }
  }

  /** Under the lock. */
  private long nanosToWait(long now) {
    if (noted.isEmpty()) {
      return Long.MAX_VALUE;
    }
    if (failure != null) {
      return retryAt - now;
    }
    return noted.isUrgent() ? 0 : heartbeatsSince + HEARTBEATS_WAIT.toNanos() - now;
  }

  /** A batch is on the disk. */
  void succeeded(Batch batch, boolean isFull) {
    synchronized (lock) {
      failure = null;
      full = isFull;
    }
    batch.waiting.forEach(written -> written.complete(null));
  }

  /** A batch is not: it is noted anew, but for what was noted since. */
  void failed(Batch batch, String why) {
    synchronized (lock) {
      failure = why;
      retryAt = System.nanoTime() + RETRY.toNanos();
      batch.registrations.forEach(noted.registrations::putIfAbsent);
      noted.heartbeats.addAll(batch.heartbeats);
      noted.keys.addAll(batch.keys);
    }
    batch.waiting.forEach(written -> written.completeExceptionally(notKept(why)));
  }

  boolean isClosed() {
    synchronized (lock) {
      return closed;
    }
  }

  /** From now on only what is noted already is written and answered. */
  void close() {
    synchronized (lock) {
      closed = true;
      lock.notifyAll();
    }
  }
}
