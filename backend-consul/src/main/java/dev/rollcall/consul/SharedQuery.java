package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.Timer;
import java.util.ArrayList;
import java.util.List;

/**
 * A blocking query whose answers several readers share. Each one that joins has it begin anew, and
 * so is given a complete state.
 *
 * <p>All fields, those of a class that extends this too, are guarded by {@code this}, which is
 * taken within the loop's lock and never around it; sinks are called under no lock.
 *
 * @param <T> the kind of answer
 * @param <R> the kind of reader
 */
abstract class SharedQuery<T, R> implements BlockingLoop.Follower<T>, AutoCloseable {
  private final BlockingLoop<T> loop;
  private final List<R> readers = new ArrayList<>();
  private List<R> toFlush = List.of();

  SharedQuery(
      BlockingLoop.Question<T> question,
      ConsulBackendSettings settings,
      Timer timer,
      SharedBackoff reconnection) {
    loop = new BlockingLoop<>(question, this, settings, timer, reconnection, true);
  }

  abstract SinkMailbox<?> mailbox(R reader);

  final void join(R reader) {
    synchronized (this) {
      readers.add(reader);
    }
    loop.restart();
  }

  final synchronized void leave(R reader) {
    readers.remove(reader);
  }

  /** Returns the readers, whose mailboxes are emptied after this answer. Under the lock. */
  final List<R> readers() {
    toFlush = List.copyOf(readers);
    return toFlush;
  }

  @Override
  public synchronized void failed(RegistryException cause) {
    readers().forEach(reader -> mailbox(reader).interrupted(cause));
  }

  @Override
  public final void flush() {
    List<R> to;
    synchronized (this) {
      to = toFlush;
      toFlush = List.of();
    }
    to.forEach(reader -> mailbox(reader).drain());
  }

  @Override
  public final void close() {
    loop.close();
  }
}
