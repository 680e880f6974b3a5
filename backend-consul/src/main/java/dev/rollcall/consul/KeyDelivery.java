package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyValueSink;
import java.util.List;

/** Tells one sink of the keys that it watches, through a {@link Delivery}. Thread-safe as it is. */
final class KeyDelivery {
  private final Keys keys;
  private final Delivery<State> delivery;

  /** What is there. Two are equal where they hold the same: an index alone is no news. */
  private record State(List<KeyValue> entries, long index) {
    @Override
    public boolean equals(Object other) {
      return other instanceof State that && entries.equals(that.entries);
    }

    @Override
    public int hashCode() {
      return entries.hashCode();
    }
  }

  /** In the words of a sink. {@code live} is touched by the delivery's one thread at a time. */
  private static final class ToSink implements ConsulListener<State> {
    private final KeyValueSink sink;
    private boolean live;

    ToSink(KeyValueSink sink) {
      this.sink = sink;
    }

    @Override
    public void changed(State now) {
      sink.replace(now.entries(), now.index());
      resumed();
    }

    @Override
    public void interrupted(RegistryException cause) {
      live = false;
      sink.interrupted(cause);
    }

    @Override
    public void resumed() {
      if (!live) {
        live = true;
        sink.synced();
      }
    }
  }

  KeyDelivery(Keys keys, KeyValueSink sink, BoundedExecutor lane) {
    this.keys = keys;
    this.delivery = new Delivery<>(new ToSink(sink), (before, now) -> now, lane);
  }

  void state(List<KeyValue> entries, long index) {
    State state =
        new State(entries.stream().filter(entry -> keys.selects(entry.key())).toList(), index);
    BlockingLoop.Verdict unused = delivery.answered(state, index, false, false);
  }

  void failed(RegistryException cause) {
    delivery.failed(cause);
  }

  void flush() {
    delivery.flush();
  }

  void close() {
    delivery.close();
  }
}
