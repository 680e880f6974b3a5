package dev.rollcall.etcd;

import dev.rollcall.spi.support.Futures;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Lets so many writes at a time through, and the others wait in their order. A process that closes
 * ten thousand registrations at once would else have etcd refuse most of them ("too many
 * requests"), or time out waiting for one another. {@code free} and {@code waiting} are guarded by
 * {@code this}; nothing runs under it.
 */
final class ConcurrencyLimiter {
  private final Executor executor;
  private final Deque<Runnable> waiting = new ArrayDeque<>();
  private int free;

  /**
   * Creates an open gate.
   *
   * @param width how many may be at work
   * @param executor where the next one begins, so that a chain of them is no recursion
   */
  ConcurrencyLimiter(int width, Executor executor) {
    this.free = width;
    this.executor = executor;
  }

  <T> CompletableFuture<T> run(Supplier<CompletableFuture<T>> write) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Runnable go =
        () ->
            Futures.call(write)
                .whenComplete(
                    (value, failed) -> {
                      leave();
                      Futures.complete(result, value, failed);
                    });
    synchronized (this) {
      if (free == 0) {
        waiting.add(go);
        return result;
      }
      free--;
    }
    go.run();
    return result;
  }

  private void leave() {
    Runnable next;
    synchronized (this) {
      next = waiting.poll();
      if (next == null) {
        free++;
        return;
      }
    }
    executor.execute(next);
  }
}
