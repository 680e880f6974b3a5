package dev.rollcall.etcd;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs the writes to one key one after the other, in the order in which they were asked for, and
 * those to different keys side by side. This is what orders a deregistration after the
 * registrations that were sent before it. Thread-safe; holds an entry only for keys at work.
 *
 * @param <K> the kind of key
 */
final class Lanes<K> {
  private final ConcurrentHashMap<K, CompletableFuture<@Nullable Void>> tails =
      new ConcurrentHashMap<>();

  /** Runs a write when all earlier ones of its key have ended, well or not. */
  <T> CompletableFuture<T> run(K key, Supplier<CompletableFuture<T>> write) {
    CompletableFuture<T> result = new CompletableFuture<>();
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    CompletableFuture<@Nullable Void> before = tails.put(key, done);
    Runnable go =
        () ->
            begin(write)
                .whenComplete(
                    (value, failed) -> {
                      tails.remove(key, done);
                      done.complete(null);
                      if (failed == null) {
                        result.complete(value);
                      } else {
                        result.completeExceptionally(failed);
                      }
                    });
    if (before == null) {
      go.run();
    } else {
      before.whenComplete((nothing, never) -> go.run());
    }
    return result;
  }

  private static <T> CompletableFuture<T> begin(Supplier<CompletableFuture<T>> write) {
    try {
      return write.get();
    } catch (RuntimeException | LinkageError thrown) {
      return CompletableFuture.failedFuture(thrown);
    }
  }
}
