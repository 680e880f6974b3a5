package dev.rollcall.consul;

import dev.rollcall.InstanceKey;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs what concerns one key one after the other, in the order in which it was asked for: this is
 * what makes a deregistration final for all that the same client sent before it. What is given up
 * before its turn is not begun. Thread-safe.
 */
final class KeyedOrder {
  private final Map<InstanceKey, CompletableFuture<?>> last = new ConcurrentHashMap<>();

  /**
   * Begins a task once the last one of that key has ended, whichever way, and answers with its end.
   *
   * @param answer where it is done before the task's turn, the task is left out
   */
  <T extends @Nullable Object> void then(
      InstanceKey key, CompletableFuture<T> answer, Supplier<CompletableFuture<T>> task) {
    CompletableFuture<@Nullable Void> turn = new CompletableFuture<>();
    CompletableFuture<T> end = turn.thenCompose(now -> answer.isDone() ? answer : task.get());
    CompletableFuture<?> before = last.put(key, end);
    var unused =
        end.whenComplete(
            (value, failed) -> {
              last.remove(key, end);
              if (failed == null) {
                answer.complete(value);
              } else {
                answer.completeExceptionally(
                    failed instanceof CompletionException wrapped && wrapped.getCause() != null
                        ? wrapped.getCause()
                        : failed);
              }
            });
    if (before == null) {
      turn.complete(null);
    } else {
      before.whenComplete((value, failed) -> turn.complete(null));
    }
  }
}
