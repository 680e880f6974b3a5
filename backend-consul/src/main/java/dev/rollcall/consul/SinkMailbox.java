package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.KeyValueSink;
import dev.rollcall.spi.WatchSink;
import dev.rollcall.spi.support.SerialDelivery;
import java.util.ArrayDeque;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The calls to one sink: one at a time, in the order in which they were added. A feed adds calls
 * under its lock and delivers them after it with {@link #drain()}. Several threads may drain; the
 * first one delivers what the others have added meanwhile. A newer state of a scope takes the place
 * of an older one that waits, so a sink that does not return costs one state a scope.
 *
 * <p>Its own monitor guards all fields.
 *
 * @param <S> the kind of sink
 */
final class SinkMailbox<S> extends SerialDelivery {
  private final S sink;
  private final Consumer<S> synced;
  private final BiConsumer<S, RegistryException> interrupted;
  private final ArrayDeque<Waiting<S>> calls = new ArrayDeque<>();
  private boolean filled;
  private boolean live;
  private @Nullable String toldCause;

  /** A call that waits: a state of a scope, or where there is none a word on the stream. */
  private record Waiting<S>(@Nullable Object scope, boolean isSynced, Consumer<S> call) {}

  private SinkMailbox(S sink, Consumer<S> synced, BiConsumer<S, RegistryException> interrupted) {
    super(Integer.MAX_VALUE, Runnable::run);
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

  /** Adds a complete state of a scope. */
  void state(Object scope, Consumer<S> replace) {
    synchronized (this) {
      filled = true;
      calls.removeIf(older -> scope.equals(older.scope));
      boolean wasComplete = calls.removeIf(Waiting::isSynced);
      calls.add(new Waiting<>(scope, false, replace));
      if (wasComplete) {
        calls.add(new Waiting<>(null, true, synced));
      }
    }
  }

  /** Adds that the stream works, where that is news and there is a state. */
  void synced() {
    synchronized (this) {
      if (!live && filled) {
        live = true;
        toldCause = null;
        calls.add(new Waiting<>(null, true, synced));
      }
    }
  }

  /** Adds that the stream is lost, where that or its cause is news. */
  void interrupted(RegistryException cause) {
    synchronized (this) {
      String words = cause.kind() + cause.getMessage();
      if (live || !words.equals(toldCause)) {
        live = false;
        toldCause = words;
        calls.removeIf(word -> word.scope == null);
        calls.add(new Waiting<>(null, false, to -> interrupted.accept(to, cause)));
      }
    }
  }

  /** Tells whether the sink has been told that the stream works, or is about to be. */
  boolean isLive() {
    synchronized (this) {
      return live;
    }
  }

  /** Makes all calls that wait, on this thread, unless another one makes them. Under no lock. */
  void drain() {
    boolean mine;
    synchronized (this) {
      mine = claim();
    }
    if (mine) {
      deliver();
    }
  }

  @Override
  protected @Nullable Runnable next() {
    Waiting<S> next = calls.poll();
    return next == null ? null : () -> next.call.accept(sink);
  }

  @Override
  protected void failed(Throwable thrown) {
    Watches.LOG.error("a sink threw; the next state is delivered all the same", thrown);
  }

  /** Begins no further call. One that has begun may still be running. */
  void close() {
    synchronized (this) {
      shut();
      calls.clear();
    }
  }
}
