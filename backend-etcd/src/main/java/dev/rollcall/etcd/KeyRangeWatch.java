package dev.rollcall.etcd;

import dev.rollcall.RegistryException;
import dev.rollcall.etcd.EtcdGateway.Page;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyEvent;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueSink;
import dev.rollcall.spi.Timer;
import io.etcd.jetcd.watch.WatchEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The keys and values of one range, for one sink: a {@link RangeStream} and the translation of what
 * it tells. Immutable; the sink is called in the stream's serial, and no call begins after {@link
 * #close()}.
 */
final class KeyRangeWatch implements KeyValueBackend.Watch, RangeStream.Follower {
  private final KeyValueNames names;
  private final KeyValueSink sink;
  private final Consumer<KeyRangeWatch> onClose;
  private final RangeStream stream;

  KeyRangeWatch(
      EtcdGateway gateway,
      Timer timer,
      KeyValueNames names,
      Keys keys,
      KeyValueSink sink,
      Consumer<KeyRangeWatch> onClose) {
    this.names = names;
    this.sink = sink;
    this.onClose = onClose;
    this.stream = new RangeStream(gateway, timer, names.range(keys), "watch of keys", this);
  }

  void start() {
    stream.start();
  }

  @Override
  public void close() {
    stream.close();
    onClose.accept(this);
  }

  @Override
  public void listed(Page page) {
    List<KeyValue> all = names.read(page.entries());
    tell(to -> to.replace(all, page.at().revision()));
  }

  @Override
  public void changed(List<WatchEvent> events, long revision) {
    List<KeyEvent> changes = new ArrayList<>();
    for (WatchEvent event : events) {
      KeyEvent read = read(event);
      if (read != null) {
        changes.add(read);
      }
    }
    if (!changes.isEmpty()) {
      tell(to -> to.apply(changes, revision));
    }
  }

  private @Nullable KeyEvent read(WatchEvent event) {
    if (event.getEventType() == WatchEvent.EventType.PUT) {
      KeyValue entry = names.read(event.getKeyValue());
      return entry == null ? null : new KeyEvent.Put(entry);
    }
    String gone = names.name(event.getKeyValue().getKey());
    return gone == null ? null : new KeyEvent.Delete(gone);
  }

  @Override
  public void live() {
    tell(KeyValueSink::synced);
  }

  @Override
  public void interrupted(RegistryException cause) {
    tell(to -> to.interrupted(cause));
  }

  private void tell(Consumer<KeyValueSink> call) {
    if (!stream.isClosed()) {
      call.accept(sink);
    }
  }
}
