package dev.rollcall.server.dependencies;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SentStateTest {
  private static final Provided A = new Provided("log", "http://a");
  private static final Provided B = new Provided("log", "http://b");
  private static final Provided C = new Provided("grade", "http://c");

  private final SentState told = new SentState();

  @Test
  void next_nothingNew_isNothing() {
    assertThat(told.next(Set.of(), name -> true)).isEmpty();
    next(A);
    told.delivered();
    assertThat(told.next(Set.of(A), name -> true)).isEmpty();
  }

  @Test
  void next_afterDelivery_isTheDifference() {
    assertThat(next(A, C)).isEqualTo(new Patch(List.of(A, C), List.of()));
    told.delivered();

    assertThat(next(B, C)).isEqualTo(new Patch(List.of(B), List.of(A)));
  }

  @Test
  void next_notDelivered_saysItAgainWithWhatCameSince() {
    next(A);
    told.notDelivered();

    assertThat(next(A, B)).isEqualTo(new Patch(List.of(A, B), List.of()));
  }

  @Test
  void next_perhapsDelivered_removesBeforeItAdds() {
    next(A);
    told.perhapsDelivered();

    assertThat(next(A, B)).isEqualTo(new Patch(List.of(B), List.of(A)));
    told.delivered();
    assertThat(next(A, B)).isEqualTo(new Patch(List.of(A), List.of()));
  }

  @Test
  void next_removalPerhapsDelivered_andBackAgain_isAddedAgain() {
    next(A);
    told.delivered();
    assertThat(next()).isEqualTo(new Patch(List.of(), List.of(A)));
    told.perhapsDelivered();

    assertThat(next(A)).isEqualTo(new Patch(List.of(), List.of(A)));
    told.delivered();
    assertThat(next(A)).isEqualTo(new Patch(List.of(A), List.of()));
  }

  @Test
  void next_serviceNotKnownYet_isLeftAsItWas() {
    next(A, C);
    told.delivered();

    assertThat(told.next(Set.of(), name -> !name.equals("log")))
        .contains(new Patch(List.of(), List.of(C)));
  }

  @Test
  void json_isWhatClientsRead() {
    assertThat(new String(new Patch(List.of(A), List.of()).json(), StandardCharsets.UTF_8))
        .isEqualTo("{\"Added\":[{\"Name\":\"log\",\"URL\":\"http://a\"}],\"Removed\":[]}");
  }

  /**
   * A client of {@code /services}: appends what is added, then drops the first of what is removed.
   */
  @Test
  void next_whateverIsLost_theClientEndsWithEachProviderOnce() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 2_000; round++) {
      SentState centre = new SentState();
      List<Provided> client = new ArrayList<>();
      Set<Provided> now = new LinkedHashSet<>();
      for (int step = 0; step < 20; step++) {
        Provided any = List.of(A, B, C).get(random.nextInt(3));
        if (!now.remove(any)) {
          now.add(any);
        }
        centre.next(now, name -> true).ifPresent(patch -> send(centre, client, patch, random));
      }
      for (int step = 0; step < 3; step++) {
        centre
            .next(now, name -> true)
            .ifPresent(
                patch -> {
                  apply(client, patch);
                  centre.delivered();
                });
      }
      assertThat(client)
          .as("seed %d, round %d", seed, round)
          .containsExactlyInAnyOrderElementsOf(now);
    }
  }

  private static void send(SentState centre, List<Provided> client, Patch patch, Random random) {
    switch (random.nextInt(4)) {
      case 0 -> centre.notDelivered();
      case 1 -> centre.perhapsDelivered();
      case 2 -> {
        apply(client, patch);
        centre.perhapsDelivered();
      }
      default -> {
        apply(client, patch);
        centre.delivered();
      }
    }
  }

  private static void apply(List<Provided> client, Patch patch) {
    client.addAll(patch.added());
    patch.removed().forEach(client::remove);
  }

  private Patch next(Provided... now) {
    return told.next(new LinkedHashSet<>(List.of(now)), name -> true).orElseThrow();
  }
}
