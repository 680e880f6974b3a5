package dev.rollcall.server.dashboard;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import dev.rollcall.Freshness;
import dev.rollcall.ServiceInstance;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Writes the events of the stream. Whatever is not ASCII is escaped, so that nothing that a
 * stranger has written can end a line or an event.
 */
final class Events {
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  static final byte[] BEAT = event("beat", "{}");

  private Events() {}

  /**
   * What has changed of one service.
   *
   * @param name the service's name
   * @param put the instances that are new or changed
   * @param removed the ids of those that are gone
   */
  record Delta(String name, Collection<ServiceInstance> put, Collection<String> removed) {}

  static byte[] state(
      Map<String, ? extends Collection<ServiceInstance>> services,
      Collection<ChangeRecord> history,
      Freshness freshness,
      long now) {
    return write(
        "state",
        out -> {
          out.writeNumberField("now", now);
          out.writeObjectFieldStart("freshness");
          fields(out, freshness);
          out.writeEndObject();
          out.writeArrayFieldStart("services");
          for (Map.Entry<String, ? extends Collection<ServiceInstance>> service :
              services.entrySet()) {
            delta(out, service.getKey(), service.getValue(), List.of());
          }
          out.writeEndArray();
          history(out, history);
        });
  }

  static byte[] change(Collection<Delta> deltas, Collection<ChangeRecord> history) {
    return write(
        "change",
        out -> {
          out.writeArrayFieldStart("services");
          for (Delta delta : deltas) {
            delta(out, delta.name(), delta.put(), delta.removed());
          }
          out.writeEndArray();
          history(out, history);
        });
  }

  static byte[] freshness(Freshness freshness) {
    return write("freshness", out -> fields(out, freshness));
  }

  private static void fields(JsonGenerator out, Freshness freshness) throws IOException {
    if (freshness instanceof Freshness.Loading loading) {
      out.writeStringField("state", "loading");
      out.writeStringField(
          "cause", loading.cause().map(cause -> String.valueOf(cause.getMessage())).orElse(""));
    } else if (freshness instanceof Freshness.Stale stale) {
      out.writeStringField("state", "stale");
      out.writeStringField("cause", String.valueOf(stale.cause().getMessage()));
      out.writeNumberField("age", stale.age().toMillis());
    } else {
      out.writeStringField("state", "live");
    }
  }

  private static void delta(
      JsonGenerator out, String name, Collection<ServiceInstance> put, Collection<String> removed)
      throws IOException {
    out.writeStartObject();
    out.writeStringField("name", name);
    out.writeArrayFieldStart("put");
    for (ServiceInstance instance : put) {
      instance(out, instance);
    }
    out.writeEndArray();
    out.writeArrayFieldStart("removed");
    for (String id : removed) {
      out.writeString(id);
    }
    out.writeEndArray();
    out.writeEndObject();
  }

  private static void instance(JsonGenerator out, ServiceInstance instance) throws IOException {
    out.writeStartObject();
    out.writeStringField("id", instance.id());
    out.writeStringField("host", instance.host());
    out.writeNumberField("port", instance.port());
    out.writeStringField("scheme", instance.scheme());
    out.writeStringField("health", ChangeRecord.lower(instance));
    out.writeNumberField("weight", instance.weight());
    out.writeStringField("zone", instance.zone());
    out.writeArrayFieldStart("tags");
    for (String tag : instance.tags()) {
      out.writeString(tag);
    }
    out.writeEndArray();
    out.writeObjectFieldStart("metadata");
    for (Map.Entry<String, String> entry : instance.metadata().entrySet()) {
      out.writeStringField(entry.getKey(), entry.getValue());
    }
    out.writeEndObject();
    out.writeObjectFieldStart("addresses");
    for (var entry : instance.addresses().entrySet()) {
      out.writeStringField(entry.getKey(), entry.getValue().toString());
    }
    out.writeEndObject();
    out.writeEndObject();
  }

  private static void history(JsonGenerator out, Collection<ChangeRecord> history)
      throws IOException {
    out.writeArrayFieldStart("history");
    for (ChangeRecord happening : history) {
      out.writeStartObject();
      out.writeNumberField("number", happening.number());
      out.writeNumberField("at", happening.at());
      out.writeStringField("kind", happening.kind());
      out.writeStringField("service", happening.service());
      out.writeStringField("id", happening.id());
      out.writeStringField("detail", happening.detail());
      out.writeEndObject();
    }
    out.writeEndArray();
  }

  private interface Body {
    void write(JsonGenerator out) throws IOException;
  }

  private static byte[] write(String event, Body body) {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = JSON.createGenerator(text)) {
      out.writeStartObject();
      body.write(out);
      out.writeEndObject();
    } catch (IOException never) {
      throw new UncheckedIOException(never);
    }
    return event(event, text.toString());
  }

  private static byte[] event(String name, String data) {
    return ("event: " + name + "\ndata: " + data + "\n\n").getBytes(StandardCharsets.US_ASCII);
  }
}
