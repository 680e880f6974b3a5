package dev.rollcall.spi.support;

import dev.rollcall.RegistryException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * The answers that callers of a backend wait for, wherever they hang: in a line, at the store, or
 * at a timer that may be closed right after the backend. Closing ends them all, and those that come
 * later. Thread-safe.
 *
 * @since 0.1.0
 */
public final class PendingAnswers implements AutoCloseable {
  private final Set<Runnable> ends = ConcurrentHashMap.newKeySet();
  private volatile boolean closed; // set once, before the ends are run; read after one was added

  /** Creates one without answers. */
  public PendingAnswers() {}

  /**
   * Ends an answer with a failure when this is closed, unless it has ended by then.
   *
   * @param answer what a caller waits for
   * @param failure asked for when the answer is failed
   */
  public void add(CompletableFuture<?> answer, Supplier<RegistryException> failure) {
    Runnable end = () -> answer.completeExceptionally(failure.get());
    ends.add(end);
    var unused = answer.whenComplete((value, failed) -> ends.remove(end));
    if (closed) {
      end.run();
    }
  }

  @Override
  public void close() {
    closed = true;
    ends.forEach(Runnable::run);
  }
}
