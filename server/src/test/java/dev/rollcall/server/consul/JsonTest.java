package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {

  private static JsonNode parse(String text) {
    return Json.parse(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void parse_takesWhatIsJson() {
    JsonNode read =
        parse(" {\"text\":\"ü \\u20ac \\ud83d\\ude00\",\"n\":-1.5e3,\"l\":[true,null],\"o\":{}}\n");

    assertThat(read.get("text").textValue()).isEqualTo("ü € 😀");
    assertThat(read.get("n").doubleValue()).isEqualTo(-1500);
    assertThat(read.get("l")).hasSize(2);
    assertThat(read.get("o")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\n\t "})
  void parse_ofNothing_saysSoAsConsulDoes(String body) {
    refused(body, "EOF");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "{\"a\"", "{\"a\":", "[1,", "[", "{\"a\":{\"b\":1}"})
  void parse_ofABeginning_saysSoAsConsulDoes(String body) {
    refused(body, "unexpected EOF");
  }

  @ParameterizedTest
  @CsvSource({"x,x", "'  <html>',<", "&,&", "'}',}", "'''a''',''''"})
  void parse_ofSomethingElse_namesTheCharacter(String body, String character) {
    refused(body, "invalid character '" + character + "' looking for beginning of value");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{} {}",
        "{}x",
        "[1] 2",
        "{\"a\":1,\"a\":2}",
        "{\"o\":{\"a\":1,\"b\":2,\"a\":3}}",
        "{a:1}",
        "{\"a\":1,}",
        "[1,]",
        "[01]",
        "[+1]",
        "[.5]",
        "[NaN]",
        "nul",
        "{'a':1}",
        "[1] // comment",
        "/* comment */ {}",
        "[\"a\nb\"]",
        "[\"\\x41\"]",
      })
  void parse_isStrict(String body) {
    assertThatThrownBy(() -> parse(body))
        .isInstanceOf(RefusedException.class)
        .hasMessageStartingWith("400: Request decode failed: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"\\ud83d\"",
        "\"\\ude00\"",
        "[\"ok\",\"\\ude00\\ud83d\"]",
        "{\"\\ud83d\":1}",
        "{\"a\":[{\"b\":\"x\\ud83dy\"}]}"
      })
  void parse_halfOfASurrogatePair_isRefused(String body) {
    // Of field names the parser says it, of texts we do.
    assertThatThrownBy(() -> parse(body))
        .isInstanceOf(RefusedException.class)
        .hasMessageMatching("400: Request decode failed: .*surrogate pair.*");
  }

  @ParameterizedTest
  @ValueSource(strings = {"22ff22", "22c080 22", "22eda0bd22", "22c3", "fffe7b007d00"})
  void parse_whatIsNotUtf8_isRefused(String hex) {
    byte[] body = HexFormat.of().parseHex(hex.replace(" ", ""));

    assertThatThrownBy(() -> Json.parse(body))
        .hasMessage("400: Request decode failed: body: (expected: UTF-8)");
  }

  @Test
  void parse_depthIsBounded() {
    String deepest = "[".repeat(Json.DEPTH) + "]".repeat(Json.DEPTH);
    assertThatCode(() -> parse(deepest)).doesNotThrowAnyException();

    assertThatThrownBy(() -> parse("[" + deepest + "]")).isInstanceOf(RefusedException.class);
    assertThatThrownBy(() -> parse("{\"a\":".repeat(100_000))).isInstanceOf(RefusedException.class);
  }

  @Test
  void parse_lengthsAreBounded() {
    String number = "1".repeat(40);
    String name = "n".repeat(1_024);
    assertThatCode(() -> parse("{\"" + name + "\":" + number + "}")).doesNotThrowAnyException();

    assertThatThrownBy(() -> parse("[" + number + "1]")).isInstanceOf(RefusedException.class);
    assertThatThrownBy(() -> parse("{\"" + name + "n\":1}")).isInstanceOf(RefusedException.class);
    assertThatThrownBy(() -> parse("[\"" + "x".repeat((1 << 20) + 1) + "\"]"))
        .isInstanceOf(RefusedException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"a\":1,\"a\":2}", "[secret]", "{\"a\":secret}", "{} secret"})
  void parse_refusalIsOneShortLine(String body) {
    assertThatThrownBy(() -> parse(body + "\n" + "x".repeat(1_000)))
        .satisfies(
            refused ->
                assertThat(refused.getMessage())
                    .hasLineCount(1)
                    .hasSizeLessThan(260)
                    .doesNotContain("xxx"));
  }

  @Test
  void bytes_compactOnOneLine() {
    assertThat(text(Json.bytes(false, JsonTest::sample)))
        .isEqualTo("{\"a\":\"ü\\\"\\n\",\"l\":[1,{\"b\":null}],\"e\":[],\"o\":{}}");
  }

  @Test
  void bytes_prettyAsConsulDoes() {
    assertThat(text(Json.bytes(true, JsonTest::sample)))
        .isEqualTo(
            """
            {
                "a": "ü\\"\\n",
                "l": [
                    1,
                    {
                        "b": null
                    }
                ],
                "e": [],
                "o": {}
            }
            """);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void bytes_areReadBackAsTheyWere(boolean pretty) {
    byte[] written = Json.bytes(pretty, JsonTest::sample);

    assertThat(Json.reread(written)).isEqualTo(Json.parse(written));
    assertThat(Json.reread(written).at("/l/1/b").isNull()).isTrue();
  }

  @Test
  void bytes_binaryIsBase64() throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 0; i < 256; i++) {
      all.write(i);
    }

    byte[] json = Json.bytes(false, to -> to.writeBinary(all.toByteArray()));

    assertThat(Json.reread(json).binaryValue()).isEqualTo(all.toByteArray());
    assertThat(text(json)).matches("\"[A-Za-z0-9+/]+={0,2}\"");
  }

  private static void sample(JsonGenerator to) throws IOException {
    to.writeStartObject();
    to.writeStringField("a", "ü\"\n");
    to.writeArrayFieldStart("l");
    to.writeNumber(1);
    to.writeStartObject();
    to.writeNullField("b");
    to.writeEndObject();
    to.writeEndArray();
    to.writeArrayFieldStart("e");
    to.writeEndArray();
    to.writeObjectFieldStart("o");
    to.writeEndObject();
    to.writeEndObject();
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static void refused(String body, String why) {
    assertThatThrownBy(() -> parse(body))
        .isInstanceOf(RefusedException.class)
        .hasMessage("400: Request decode failed: " + why);
  }
}
