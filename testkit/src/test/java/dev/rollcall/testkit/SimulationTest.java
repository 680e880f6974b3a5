package dev.rollcall.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The engine in thousands of histories, each of which is its seed and nothing else. */
class SimulationTest {
  private static final String SEED = System.getProperty("simulation.seed", "");

  @Test
  void histories_ofTenThousandSeeds_keepTheContract() {
    if (SEED.isEmpty()) {
      keepTheContract(LongStream.range(0, 10_000));
    } else {
      replay(Long.parseLong(SEED));
    }
  }

  @Test
  void historiesWithViewsOfKeys_keepTheContract() {
    keepTheContract(LongStream.range(-3_000, 0));
  }

  @Test
  @Tag("long")
  void historiesWithViewsOfKeys_ofManySeeds_keepTheContract() {
    keepTheContract(LongStream.range(-3_000 - Long.getLong("simulation.seeds", 200_000), -3_000));
  }

  @Test
  @Tag("long")
  void histories_ofAMillionSeeds_keepTheContract() {
    keepTheContract(LongStream.range(10_000, 10_000 + Long.getLong("simulation.seeds", 1_000_000)));
  }

  @Test
  void history_ofOneSeed_isTheSameEachTime() {
    for (long seed = -50; seed < 50; seed++) {
      List<String> first = new ArrayList<>();
      List<String> second = new ArrayList<>();
      long hash = Simulation.run(seed, first).hash();
      assertThat(Simulation.run(seed, second).hash()).as("seed %d", seed).isEqualTo(hash);
      assertThat(second).as("seed %d", seed).isEqualTo(first);
      assertThat(Simulation.run(seed, SimulatedTwist.NONE).hash()).isEqualTo(hash);
    }
  }

  /** Histories that showed a fault of the engine; the api's own tests name its behaviour. */
  @ParameterizedTest(name = "{1}")
  @CsvSource({
    "0, a service that vanishes from the catalog has a revision",
    "465, a service that comes back while the stream resumes is not shown as loading",
    "7, a listener that was told why nothing is there is told that it is live",
    "2, no state listener is called after its registry was closed",
    "4021, a health that was sent and not answered is overwritten",
    "72, what a fenced owner has sent does not come back after it has left",
    "159, what a fenced owner has sent is undone",
    "174828, what a fenced owner has sent is undone although the store refuses for a while",
    "292175, so is what was sent before it was fenced and never confirmed",
    "239, what was said to be undone is undone although the store refuses for a while",
    "802, a registration that failed is undone although the store refuses for a while"
  })
  void history_thatShowedAFault_keepsTheContract(long seed, String fault) {
    assertThat(Simulation.run(seed, SimulatedTwist.NONE).violations()).as(fault).isEmpty();
  }

  private static void keepTheContract(LongStream seeds) {
    assertThat(
            seeds
                .mapToObj(seed -> Simulation.run(seed, SimulatedTwist.NONE))
                .filter(outcome -> !outcome.violations().isEmpty())
                .limit(5))
        .isEmpty();
  }

  private static void replay(long seed) {
    List<String> story = new ArrayList<>();
    Simulation.Outcome outcome = Simulation.run(seed, story);
    String told = String.join("\n", story);
    if (outcome.violations().isEmpty()) {
      System.out.println(told);
    } else {
      fail(told + "\n" + outcome);
    }
  }
}
