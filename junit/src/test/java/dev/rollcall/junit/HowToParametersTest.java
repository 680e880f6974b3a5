package dev.rollcall.junit;

import static dev.rollcall.junit.HowToTest.target;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Registry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The part of {@link HowToTest} that does without a field. */
@ExtendWith(RollcallExtension.class)
class HowToParametersTest {
  @Test
  void isGivenWhatItAsksFor(FakeStore store, Registry registry) {
    store.service("payments").passing("10.0.0.7:8080");
    assertThat(target(registry.service("payments"))).isEqualTo("10.0.0.7:8080");
  }
}
