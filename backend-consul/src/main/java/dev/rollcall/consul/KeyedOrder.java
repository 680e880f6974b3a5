package dev.rollcall.consul;

import dev.rollcall.InstanceKey;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs what concerns one key one after the other, in the order in which it was asked for: this is
 * what makes a deregistration final for all that the same client sent before it. Thread-safe.
 */
final class KeyedOrder {
  private final Map<InstanceKey, CompletableFuture<?>> last = new ConcurrentHashMap<>();

  /** Begins a task once the last one of that key has ended, whichever way. */
  <T extends @Nullable Object> CompletableFuture<T> then(
      InstanceKey key, Supplier<CompletableFuture<T>> task) {
    CompletableFuture<@Nullable Void> turn = new CompletableFuture<>();
    CompletableFuture<T> result = turn.thenCompose(now -> task.get());
    CompletableFuture<?> before = last.put(key, result);
    result.whenComplete((value, failed) -> last.remove(key, result));
    if (before == null) {
      turn.complete(null);
    } else {
      before.whenComplete((value, failed) -> turn.complete(null));
    }
    return result;
  }
}
