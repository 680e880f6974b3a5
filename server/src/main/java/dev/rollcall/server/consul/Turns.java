package dev.rollcall.server.consul;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Has asynchronous steps taken one after the other, in the order in which they were asked for. A
 * step begins on the thread that asks for it or that has ended the one before; a long queue is
 * worked off in a loop, not in a recursion.
 *
 * <p>The monitor of {@code waiting} guards all fields; no step and no completion runs under it.
 */
final class Turns {
  private final Deque<Runnable> waiting = new ArrayDeque<>();
  private boolean underWay; // a step has begun and not ended
  private boolean looping; // a thread is in the loop of begin()

  /** Takes a step when those before it have ended, however they did. */
  <T> CompletionStage<T> take(Supplier<CompletionStage<T>> step) {
    CompletableFuture<T> done = new CompletableFuture<>();
    synchronized (waiting) {
      waiting.add(() -> run(step, done));
    }
    begin();
    return done;
  }

  private <T> void run(Supplier<CompletionStage<T>> step, CompletableFuture<T> done) {
    CompletionStage<T> taken;
    try {
      taken = step.get();
    } catch (RuntimeException refused) {
      taken = CompletableFuture.failedFuture(refused);
    }
    taken.whenComplete(
        (result, failed) -> {
          synchronized (waiting) {
            underWay = false;
          }
          if (failed == null) {
            done.complete(result);
          } else {
            done.completeExceptionally(failed);
          }
          begin();
        });
  }

  private void begin() {
    synchronized (waiting) {
      if (looping) {
        return; // whoever loops looks again
      }
      looping = true;
    }
    while (true) {
      Runnable next;
      synchronized (waiting) {
        if (underWay || waiting.isEmpty()) {
          looping = false;
          return;
        }
        underWay = true;
        next = waiting.remove();
      }
      next.run();
    }
  }
}
