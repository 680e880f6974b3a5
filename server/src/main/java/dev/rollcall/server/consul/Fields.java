package dev.rollcall.server.consul;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * The fields of a JSON object that a client has sent, read as Consul reads them: names in any case,
 * with or without underscores; null is as good as absent; a value of another type is refused. Text
 * holds no control characters, unless it is asked for as {@link #prose}.
 */
final class Fields {
  private final Map<String, JsonNode> values = new LinkedHashMap<>();
  private final Map<String, String> given = new LinkedHashMap<>();
  private final String context;

  private Fields(JsonNode object, String context) {
    this.context = context;
    if (!object.isObject()) {
      throw Json.refused(
          "json: cannot unmarshal " + kind(object) + " into Go value of type struct");
    }
    for (Map.Entry<String, JsonNode> field : object.properties()) {
      String name = plain(field.getKey());
      if (given.put(name, field.getKey()) != null) {
        throw Json.refused("json: duplicate field \"" + shown(field.getKey()) + "\"");
      }
      if (!field.getValue().isNull()) {
        values.put(name, field.getValue());
      }
    }
  }

  static Fields of(JsonNode object) {
    return new Fields(object, "");
  }

  /** Refuses every field that is not among the known ones. */
  Fields requireOnly(Set<String> known) {
    for (Map.Entry<String, String> field : given.entrySet()) {
      if (!known.contains(field.getKey())) {
        throw Json.refused("json: unknown field \"" + shown(field.getValue()) + "\"");
      }
    }
    return this;
  }

  /** Takes fields out. */
  Fields without(String... names) {
    for (String name : names) {
      values.remove(plain(name));
    }
    return this;
  }

  boolean has(String name) {
    return values.containsKey(plain(name));
  }

  boolean isNumber(String name) {
    return value(name).map(JsonNode::isNumber).orElse(false);
  }

  String text(String name) {
    return value(name).map(value -> clean(name, asText(name, value))).orElse("");
  }

  /** Returns a text in which lines may end. */
  String prose(String name) {
    return value(name).map(value -> asText(name, value)).orElse("");
  }

  int number(String name, int otherwise) {
    return value(name)
        .map(
            value -> {
              if (!value.isIntegralNumber() || !value.canConvertToInt()) {
                throw mismatch(name, value, "int");
              }
              return value.intValue();
            })
        .orElse(otherwise);
  }

  /** Returns a number of 64 bits without a sign; 0 where there is none. */
  long unsigned(String name) {
    return value(name)
        .map(
            value -> {
              if (!value.isIntegralNumber()
                  || value.bigIntegerValue().signum() < 0
                  || value.bigIntegerValue().bitLength() > Long.SIZE) {
                throw mismatch(name, value, "uint64");
              }
              return value.bigIntegerValue().longValue();
            })
        .orElse(0L);
  }

  boolean flag(String name) {
    return value(name)
        .map(
            value -> {
              if (!value.isBoolean()) {
                throw mismatch(name, value, "bool");
              }
              return value.booleanValue();
            })
        .orElse(false);
  }

  /** Returns a duration: text like {@code 10s}, or a number of nanoseconds. */
  Duration duration(String name) {
    return value(name)
        .map(
            value -> {
              if (value.isIntegralNumber() && value.canConvertToLong()) {
                return Duration.ofNanos(value.longValue());
              }
              if (!value.isTextual()) {
                throw mismatch(name, value, "time.Duration");
              }
              return value.textValue().isEmpty()
                  ? Duration.ZERO
                  : GoDuration.parse(value.textValue())
                      .orElseThrow(
                          () ->
                              Json.refused(
                                  "time: invalid duration \"" + shown(value.textValue()) + "\""));
            })
        .orElse(Duration.ZERO);
  }

  List<String> texts(String name) {
    List<String> texts = new ArrayList<>();
    for (JsonNode each : list(name)) {
      texts.add(clean(name, asText(name, each)));
    }
    return texts;
  }

  /** Returns a map of lists of texts, as headers are written; control characters may be in them. */
  Map<String, List<String>> lists(String name) {
    return map(
        name,
        value -> {
          if (!value.isArray()) {
            throw mismatch(name, value, "[]string");
          }
          List<String> texts = new ArrayList<>();
          value.forEach(each -> texts.add(asText(name, each)));
          return texts;
        });
  }

  Map<String, String> map(String name) {
    return map(name, value -> clean(name, asText(name, value)));
  }

  <T> Map<String, T> map(String name, Function<JsonNode, T> of) {
    Map<String, T> map = new LinkedHashMap<>();
    JsonNode value = value(name).orElse(null);
    if (value != null) {
      if (!value.isObject()) {
        throw mismatch(name, value, "map[string]string");
      }
      for (Map.Entry<String, JsonNode> field : value.properties()) {
        map.put(clean(name, field.getKey()), of.apply(field.getValue()));
      }
    }
    return map;
  }

  Optional<Fields> object(String name) {
    return value(name)
        .map(
            value -> {
              if (!value.isObject()) {
                throw mismatch(name, value, "struct");
              }
              return new Fields(value, context + "." + name);
            });
  }

  List<Fields> objects(String name) {
    List<Fields> objects = new ArrayList<>();
    for (JsonNode each : list(name)) {
      if (!each.isNull()) {
        if (!each.isObject()) {
          throw mismatch(name, each, "struct");
        }
        objects.add(new Fields(each, context + "." + name));
      }
    }
    return objects;
  }

  private Iterable<JsonNode> list(String name) {
    JsonNode value = value(name).orElse(null);
    if (value == null) {
      return List.of();
    }
    if (!value.isArray()) {
      throw mismatch(name, value, "[]string");
    }
    return value;
  }

  private Optional<JsonNode> value(String name) {
    return Optional.ofNullable(values.get(plain(name)));
  }

  private String asText(String name, JsonNode value) {
    if (!value.isTextual()) {
      throw mismatch(name, value, "string");
    }
    return value.textValue();
  }

  private RefusedException mismatch(String name, JsonNode value, String type) {
    return Json.refused(
        "json: cannot unmarshal "
            + kind(value)
            + " into Go struct field "
            + context
            + "."
            + name
            + " of type "
            + type);
  }

  /** Refuses what would become a line of its own in a log or a header. */
  static String clean(String name, String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isISOControl(text.charAt(i))) {
        throw Json.refused(name + ": " + shown(text) + " (expected: no control characters)");
      }
    }
    return text;
  }

  /** Returns a text as it may stand in a message: short, and on one line. */
  static String shown(String text) {
    StringBuilder shown = new StringBuilder();
    for (int i = 0; i < text.length() && i < 60; i++) {
      char c = text.charAt(i);
      shown.append(Character.isISOControl(c) || Character.isSurrogate(c) ? '?' : c);
    }
    return text.length() > 60 ? shown.append('…').toString() : shown.toString();
  }

  private static String kind(JsonNode value) {
    return switch (value.getNodeType()) {
      case ARRAY -> "array";
      case BOOLEAN -> "bool";
      case NUMBER -> "number";
      case OBJECT, POJO -> "object";
      case STRING, BINARY -> "string";
      case NULL, MISSING -> "null";
    };
  }

  private static String plain(String name) {
    return name.replace("_", "").toLowerCase(Locale.ROOT);
  }
}
