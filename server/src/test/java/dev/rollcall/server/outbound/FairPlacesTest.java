package dev.rollcall.server.outbound;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FairPlacesTest {
  private final List<String> begun = new ArrayList<>();
  private final FairPlaces places = new FairPlaces(4, 5, Runnable::run);

  @Test
  void enter_oneWhoHasMany_takesHalfOfThePlaces() {
    enter("a", 4);

    assertThat(begun).containsExactly("a0", "a1");
    enter("b", 1);
    assertThat(begun).containsExactly("a0", "a1", "b0");
    assertThat(places.inFlight()).isEqualTo(3);
  }

  @Test
  void leave_givesThePlaceToWhoseTurnItIs() {
    enter("a", 4);
    enter("b", 3);
    begun.clear();

    places.leave("a");
    places.leave("b");
    places.leave("a");
    places.leave("a");

    assertThat(begun).containsExactly("a2", "b2", "a3");
  }

  @Test
  void leave_ofTheLast_leavesNothingBehind() {
    enter("a", 4);
    for (int i = 0; i < 4; i++) {
      places.leave("a");
    }

    assertThat(places.inFlight()).isZero();
    begun.clear();
    enter("a", 2);
    assertThat(begun).hasSize(2);
  }

  @Test
  void enter_tooManyWaiting_isRefused() {
    enter("a", 7);

    assertThat(places.enter("a", () -> {})).isFalse();
    assertThat(places.enter("b", () -> {})).isTrue();
  }

  private void enter(String who, int times) {
    for (int i = 0; i < times; i++) {
      String name = who + i;
      assertThat(places.enter(who, () -> begun.add(name))).isTrue();
    }
  }
}
