package dev.rollcall.examples;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.rollcall.ServiceInstance;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What the web service answers. */
final class Json {
  private static final JsonFactory FACTORY = new JsonFactory();

  private Json() {}

  /** Returns an object with one field. */
  static String of(String name, Object value) {
    return object(to -> to.writeObjectField(name, value));
  }

  /** Returns the instances in {@code instances}, and an empty {@code error}. */
  static String instances(List<ServiceInstance> instances) {
    return object(
        to -> {
          to.writeArrayFieldStart("instances");
          for (ServiceInstance instance : instances) {
            to.writeStartObject();
            to.writeStringField("id", instance.id());
            to.writeStringField("host", instance.host());
            to.writeNumberField("port", instance.port());
            to.writeEndObject();
          }
          to.writeEndArray();
          to.writeStringField("error", "");
        });
  }

  /** Returns a parameter of a query, empty where it is missing. */
  static String parameter(URI uri, String name) {
    String query = uri.getRawQuery() == null ? "" : uri.getRawQuery();
    for (String pair : query.split("&", -1)) {
      if (pair.startsWith(name + "=")) {
        return URLDecoder.decode(pair.substring(name.length() + 1), StandardCharsets.UTF_8);
      }
    }
    return "";
  }

  private interface Fields {
    void write(JsonGenerator to) throws IOException;
  }

  private static String object(Fields fields) {
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
}
