package dev.rollcall.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchEvent.EventType;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a list shows of the events that came before it, and while it was under way. */
@Tag("inside")
final class EventDecoderTest {
  private final EventDecoder reading =
      new EventDecoder(new KeyLayout("/rollcall/"), new SkippedEntries());

  private static KeyValue entry(String id, long revision) {
    return new KeyValue(
        io.etcd.jetcd.api.KeyValue.newBuilder()
            .setKey(ByteString.copyFromUtf8("/rollcall/orders/" + id))
            .setValue(ByteString.copyFromUtf8("127.0.0.1:9"))
            .setModRevision(revision)
            .setLease(7)
            .build(),
        ByteSequence.EMPTY);
  }

  private void put(String id, long revision) {
    reading.event(new WatchEvent(entry(id, revision), null, EventType.PUT));
  }

  private void delete(String id, long revision) {
    reading.event(new WatchEvent(entry(id, revision), null, EventType.DELETE));
  }

  @BeforeEach
  void readAtFive() {
    reading.all(List.of(entry("a", 3), entry("b", 4)));
  }

  private int compared(long at, KeyValue... entries) {
    return reading.compare(List.of(entries), at);
  }

  @Test
  @DisplayName("a list that says what the events have said differs in nothing")
  void asTold() {
    put("b", 6);
    put("c", 7);
    delete("a", 8);
    reading.beginComparing();
    assertThat(compared(8, entry("b", 6), entry("c", 7))).isZero();
  }

  @Test
  @DisplayName("a missed addition, update and removal count once each, and are known afterwards")
  void missed() {
    reading.beginComparing();
    assertThat(compared(9, entry("b", 8), entry("c", 9))).isEqualTo(3);
    reading.beginComparing();
    assertThat(compared(9, entry("b", 8), entry("c", 9))).isZero();
  }

  @Test
  @DisplayName("events that are ahead of the list are no difference")
  void eventsAhead() {
    reading.beginComparing();
    delete("a", 11);
    put("b", 12);
    put("c", 13);
    assertThat(compared(10, entry("a", 3), entry("b", 4))).isZero();
    reading.beginComparing();
    assertThat(compared(13, entry("b", 12), entry("c", 13))).isZero();
  }

  @Test
  @DisplayName("an entry of another branch of the history counts, though its revision is lower")
  void otherBranch() {
    put("b", 8);
    reading.beginComparing();
    assertThat(compared(9, entry("a", 3), entry("b", 7))).isEqualTo(1);
  }

  @Test
  @DisplayName("W16: a stranger's deeper key cannot take an instance's id, nor remove it")
  void deeperKey_hidesNobody() {
    put("eu.west", 6);
    assertThat(reading.event(new WatchEvent(entry("eu/west", 7), null, EventType.PUT))).isNull();
    assertThat(reading.event(new WatchEvent(entry("eu/west", 8), null, EventType.DELETE))).isNull();
    assertThat(reading.all(List.of(entry("eu.west", 6), entry("eu/west", 9)))).hasSize(1);
    assertThat(reading.event(new WatchEvent(entry("eu/west", 10), null, EventType.DELETE)))
        .isNull();
    assertThat(reading.event(new WatchEvent(entry("eu.west", 11), null, EventType.DELETE)))
        .isNotNull();
    assertThat(reading.event(new WatchEvent(entry("eu/west", 12), null, EventType.PUT)))
        .as("a deeper key that is alone")
        .isNotNull();
    assertThat(compared(12, entry("eu/west", 12))).isZero();
  }
}
