package dev.rollcall.spi.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MetadataKeysTest {

  @Test
  void escaped_isPercentEncoding_withAnUnderscore() {
    assertThat(MetadataKeys.escaped("app.kubernetes.io/a_b-c"))
        .isEqualTo("rollcall-meta-app_2Ekubernetes_2Eio_2Fa_5Fb-c");
    assertThat(MetadataKeys.unescaped("rollcall-meta-app_2Ekubernetes_2Eio_2Fa_5Fb-c"))
        .contains("app.kubernetes.io/a_b-c");
  }

  @Test
  void escaped_ofAnyKey_isUnescapedToIt_andNoOther() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    String alphabet = "aE25F_-./";
    Map<String, String> stored = new HashMap<>();
    for (int n = 0; n < 20_000; n++) {
      StringBuilder key = new StringBuilder();
      for (int length = 1 + random.nextInt(9); length > 0; length--) {
        key.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      String escaped = MetadataKeys.escaped(key.toString());
      assertThat(escaped).as("seed %s", seed).matches("rollcall-meta-[A-Za-z0-9_-]+");
      assertThat(MetadataKeys.unescaped(escaped)).as("seed %s", seed).contains(key.toString());
      String other = stored.put(escaped, key.toString());
      assertThat(other == null ? key.toString() : other).isEqualTo(key.toString());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "a_2Eb",
        "rollcall-owner",
        "rollcall-meta-a_b",
        "rollcall-meta-a_2",
        "rollcall-meta-a_2e",
        "rollcall-meta-a_",
        "rollcall-meta-a_00",
        "rollcall-meta-a.b"
      })
  void unescaped_ofWhatIsNone_isEmpty(String stored) {
    assertThat(MetadataKeys.unescaped(stored)).isEmpty();
  }
}
