package dev.rollcall.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.rollcall.HostPort;
import dev.rollcall.ServiceInstance;
import dev.rollcall.kv.KeyValue;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What programs read: one object a line. The fields stand in docs/command-line.md. */
final class Json {
  private static final JsonFactory FACTORY = new JsonFactory();

  private Json() {}

  /** Writes the fields of an object. */
  interface Fields {
    void write(JsonGenerator to) throws IOException;
  }

  /** Returns an object as one line without its end. */
  static String object(Fields fields) {
    StringWriter text = new StringWriter();
    try (JsonGenerator to = FACTORY.createGenerator(text)) {
      to.writeStartObject();
      fields.write(to);
      to.writeEndObject();
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return text.toString();
  }

  static void strings(JsonGenerator to, String name, Iterable<String> values) throws IOException {
    to.writeArrayFieldStart(name);
    for (String value : values) {
      to.writeString(value);
    }
    to.writeEndArray();
  }

  static void texts(JsonGenerator to, String name, Map<String, String> values) throws IOException {
    to.writeObjectFieldStart(name);
    for (Map.Entry<String, String> entry : values.entrySet()) {
      to.writeStringField(entry.getKey(), entry.getValue());
    }
    to.writeEndObject();
  }

  static void instances(JsonGenerator to, String name, Iterable<ServiceInstance> instances)
      throws IOException {
    to.writeArrayFieldStart(name);
    for (ServiceInstance instance : instances) {
      to.writeStartObject();
      instance(to, instance);
      to.writeEndObject();
    }
    to.writeEndArray();
  }

  static void instance(JsonGenerator to, ServiceInstance instance) throws IOException {
    to.writeStringField("service", instance.service());
    to.writeStringField("id", instance.id());
    to.writeStringField("health", word(instance.health()));
    to.writeStringField("scheme", instance.scheme());
    to.writeStringField("host", instance.host());
    to.writeNumberField("port", instance.port());
    strings(to, "tags", instance.tags());
    texts(to, "metadata", instance.metadata());
    to.writeNumberField("weight", instance.weight());
    to.writeStringField("zone", instance.zone());
    to.writeObjectFieldStart("addresses");
    for (Map.Entry<String, HostPort> entry : instance.addresses().entrySet()) {
      to.writeObjectFieldStart(entry.getKey());
      to.writeStringField("host", entry.getValue().host());
      to.writeNumberField("port", entry.getValue().port());
      to.writeEndObject();
    }
    to.writeEndObject();
  }

  static void pairs(JsonGenerator to, String name, Iterable<KeyValue> pairs) throws IOException {
    to.writeArrayFieldStart(name);
    for (KeyValue pair : pairs) {
      to.writeStartObject();
      pair(to, pair);
      to.writeEndObject();
    }
    to.writeEndArray();
  }

  /** Writes a value as {@code value} where it is a text, else as {@code base64}. */
  static void pair(JsonGenerator to, KeyValue pair) throws IOException {
    to.writeStringField("key", pair.key());
    Optional<String> text = Values.text(pair.value());
    if (text.isPresent()) {
      to.writeStringField("value", text.get());
    } else {
      to.writeBinaryField("base64", pair.value().toArray());
    }
    to.writeNumberField("version", pair.version());
  }

  static void trust(JsonGenerator to, Trust trust) throws IOException {
    to.writeStringField("freshness", trust.state());
    if (!trust.cause().isEmpty()) {
      to.writeStringField("cause", trust.cause());
    }
  }

  static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
