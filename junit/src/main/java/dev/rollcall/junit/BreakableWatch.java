package dev.rollcall.junit;

import dev.rollcall.RegistryException;
import java.util.ArrayDeque;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A watch whose line a test breaks and mends. While the line works there is a watch of the store
 * behind it, which is opened anew each time and so begins with the complete state.
 *
 * <p>Calls of the sink are queued in the order in which they were decided, and one thread at a time
 * makes them, under no lock: with one thread all of them are made when the method that caused them
 * returns.
 *
 * <p>All fields that change are guarded by {@code this}, which may be held when the line's guard is
 * taken, never the other way round.
 *
 * @param <S> what is told of changes
 */
final class BreakableWatch<S> {
  private final Line line;
  private final S sink;
  private final Function<Consumer<Consumer<S>>, Runnable> store;
  private final BiConsumer<S, RegistryException> interrupted;
  private final BiConsumer<S, String> withholding;

  private final ArrayDeque<Consumer<S>> calls = new ArrayDeque<>();
  private boolean calling;
  private boolean closed;
  private @Nullable Passage open;
  private @Nullable RegistryException toldFault;
  private String toldDoubt = "";

  /**
   * Creates a watch that is not open yet.
   *
   * @param store opens a watch of the store that makes its calls of the sink through what it is
   *     given; returns what closes it
   */
  BreakableWatch(
      Line line,
      S sink,
      Function<Consumer<Consumer<S>>, Runnable> store,
      BiConsumer<S, RegistryException> interrupted,
      BiConsumer<S, String> withholding) {
    this.line = line;
    this.sink = sink;
    this.store = store;
    this.interrupted = interrupted;
    this.withholding = withholding;
  }

  void open() {
    line.add(this);
    follow();
  }

  /** Does what the present state of the line asks for. */
  void follow() {
    Passage ended = null;
    Passage begun = null;
    synchronized (this) {
      if (closed) {
        return;
      }
      RegistryException fault = line.fault().orElse(null);
      if (fault == null) {
        if (open == null) {
          begun = new Passage();
          open = begun;
          toldFault = null;
        }
      } else if (fault != toldFault) {
        toldFault = fault;
        ended = open;
        open = null;
        calls.add(to -> interrupted.accept(to, fault));
      }
    }
    if (ended != null) {
      ended.end();
    }
    if (begun != null) {
      begun.begin();
    }
    followDoubt();
    call();
  }

  private synchronized void followDoubt() {
    String doubt = line.doubt();
    if (!closed && open != null && !doubt.equals(toldDoubt)) {
      toldDoubt = doubt;
      calls.add(to -> withholding.accept(to, doubt));
    }
  }

  void close() {
    line.remove(this);
    Passage ended;
    synchronized (this) {
      closed = true;
      calls.clear();
      ended = open;
      open = null;
    }
    if (ended != null) {
      ended.end();
    }
  }

  private void call() {
    synchronized (this) {
      if (calling) {
        return;
      }
      calling = true;
    }
    for (Consumer<S> next = next(); next != null; next = next()) {
      next.accept(sink);
    }
  }

  private synchronized @Nullable Consumer<S> next() {
    Consumer<S> next = calls.poll();
    if (next == null) {
      calling = false;
    }
    return next;
  }

  /** One watch of the store. What it still says once another one is open, or none, is dropped. */
  private final class Passage {
    private @Nullable Runnable closing; // guarded by the watch

    void begin() {
      Runnable opened = store.apply(this::pass);
      boolean late;
      synchronized (BreakableWatch.this) {
        late = open != this;
        closing = late ? null : opened; // else whoever has ended this closes it too
      }
      if (late) {
        opened.run();
      }
    }

    private void pass(Consumer<S> call) {
      synchronized (BreakableWatch.this) {
        if (open != this) {
          return;
        }
        calls.add(call);
      }
      call();
    }

    void end() {
      Runnable opened;
      synchronized (BreakableWatch.this) {
        opened = closing;
      }
      if (opened != null) {
        opened.run();
      }
    }
  }
}
