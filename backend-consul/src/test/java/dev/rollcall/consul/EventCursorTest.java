package dev.rollcall.consul;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Each event once, in order, whatever part of the ring a query happens to see. */
class EventCursorTest {
  private final EventCursor cursor = new EventCursor();
  private final List<String> heard = new ArrayList<>();

  private final ConsulEventListener listener =
      new ConsulEventListener() {
        @Override
        public void fired(ConsulEvent event) {
          heard.add(event.name());
        }

        @Override
        public void missed() {
          heard.add("missed");
        }
      };

  @Test
  void whatWasThereBefore_isToldOnlyWhereAskedFor() {
    list(false, 0, 3);
    list(false, 0, 5);
    assertThat(heard).containsExactly("e3", "e4");
  }

  @Test
  void history_isToldFirst() {
    list(true, 0, 3);
    list(true, 1, 4);
    assertThat(heard).containsExactly("e0", "e1", "e2", "e3");
  }

  @Test
  void ringThatHasGoneRound_isSaid() {
    list(true, 0, 2);
    list(true, 10, 10 + EventCursor.RING);
    assertThat(heard.subList(0, 4)).containsExactly("e0", "e1", "missed", "e10");
    assertThat(heard).hasSize(3 + EventCursor.RING);
  }

  @Test
  void fullRingAfterAnEmptyOne_isSaid() {
    list(false, 0, 0);
    list(false, 10, 10 + EventCursor.RING);
    assertThat(heard.get(0)).isEqualTo("missed");
  }

  @Test
  void restartedAgent_isSaidOnce_andTellsNothingTwice() {
    list(true, 0, 3);
    list(true, 0, 0);
    list(true, 0, 0);
    list(true, 1, 4); // heard of again from the rest of the cluster
    assertThat(heard).containsExactly("e0", "e1", "e2", "missed", "e3");
  }

  @Test
  void anyStepsOfAtMostARing_tellEachOnceInOrder() {
    Random random = new Random(7);
    int to = 0;
    list(true, 0, 0);
    while (to < 20_000) {
      to += random.nextInt(EventCursor.RING);
      list(true, Math.max(0, to - EventCursor.RING), to);
    }
    List<String> expected = new ArrayList<>();
    for (int n = 0; n < to; n++) {
      expected.add("e" + n);
    }
    assertThat(heard).isEqualTo(expected);
  }

  private void list(boolean history, int from, int to) {
    List<ConsulEvent> events = new ArrayList<>();
    for (int n = from; n < to; n++) {
      events.add(new ConsulEvent("id" + n, "e" + n, new byte[0], "", "", "", n));
    }
    cursor.advance(events, history).forEach(call -> call.accept(listener));
  }
}
