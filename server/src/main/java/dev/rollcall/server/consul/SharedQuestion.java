package dev.rollcall.server.consul;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A question that costs much, for any number of askers who each want an answer no older than their
 * asking: one is under way at a time, and all who come meanwhile share the next one. Thread-safe;
 * questions begin on the thread of an asker or of the answer before, under no lock.
 */
final class SharedQuestion {
  private final Supplier<CompletableFuture<Boolean>> ask;

  // Both guarded by "this".
  private @Nullable CompletableFuture<Boolean> underWay;
  private @Nullable CompletableFuture<Boolean> next;

  SharedQuestion(Supplier<CompletableFuture<Boolean>> ask) {
    this.ask = ask;
  }

  CompletableFuture<Boolean> answer() {
    CompletableFuture<Boolean> mine = new CompletableFuture<>();
    synchronized (this) {
      if (underWay != null) {
        if (next == null) {
          next = mine;
        }
        return next;
      }
      underWay = mine;
    }
    begin(mine);
    return mine;
  }

  private void begin(CompletableFuture<Boolean> mine) {
    ask.get()
        .whenComplete(
            (answer, failed) -> {
              CompletableFuture<Boolean> after;
              synchronized (this) {
                after = next;
                underWay = next;
                next = null;
              }
              mine.complete(failed == null && answer);
              if (after != null) {
                begin(after);
              }
            });
  }
}
