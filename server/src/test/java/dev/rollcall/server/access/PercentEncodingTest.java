package dev.rollcall.server.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PercentEncodingTest {
  @ParameterizedTest
  @CsvSource({
    "a/b, a/b",
    "a%2Fb, a/b",
    "a%2fb, a/b",
    "%C3%A4, ä",
    "ä, ä",
    "a+b, a+b",
    "%25%41, %A",
    "100%25, 100%"
  })
  void decode_readsEachEscapeOnce(String sent, String meant) {
    assertThat(new String(PercentEncoding.decode(sent), StandardCharsets.UTF_8)).isEqualTo(meant);
  }

  @ParameterizedTest
  @ValueSource(strings = {"%", "a%2", "%zz", "%+1", "%-1", "%2 f", "%%41"})
  void decode_refusesWhatIsNoEscape(String sent) {
    assertThatIllegalArgumentException().isThrownBy(() -> PercentEncoding.decode(sent));
  }
}
