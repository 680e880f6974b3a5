package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.spi.KeyEvent;
import dev.rollcall.spi.KeyValueSink;
import java.util.ArrayList;
import java.util.List;

/** Keeps what a watch of keys tells. Its own monitor guards its fields. */
final class RecordingKeys implements KeyValueSink {
  private final List<RegistryException.Kind> kinds = new ArrayList<>();
  private List<KeyValue> state = List.of();
  private boolean live;

  synchronized List<RegistryException.Kind> kinds() {
    return List.copyOf(kinds);
  }

  synchronized List<KeyValue> state() {
    return state;
  }

  synchronized boolean isLive() {
    return live;
  }

  @Override
  public synchronized void replace(List<KeyValue> entries, long revision) {
    state = List.copyOf(entries);
  }

  @Override
  public void apply(List<KeyEvent> events, long revision) {
    throw new AssertionError("Consul shows states: " + events);
  }

  @Override
  public synchronized void synced() {
    live = true;
  }

  @Override
  public synchronized void interrupted(RegistryException cause) {
    live = false;
    kinds.add(cause.kind());
  }
}
