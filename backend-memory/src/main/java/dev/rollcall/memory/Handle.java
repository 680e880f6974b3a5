package dev.rollcall.memory;

import dev.rollcall.RegistryException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What one user of a store has opened: the watches that end with it, and whether it was closed. All
 * verbs are done when they return. Thread-safe; {@code closed} is set before the watches are
 * closed, and read after one was added.
 */
final class Handle {
  private final Set<Runnable> watches = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Runnable onClose;

  /**
   * Creates one that is open.
   *
   * @param onClose run once, after the watches were closed
   */
  Handle(Runnable onClose) {
    this.onClose = onClose;
  }

  /** Runs a verb, whose failure ends up in the stage. */
  <T extends @Nullable Object> CompletionStage<T> done(Supplier<? extends T> verb) {
    if (closed.get()) {
      return CompletableFuture.failedFuture(
          RegistryException.unavailable("the memory backend is closed", null));
    }
    try {
      return CompletableFuture.completedFuture(verb.get());
    } catch (RegistryException refused) {
      return CompletableFuture.failedFuture(refused);
    }
  }

  /**
   * Opens a watch.
   *
   * @param attach opens it; not run where this is closed
   * @param close closes it
   * @return closes it for its user
   */
  Runnable watch(Runnable attach, Runnable close) {
    watches.add(close);
    if (closed.get()) {
      watches.remove(close);
      return () -> {};
    }
    attach.run();
    return () -> {
      watches.remove(close);
      close.run();
    };
  }

  /** Closes this and its watches; returns whether it was open. */
  boolean close() {
    if (!closed.compareAndSet(false, true)) {
      return false;
    }
    watches.forEach(Runnable::run);
    watches.clear();
    onClose.run();
    return true;
  }
}
