package dev.rollcall.server.dashboard;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import dev.rollcall.Freshness;
import dev.rollcall.ServiceInstance;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Writes what the page reads: the events of the stream, and pages of instances. Whatever is not
 * ASCII is escaped, so that nothing that a stranger has written can end a line or an event.
 */
final class Events {
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  static final byte[] BEAT = event("beat", out -> {});

  private Events() {}

  /**
   * Begins a stream.
   *
   * @param services the first of them
   * @param hasMore whether others follow in {@link #more}
   */
  static byte[] state(
      Collection<ServiceCounts> services,
      boolean hasMore,
      Collection<ChangeRecord> history,
      Freshness freshness,
      long now) {
    return event(
        "state",
        out -> {
          out.writeNumberField("now", now);
          out.writeObjectFieldStart("freshness");
          fields(out, freshness);
          out.writeEndObject();
          services(out, services);
          out.writeBooleanField("more", hasMore);
          history(out, history);
        });
  }

  static byte[] more(Collection<ServiceCounts> services, boolean hasMore) {
    return event(
        "more",
        out -> {
          services(out, services);
          out.writeBooleanField("more", hasMore);
        });
  }

  static byte[] change(Collection<ServiceCounts> services, Collection<ChangeRecord> history) {
    return event(
        "change",
        out -> {
          services(out, services);
          history(out, history);
        });
  }

  static byte[] freshness(Freshness freshness) {
    return event("freshness", out -> fields(out, freshness));
  }

  /**
   * Writes a page of a service's instances.
   *
   * @param matching how many there are that were asked for
   * @param longest at how many bytes it ends, whatever is left then
   */
  static byte[] instances(List<ServiceInstance> some, int matching, int longest) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    write(
        bytes,
        out -> {
          out.writeNumberField("matching", matching);
          out.writeArrayFieldStart("instances");
          for (ServiceInstance instance : some) {
            instance(out, instance);
            out.flush();
            if (bytes.size() >= longest) {
              break;
            }
          }
          out.writeEndArray();
        });
    return bytes.toByteArray();
  }

  /** Writes how many instances of which services are found. */
  static byte[] found(Map<String, Integer> services) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    write(
        bytes,
        out -> {
          out.writeObjectFieldStart("services");
          for (Map.Entry<String, Integer> service : services.entrySet()) {
            out.writeNumberField(service.getKey(), service.getValue());
          }
          out.writeEndObject();
        });
    return bytes.toByteArray();
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

  private static void services(JsonGenerator out, Collection<ServiceCounts> services)
      throws IOException {
    out.writeArrayFieldStart("services");
    for (ServiceCounts service : services) {
      out.writeStartArray();
      out.writeString(service.name());
      out.writeNumber(service.passing());
      out.writeNumber(service.warning());
      out.writeNumber(service.critical());
      out.writeEndArray();
    }
    out.writeEndArray();
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

  private static void write(ByteArrayOutputStream bytes, Body body) {
    try (JsonGenerator out = JSON.createGenerator(bytes)) {
      out.writeStartObject();
      body.write(out);
      out.writeEndObject();
    } catch (IOException never) {
      throw new UncheckedIOException(never);
    }
  }

  private static byte[] event(String name, Body body) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(ascii("event: " + name + "\ndata: "));
    write(bytes, body);
    bytes.writeBytes(ascii("\n\n"));
    return bytes.toByteArray();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
