package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.KeyValueSink;
import dev.rollcall.spi.WatchSink;
import java.util.ArrayDeque;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The calls to one sink: one at a time, in the order in which they were added. A feed adds calls
 * under its lock and delivers them after it with {@link #drain()}. Several threads may drain; the
 * first one delivers what the others have added meanwhile.
 *
 * <p>{@code calls} guards all fields. No call is made under it.
 *
 * @param <S> the kind of sink
 */
final class SinkMailbox<S> {
  private final S sink;
  private final Consumer<S> synced;
  private final BiConsumer<S, RegistryException> interrupted;
  private final ArrayDeque<Consumer<S>> calls = new ArrayDeque<>();
  private boolean draining;
  private boolean filled;
  private boolean live;
  private @Nullable String toldCause;
  private boolean closed;

  private SinkMailbox(S sink, Consumer<S> synced, BiConsumer<S, RegistryException> interrupted) {
    this.sink = sink;
    this.synced = synced;
    this.interrupted = interrupted;
  }

  static SinkMailbox<WatchSink> of(WatchSink sink) {
    return new SinkMailbox<>(sink, WatchSink::synced, WatchSink::interrupted);
  }

  static SinkMailbox<KeyValueSink> of(KeyValueSink sink) {
    return new SinkMailbox<>(sink, KeyValueSink::synced, KeyValueSink::interrupted);
  }

  /** Adds a complete state. */
  void state(Consumer<S> replace) {
    synchronized (calls) {
      filled = true;
      calls.add(replace);
    }
  }

  /** Adds that the stream works, where that is news and there is a state. */
  void synced() {
    synchronized (calls) {
      if (!live && filled) {
        live = true;
        toldCause = null;
        calls.add(synced);
      }
    }
  }

  /** Adds that the stream is lost, where that or its cause is news. */
  void interrupted(RegistryException cause) {
    synchronized (calls) {
      String words = cause.kind() + cause.getMessage();
      if (live || !words.equals(toldCause)) {
        live = false;
        toldCause = words;
        calls.add(to -> interrupted.accept(to, cause));
      }
    }
  }

  /** Tells whether the sink has been told that the stream works, or is about to be. */
  boolean isLive() {
    synchronized (calls) {
      return live;
    }
  }

  /** Makes all calls that wait, on this thread, unless another one makes them. Under no lock. */
  void drain() {
    synchronized (calls) {
      if (draining) {
        return;
      }
      draining = true;
    }
    for (Consumer<S> next = next(); next != null; next = next()) {
      try {
        next.accept(sink);
      } catch (Throwable broken) {
        Watches.LOG.error("a sink threw; the next state is delivered all the same", broken);
      }
    }
  }

  private @Nullable Consumer<S> next() {
    synchronized (calls) {
      Consumer<S> next = closed ? null : calls.poll();
      draining = next != null;
      return next;
    }
  }

  /** Begins no further call. One that has begun may still be running. */
  void close() {
    synchronized (calls) {
      closed = true;
      calls.clear();
    }
  }
}
