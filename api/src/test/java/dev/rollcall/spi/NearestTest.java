package dev.rollcall.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearestTest {
  private static final List<String> KNOWN = List.of("token", "timeout", "consistency", "ca");

  @Test
  void to_withATypo_findsTheWord() {
    assertThat(Nearest.to("tokne", KNOWN)).contains("token");
    assertThat(Nearest.to("timeOut", KNOWN)).contains("timeout");
    assertThat(Nearest.to("consitencey", KNOWN)).contains("consistency");
    assertThat(Nearest.to("token", KNOWN)).contains("token");
  }

  @Test
  void to_withADistanceAtTheLimit_findsTheWord() {
    assertThat(Nearest.to("abcdefghixxx", List.of("abcdefghi"))).contains("abcdefghi");
    assertThat(Nearest.to("abcdefghixxxx", List.of("abcdefghi"))).isEmpty();
    assertThat(Nearest.to("caxx", List.of("ca"))).contains("ca");
    assertThat(Nearest.to("caxxx", List.of("ca"))).isEmpty();
  }

  @Test
  void to_withNothingNear_isEmpty() {
    assertThat(Nearest.to("passphrase", KNOWN)).isEmpty();
    assertThat(Nearest.to("x", List.of())).isEmpty();
  }
}
