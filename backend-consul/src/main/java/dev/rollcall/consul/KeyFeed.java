package dev.rollcall.consul;

import dev.rollcall.kv.KeyValue;
import dev.rollcall.spi.Timer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A blocking query of keys, for all sinks that watch some of them. */
final class KeyFeed extends SharedQuery<List<KeyValue>, KeyReader> {
  private @Nullable List<KeyValue> last;

  KeyFeed(
      BlockingLoop.Question<List<KeyValue>> question,
      ConsulBackendSettings settings,
      Timer timer,
      SharedBackoff reconnection) {
    super(question, settings, timer, reconnection);
  }

  @Override
  SinkMailbox<?> mailbox(KeyReader reader) {
    return reader.mailbox;
  }

  @Override
  public synchronized BlockingLoop.Verdict answered(
      List<KeyValue> entries, long index, boolean afterFault, boolean reset) {
    boolean unchanged = entries.equals(last);
    readers().forEach(reader -> reader.state(entries, index));
    last = entries;
    return unchanged ? BlockingLoop.Verdict.SAME : BlockingLoop.Verdict.NEWS;
  }
}
