package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.spi.Timer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A blocking query of keys, for all sinks that watch some of them. All fields are guarded by {@code
 * this}, which is taken within the loop's lock and never around it; sinks are called under no lock.
 */
final class KeyFeed implements BlockingLoop.Follower<List<KeyValue>>, AutoCloseable {
  private final BlockingLoop<List<KeyValue>> loop;
  private final List<KeyReader> readers = new ArrayList<>();
  private List<KeyReader> toFlush = List.of();
  private @Nullable List<KeyValue> last;

  KeyFeed(
      BlockingLoop.Question<List<KeyValue>> question,
      ConsulBackendSettings settings,
      Timer timer,
      SharedBackoff reconnection) {
    loop = new BlockingLoop<>(question, this, settings, timer, reconnection, true);
  }

  void join(KeyReader reader) {
    synchronized (this) {
      readers.add(reader);
    }
    loop.restart();
  }

  void leave(KeyReader reader) {
    synchronized (this) {
      readers.remove(reader);
    }
  }

  @Override
  public synchronized BlockingLoop.Verdict answered(
      List<KeyValue> entries, long index, boolean afterFault, boolean reset) {
    boolean unchanged = entries.equals(last);
    readers.forEach(reader -> reader.state(entries, index));
    last = entries;
    toFlush = List.copyOf(readers);
    return unchanged ? BlockingLoop.Verdict.SAME : BlockingLoop.Verdict.NEWS;
  }

  @Override
  public synchronized void failed(RegistryException cause) {
    readers.forEach(reader -> reader.mailbox.interrupted(cause));
    toFlush = List.copyOf(readers);
  }

  @Override
  public void flush() {
    List<KeyReader> to;
    synchronized (this) {
      to = toFlush;
      toFlush = List.of();
    }
    to.forEach(reader -> reader.mailbox.drain());
  }

  @Override
  public void close() {
    loop.close();
  }
}
