package dev.rollcall.server.consul;

import dev.rollcall.kv.Bytes;
import dev.rollcall.server.MemoryBudget;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How much memory the keys of each client take. A key is its who has written it last through this
 * centre, until it goes; one that others have put into a shared store is nobody's. Thread-safe; it
 * calls nothing but the budget, and so may be called under any lock.
 */
final class KeyQuota {
  private final MemoryBudget memory;
  private final ConcurrentHashMap<String, MemoryBudget.Hold> holds = new ConcurrentHashMap<>();

  KeyQuota(MemoryBudget memory) {
    this.memory = memory;
  }

  /**
   * Writes keys for a client in one step, if it may hold them.
   *
   * @param isThere tells whether a key is shown, so that one that is deleted at once is not held
   * @param isWritten tells of a result whether they were written
   * @throws dev.rollcall.server.BudgetException where the client would hold too much; then nothing
   *     was written
   */
  <T> CompletionStage<T> write(
      Map<String, Bytes> values,
      String client,
      Predicate<String> isThere,
      Predicate<T> isWritten,
      Supplier<CompletionStage<T>> write) {
    long more = 0;
    for (Map.Entry<String, Bytes> each : values.entrySet()) {
      MemoryBudget.Hold before = holds.get(each.getKey());
      long has = before != null && before.client().equals(client) ? before.bytes() : 0;
      more += Math.max(0, Weight.key(each.getKey(), each.getValue()) - has);
    }
    MemoryBudget.Hold room = memory.take(client, more);
    CompletionStage<T> writing;
    try {
      writing = write.get();
    } catch (RuntimeException refused) {
      room.close();
      throw refused;
    }
    return writing.whenComplete(
        (written, failed) -> {
          if (failed == null && isWritten.test(written)) {
            values.forEach(
                (key, value) -> {
                  hold(key, memory.take(client, 0), Weight.key(key, value));
                  if (!isThere.test(key)) {
                    gone(key);
                  }
                });
          }
          room.close();
        });
  }

  private void hold(String key, MemoryBudget.Hold hold, long weight) {
    hold.correct(weight);
    close(holds.put(key, hold));
  }

  /** A key is there no more. */
  void gone(String key) {
    close(holds.remove(key));
  }

  private static void close(MemoryBudget.@Nullable Hold hold) {
    if (hold != null) {
      hold.close();
    }
  }
}
