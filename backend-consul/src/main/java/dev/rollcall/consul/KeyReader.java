package dev.rollcall.consul;

import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyValueSink;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One sink and the keys that it watches. {@code last} is guarded by the feed. */
final class KeyReader {
  final SinkMailbox<KeyValueSink> mailbox;
  private final Keys keys;
  private @Nullable List<KeyValue> last;

  KeyReader(Keys keys, KeyValueSink sink) {
    this.keys = keys;
    this.mailbox = SinkMailbox.of(sink);
  }

  /** Adds the state of its keys, where it is another one than before. */
  void state(List<KeyValue> entries, long index) {
    List<KeyValue> now = entries.stream().filter(entry -> keys.selects(entry.key())).toList();
    if (!now.equals(last)) {
      last = now;
      mailbox.state(keys, sink -> sink.replace(now, index));
    }
    mailbox.synced();
  }
}
