package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FilterTest {
  private static final JsonNode WEB =
      Json.parse(
          """
          {"ID":"web1","Service":"web","Tags":["blue","v 2","a\\"b"],"Address":"","Port":80,
           "Meta":{"zone":"a","empty":"","and":"or","a.b":"dotted"},
           "Weights":{"Passing":3,"Warning":1},"EnableTagOverride":false,
           "TaggedAddresses":{"lan":{"Address":"10.0.0.1","Port":80}}}
          """
              .getBytes(StandardCharsets.UTF_8));

  private static boolean passes(String expression) {
    return FilterExpression.parse(expression, Selectors.AGENT_SERVICES).test(WEB);
  }

  private static String refusal(String expression) {
    try {
      FilterExpression.parse(expression, Selectors.AGENT_SERVICES);
    } catch (RefusedException refused) {
      String start = "500: Failed to create boolean expression evaluator: ";
      assertThat(refused).hasMessageStartingWith(start);
      return String.valueOf(refused.getMessage()).substring(start.length());
    }
    throw new AssertionError("taken: " + expression);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Service == web | true",
        "Service==web | true",
        "Service == Web | false",
        "Service == we | false",
        "Service != web | false",
        "Service != api | true",
        "Port == 80 | true",
        "Port != 80 | false",
        "Port == 8 | false",
        "EnableTagOverride == false | true",
        "EnableTagOverride == true | false",
        "Address == `` | true",
        "Weights.Passing == 3 | true",
        "Meta.zone == a | true",
        "Meta.zone != a | false",
        "Meta.nosuch == a | false",
        "Meta.nosuch != a | true",
        "Meta.empty == `` | true",
        "TaggedAddresses.lan.Address == `10.0.0.1` | true",
      })
  void equal_comparesOneValueAsText(String expression, boolean expected) {
    assertThat(passes(expression)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "blue in Tags | true",
        "green in Tags | false",
        "blu in Tags | false",
        "green not in Tags | true",
        "blue not in Tags | false",
        "zone in Meta | true",
        "a in Meta | false",
        "a not in Meta | true",
        "eb in Service | true",
        "xx in Service | false",
        "Tags contains blue | true",
        "Tags contains blu | false",
        "Tags not contains blue | false",
        "Tags not contains green | true",
        "Meta contains zone | true",
        "Service contains we | true",
      })
  void in_andContains_askListsForElements_mapsForKeys_textsForParts(
      String expression, boolean expected) {
    assertThat(passes(expression)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Tags is empty | false",
        "Tags is not empty | true",
        "Meta is empty | false",
        "Meta is not empty | true",
        "not Tags is empty | true",
      })
  void isEmpty(String expression, boolean expected) {
    assertThat(passes(expression)).isEqualTo(expected);
  }

  @Test
  void isEmpty_ofWhatIsNotThere() {
    JsonNode bare = Json.parse("{\"Tags\":[]}".getBytes(StandardCharsets.UTF_8));

    for (String list : new String[] {"Tags", "Meta"}) {
      assertThat(FilterExpression.parse(list + " is empty", Selectors.AGENT_SERVICES).test(bare))
          .isTrue();
      assertThat(
              FilterExpression.parse(list + " is not empty", Selectors.AGENT_SERVICES).test(bare))
          .isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Service matches `^we` | true",
        "Service matches `eb$` | true",
        "Service matches `^eb` | false",
        "Service matches `[a-z]+` | true",
        "Service not matches `^x` | true",
        "Service not matches `web` | false",
        "ID matches `^web[0-9]$` | true",
        "Meta.zone matches `^[ab]$` | true",
        "Meta.nosuch matches `x` | true",
        "Meta.nosuch not matches `x` | true",
      })
  void matches_findsAnywhere_unlessAnchored(String expression, boolean expected) {
    assertThat(passes(expression)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Service == x and Port == 1 or ID == web1 | true",
        "ID == web1 or Service == x and Port == 1 | true",
        "Service == x and (Port == 1 or ID == web1) | false",
        "(ID == web1 or Service == x) and Port == 1 | false",
        "not Service == x and Port == 1 | false",
        "not (Service == x and Port == 1) | true",
        "not Service == web or ID == web1 | true",
        "not (Service == web or ID == web1) | false",
        "not not Service == web | true",
        "not not not Service == web | false",
        "((Service == web)) | true",
        "ID == a or ID == b or ID == web1 | true",
        "ID == web1 and Port == 80 and Service == web | true",
        "ID == web1 and Port == 80 and Service == x | false",
      })
  void not_bindsCloserThanAnd_andCloserThanOr(String expression, boolean expected) {
    assertThat(passes(expression)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "Service == \"web\" | true",
        "Service == `web` | true",
        "\"v 2\" in Tags | true",
        "`v 2` in Tags | true",
        "\"a\\x22b\" in Tags | true",
        "`a\"b` in Tags | true",
        "`a\\\"b` in Tags | false",
        "Meta[\"zone\"] == a | true",
        "Meta[`a.b`] == dotted | true",
        "Meta[\"and\"] == \"or\" | true",
        "\"and\" in Meta | true",
        "Service == \"web and Port == 1\" | false",
      })
  void quotes(String expression, boolean expected) {
    assertThat(passes(expression)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Service==web", "Service\t==\n  web", " Service == web ", "(Service==web)"})
  void blanks_meanNothing(String expression) {
    assertThat(passes(expression)).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "Service | 1:8 (7): no match found",
        "Service web | 1:9 (8): no match found at \"web\"",
        "Service == | 1:11 (10): no match found",
        "Service == == | 1:12 (11): no match found at \"==\"",
        "== web | 1:1 (0): no match found at \"== web\"",
        "Service == web Port | 1:16 (15): no match found at \"Port\"",
        "Service == web and | 1:19 (18): no match found",
        "Service == web or or | 1:21 (20): no match found",
        "(Service == web | 1:16 (15): no match found",
        "web in \"Tags\" | 1:8 (7): no match found at \"\"Tags\"\"",
        "\"web\" == Service | 1:7 (6): no match found at \"== Service\"",
        "Service == web) | 1:15 (14): no match found at \")\"",
        "Service is web | 1:12 (11): no match found at \"web\"",
        "Service not == web | 1:13 (12): no match found at \"== web\"",
        "Meta[zone == a | 1:6 (5): no match found at \"zone == a\"",
        "Service == \"web | 1:12 (11): rule \"string\": Unterminated string literal",
        "Service == `web\" | 1:12 (11): rule \"string\": Unterminated string literal",
        "Service = web | 1:9 (8): no match found at \"= web\"",
        "Service == web; | 1:15 (14): no match found at \";\"",
        "Service == ü? | 1:12 (11): no match found at \"ü?\"",
      })
  void whatIsNoExpression_isRefusedWithThePosition(String expression, String message) {
    assertThat(refusal(expression)).isEqualTo(message);
  }

  @Test
  void nothing_isNoExpression() {
    assertThat(refusal("")).isEqualTo("1:1 (0): no match found");
    assertThat(refusal("  ")).isEqualTo("1:3 (2): no match found");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "and == web | Selector \"and\" is not valid",
        "Meta.a.b == x | Selector \"Meta.a.b\" is not valid",
        "Bogus == web | Selector \"Bogus\" is not valid",
        "service == web | Selector \"service\" is not valid",
        "Service.x == web | Selector \"Service.x\" is not valid",
        "x in Bogus | Selector \"Bogus\" is not valid",
        "Bogus is empty | Selector \"Bogus\" is not valid",
        "Tags == blue | Invalid match operator \"Equal\" for selector \"Tags\"",
        "Tags != blue | Invalid match operator \"Not Equal\" for selector \"Tags\"",
        "Meta == a | Invalid match operator \"Equal\" for selector \"Meta\"",
        "Tags matches blue | Invalid match operator \"Matches\" for selector \"Tags\"",
        "Tags not matches blue | Invalid match operator \"Not Matches\" for selector \"Tags\"",
        "Service is empty | Invalid match operator \"Is Empty\" for selector \"Service\"",
        "Port is not empty | Invalid match operator \"Is Not Empty\" for selector \"Port\"",
      })
  void whatCannotBeAsked_isRefused(String expression, String message) {
    assertThat(refusal(expression)).isEqualTo(message);
  }

  @Test
  void wrongRegularExpression_isRefused() {
    assertThat(refusal("Service matches `[a`")).startsWith("error parsing regexp: ");
    assertThat(refusal("Service matches `(`")).startsWith("error parsing regexp: ");
  }

  @Test
  void length_isBounded() {
    String blanks = " ".repeat(2_048 - "ID == web1".length());
    assertThat(passes("ID == web1" + blanks)).isTrue();
    assertThat(refusal("ID == web1 " + blanks)).isEqualTo("longer than 2048 characters");
  }

  @ParameterizedTest
  @CsvSource({"(,)", "'not ',''"})
  void depth_isBounded(String open, String close) {
    assertThatCode(() -> passes(open.repeat(31) + "ID == web1" + close.repeat(31)))
        .doesNotThrowAnyException();
    assertThat(refusal(open.repeat(32) + "ID == web1" + close.repeat(32)))
        .isEqualTo("nested deeper than 32");
  }

  @Test
  void regularExpressionThatNeverEnds_doesNotMatch() {
    JsonNode evil =
        Json.parse(("{\"Service\":\"" + "a".repeat(200) + "!\"}").getBytes(StandardCharsets.UTF_8));
    assertTimeoutPreemptively(
        Duration.ofMinutes(1),
        () ->
            assertThat(
                    FilterExpression.parse("Service matches `^(a|aa)+$`", Selectors.AGENT_SERVICES)
                        .test(evil))
                .isFalse());
  }

  @ParameterizedTest
  @ValueSource(strings = {"((a{1000}){1000}){1000}", "(a{100}){101}", "((((a{30}){30}){30}){30})"})
  void regularExpressionThatBecomesHuge_isRefused(String expression) {
    assertThat(refusal("Service matches `" + expression + "`"))
        .isEqualTo("expression nests repetitions too deeply");
  }

  @Test
  void oneRequest_computesSoMuchAndNoMore() {
    JsonNode large =
        Json.parse(
            ("{\"Service\":\"" + "a".repeat(4_096) + "\"}").getBytes(StandardCharsets.UTF_8));
    var filter =
        FilterExpression.parse("Service matches `(a{1,90}){1,90}!`", Selectors.AGENT_SERVICES);

    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 1_000; i++) {
                filter.test(large);
              }
            })
        .isInstanceOf(RefusedException.class)
        .hasMessageStartingWith("429: filter: takes too long");
  }

  @Test
  void oneFilter_servesManyElements() {
    var filter = FilterExpression.parse("Port == 80 and blue in Tags", Selectors.AGENT_SERVICES);
    for (int i = 0; i < 3; i++) {
      assertThat(filter.test(WEB)).isTrue();
      assertThat(filter.test(Json.EMPTY)).isFalse();
    }
  }

  @Test
  void eachKindOfElement_hasSelectorsOfItsOwn() {
    assertThatCode(
            () ->
                FilterExpression.parse("Service.Meta.k == v and Node.Node == n", Selectors.HEALTH))
        .doesNotThrowAnyException();
    assertThatCode(
            () ->
                FilterExpression.parse(
                    "ServiceName == v and ServiceTags is empty", Selectors.CHECKS))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> FilterExpression.parse("Service == web", Selectors.CHECKS))
        .hasMessageContaining("Selector \"Service\" is not valid");
    assertThatThrownBy(() -> FilterExpression.parse("Meta.k == v", Selectors.HEALTH))
        .hasMessageContaining("Selector \"Meta.k\" is not valid");
  }
}
