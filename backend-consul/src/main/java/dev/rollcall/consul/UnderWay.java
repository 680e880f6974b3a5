package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * The answers that somebody waits for, wherever they hang: in a lane, at the agent, or at a timer
 * that may be closed right after the client. Closing ends them all, and those that come later.
 * Thread-safe.
 */
final class UnderWay implements AutoCloseable {
  private final Set<Runnable> ends = ConcurrentHashMap.newKeySet();
  private volatile boolean closed; // set once, before the ends are run; read after one was added

  /** Ends an answer with a failure when this is closed, unless it has ended by then. */
  void add(CompletableFuture<?> answer, Supplier<RegistryException> failure) {
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
