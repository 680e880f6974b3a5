package dev.rollcall.engine;

import dev.rollcall.RegistryException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The updates of one registration that wait for the store's answer, in the order in which they were
 * asked for. Guarded by the registration's lock; the futures are completed without it.
 */
final class PendingUpdates {
  private final List<CompletableFuture<@Nullable Void>> waiting = new ArrayList<>();

  /** Adds an update; returns what completes with its answer. */
  CompletableFuture<@Nullable Void> add() {
    CompletableFuture<@Nullable Void> future = new CompletableFuture<>();
    waiting.add(future);
    return future;
  }

  int size() {
    return waiting.size();
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** Takes out the oldest so many, which one call contained; later ones wait for the next. */
  List<CompletableFuture<@Nullable Void>> take(int count) {
    var oldest = waiting.subList(0, Math.min(count, waiting.size()));
    var taken = List.copyOf(oldest);
    oldest.clear();
    return taken;
  }

  /** Completes updates that were taken out. */
  static void complete(List<CompletableFuture<@Nullable Void>> taken) {
    taken.forEach(future -> future.complete(null));
  }

  /** Fails updates that were taken out. */
  static void fail(List<CompletableFuture<@Nullable Void>> taken, RegistryException failure) {
    taken.forEach(future -> future.completeExceptionally(failure));
  }
}
