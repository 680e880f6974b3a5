package dev.rollcall.consul;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.spi.KeyEvent;
import dev.rollcall.spi.KeyValueSink;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("inside")
class SinkMailboxTest {
  private final List<String> told = new ArrayList<>();
  private Runnable during = () -> {};
  private final SinkMailbox<KeyValueSink> mailbox =
      SinkMailbox.of(
          new KeyValueSink() {
            @Override
            public void replace(List<KeyValue> entries, long revision) {
              told.add("state " + revision);
              Runnable once = during;
              during = () -> {};
              once.run();
            }

            @Override
            public void apply(List<KeyEvent> events, long revision) {
              told.add("change " + revision);
            }

            @Override
            public void synced() {
              told.add("synced");
            }

            @Override
            public void interrupted(RegistryException cause) {
              told.add(cause.getMessage());
            }
          });

  private void state(String scope, long revision) {
    mailbox.state(scope, sink -> sink.replace(List.of(), revision));
  }

  @Test
  @DisplayName("while a sink is busy, a newer state takes the place of an older one of its scope")
  void busySink_costsOneStateAScope() {
    during =
        () -> {
          mailbox.synced();
          for (int n = 2; n < 100_000; n++) {
            state("a", n);
            state(n % 2 == 0 ? "b" : "c", n);
          }
          mailbox.drain(); // which leaves it to the call that is under way
        };
    state("a", 1);
    mailbox.drain();
    assertThat(told)
        .containsExactly("state 1", "state 99998", "state 99999", "state 99999", "synced");
  }

  @Test
  @DisplayName("an interruption while a sink is busy comes before what follows it")
  void interruption_comesBeforeWhatFollows() {
    during =
        () -> {
          mailbox.synced();
          state("a", 2);
          mailbox.interrupted(RegistryException.unavailable("lost", null));
          mailbox.interrupted(RegistryException.unavailable("lost again", null));
          state("a", 3);
          mailbox.synced();
        };
    state("a", 1);
    mailbox.drain();
    assertThat(told).containsExactly("state 1", "lost again", "state 3", "synced");
  }
}
