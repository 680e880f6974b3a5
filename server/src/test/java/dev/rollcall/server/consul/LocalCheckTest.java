package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import dev.rollcall.Health;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What results in a row come to: {@code +} is a success, {@code -} a failure. */
class LocalCheckTest {

  private static LocalCheck check(int passing, int warning, int critical) {
    CheckDefinition definition =
        CheckDefinition.of(
            Fields.of(
                Json.parse(
                    ("{\"Name\":\"c\",\"TCP\":\"127.0.0.1:1\",\"Interval\":\"1s\","
                            + "\"SuccessBeforePassing\":"
                            + passing
                            + ",\"FailuresBeforeWarning\":"
                            + warning
                            + ",\"FailuresBeforeCritical\":"
                            + critical
                            + "}")
                        .getBytes(StandardCharsets.UTF_8))),
            "");
    CatalogCheck shown =
        new CatalogCheck("n", "c", "c", "critical", "", "", "", "", List.of(), "tcp", 0, 0);
    return new LocalCheck(definition, shown, InetAddresses.forString("127.0.0.1"), 0);
  }

  @ParameterizedTest
  @CsvSource({
    // success, warning, critical, results, what the check then is after each; s for "as before"
    "0,0,0,+-+-,PCPC",
    "0,0,3,+---+,PssCP",
    "2,0,3,+---++-++,PssCsPssP",
    "0,1,3,+----+,PWWCCP",
    "0,2,4,+----,PsWWC",
    "3,0,0,-+++,CssP",
    "0,1,2,-+-,CPW",
  })
  void believed(int passing, int warning, int critical, String results, String expected) {
    LocalCheck check = check(passing, warning, critical);
    StringBuilder became = new StringBuilder();
    for (int i = 0; i < results.length(); i++) {
      Health now = check.believed(results.charAt(i) == '+' ? Health.PASSING : Health.CRITICAL);
      became.append(now == null ? 's' : now.name().charAt(0));
    }
    assertThat(became).hasToString(expected);
  }
}
