package dev.rollcall.server.consul;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * JSON as the centre takes it (strict UTF-8, at most {@value #DEPTH} levels deep, no name twice, no
 * half of a surrogate pair, nothing after the end) and as it gives it.
 */
final class Json {
  static final int DEPTH = 32;

  private static final int LONGEST_TEXT = 1 << 20;

  /** Each becomes an object of some 50 to 100 bytes, from as little as two bytes of a body. */
  private static final int MOST_TOKENS = 50_000;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEPTH)
                          .maxNumberLength(40)
                          .maxNameLength(1_024)
                          .maxStringLength(LONGEST_TEXT)
                          .maxTokenCount(MOST_TOKENS)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                  .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                  .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                  .build())
          .disable(JsonReadFeature.ALLOW_UNESCAPED_CONTROL_CHARS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();
  private static final JsonMapper OWN = new JsonMapper();
  private static final DefaultPrettyPrinter PRETTY = pretty();

  /** What a body stands for that is not there, where none is needed. */
  static final JsonNode EMPTY = MAPPER.createObjectNode();

  /** Writes one value. */
  interface Output {
    void write(JsonGenerator to) throws IOException;
  }

  private Json() {}

  /** Reads a request's body. */
  static JsonNode parse(byte[] body) {
    String text = text(body);
    if (text.isBlank()) {
      throw refused("EOF");
    }
    try {
      JsonNode read = MAPPER.readTree(text);
      requireWholePairs(read);
      return read;
    } catch (JsonEOFException ended) {
      throw refused("unexpected EOF");
    } catch (JsonProcessingException malformed) {
      // Between two elements of a list Jackson has no type of its own for it.
      if (malformed.getOriginalMessage().startsWith("Unexpected end-of-input")) {
        throw refused("unexpected EOF");
      }
      char first = text.strip().charAt(0);
      boolean begins = "{[\"-0123456789tfn".indexOf(first) >= 0;
      throw refused(
          begins
              ? firstLine(malformed.getOriginalMessage())
              : "invalid character '" + first + "' looking for beginning of value");
    }
  }

  static RefusedException refused(String why) {
    return RefusedException.bad("Request decode failed: " + why);
  }

  private static String text(byte[] body) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    } catch (CharacterCodingException malformed) {
      throw refused("body: (expected: UTF-8)");
    }
  }

  private static void requireWholePairs(JsonNode node) {
    if (node.isTextual()) {
      requireWholePairs(node.textValue());
    } else {
      node.properties().forEach(field -> requireWholePairs(field.getKey()));
      node.forEach(Json::requireWholePairs);
    }
  }

  private static void requireWholePairs(String text) {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw refused("a string with half of a surrogate pair");
    }
  }

  private static String firstLine(String message) {
    String line = message.lines().findFirst().orElse("not JSON");
    return line.length() > 200 ? line.substring(0, 200) : line;
  }

  /** Reads what this class has written. */
  static JsonNode reread(byte[] json) {
    try {
      return OWN.readTree(json);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  /**
   * Writes JSON.
   *
   * @throws RefusedException where it is too long, or too much is being written at the moment
   */
  static byte[] bytes(boolean pretty, Output output) {
    try (EncodedBytes bytes = new EncodedBytes()) {
      try (JsonGenerator to = MAPPER.createGenerator((OutputStream) bytes)) {
        if (pretty) {
          to.setPrettyPrinter(PRETTY.createInstance());
        }
        output.write(to);
      } catch (IOException impossible) {
        throw new UncheckedIOException(impossible);
      }
      if (pretty) {
        bytes.write('\n');
      }
      return bytes.toByteArray();
    }
  }

  private static DefaultPrettyPrinter pretty() {
    DefaultIndenter lines = new DefaultIndenter("    ", "\n");
    DefaultPrettyPrinter printer =
        new DefaultPrettyPrinter(
            Separators.createDefaultInstance()
                .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
                .withObjectEmptySeparator("")
                .withArrayEmptySeparator(""));
    printer.indentArraysWith(lines);
    printer.indentObjectsWith(lines);
    return printer;
  }
}
