package dev.rollcall.etcd;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.rollcall.HostPort;
import dev.rollcall.ServiceInstance;
import dev.rollcall.etcd.Stored.Format;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.support.MetadataKeys;
import io.etcd.jetcd.ByteSequence;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;

/**
 * Writes instances as values. The service and the id stand in the key alone. {@link ValueReader}
 * reads what this writes, and what others write. Thread-safe.
 */
final class Codec {
  private static final JsonFactory JSON = new JsonFactory();

  private final Format format;

  Codec(Format format) {
    this.format = format;
  }

  /** Tells whether a value can say that its instance is well, ill or leaving. */
  boolean tellsHealth() {
    return format == Format.JSON;
  }

  /** Tells whether a value names the owner of its instance. */
  boolean namesOwners() {
    return format == Format.JSON;
  }

  ByteSequence instance(ServiceInstance instance, Owner owner) {
    return switch (format) {
      case JSON -> json(out -> rollcall(out, instance, owner));
      case GO ->
          json(
              out ->
                  goRecord(out, 0, address(instance), instance, o -> rollcall(o, instance, owner)));
      case PLAIN -> bytes(address(instance));
    };
  }

  /** Tells whether a value can announce a departure. */
  boolean bearsMarks() {
    return format != Format.PLAIN;
  }

  /** Returns the value that announces a departure, in the form that this writes. */
  ByteSequence leaving(ServiceInstance instance, Owner owner) {
    return leaving(format, instance, owner);
  }

  /** Returns the value that announces a departure, to stand in a key until it vanishes. */
  static ByteSequence leaving(Format format, ServiceInstance instance, Owner owner) {
    return switch (format) {
      case JSON -> json(out -> leaving(out, owner));
      // Go's own reader looks at the address alone, so it stays the same to the end.
      case GO -> json(out -> goRecord(out, 1, address(instance), instance, o -> leaving(o, owner)));
      case PLAIN -> throw new IllegalArgumentException("a bare address cannot take its leave");
    };
  }

  static Owner owner(Stored stored) {
    return new Owner(stored.ownerId(), stored.epoch());
  }

  private static String address(ServiceInstance instance) {
    return new HostPort(instance.host(), instance.port()).toString();
  }

  private static void leaving(JsonGenerator out, Owner owner) throws IOException {
    out.writeStartObject();
    out.writeBooleanField("leaving", true);
    out.writeStringField("owner", owner.id());
    out.writeNumberField("epoch", owner.epoch());
    out.writeEndObject();
  }

  private static void goRecord(
      JsonGenerator out, int op, String address, ServiceInstance instance, Writing rollcall)
      throws IOException {
    out.writeStartObject();
    out.writeNumberField("Op", op);
    out.writeStringField("Addr", address);
    out.writeObjectFieldStart("Metadata");
    for (Map.Entry<String, String> entry : instance.metadata().entrySet()) {
      if (!entry.getKey().equals(ValueReader.ROLLCALL)) {
        out.writeStringField(entry.getKey(), entry.getValue());
      }
    }
    out.writeFieldName(ValueReader.ROLLCALL);
    rollcall.to(out);
    out.writeEndObject();
    out.writeEndObject();
  }

  private static void rollcall(JsonGenerator out, ServiceInstance instance, Owner owner)
      throws IOException {
    out.writeStartObject();
    out.writeStringField("host", instance.host());
    out.writeNumberField("port", instance.port());
    out.writeStringField("scheme", instance.scheme());
    out.writeArrayFieldStart("tags");
    for (String tag : instance.tags()) {
      out.writeString(tag);
    }
    out.writeEndArray();
    boolean labels = instance.metadata().keySet().stream().anyMatch(MetadataKeys::isToBeEscaped);
    metadata(out, "metadata", instance, false);
    if (labels) {
      // Apart, since older readers refuse a value with such a key in "metadata".
      metadata(out, "labels", instance, true);
    }
    out.writeNumberField("weight", instance.weight());
    out.writeStringField("zone", instance.zone());
    out.writeObjectFieldStart("addresses");
    for (Map.Entry<String, HostPort> entry : instance.addresses().entrySet()) {
      out.writeObjectFieldStart(entry.getKey());
      out.writeStringField("host", entry.getValue().host());
      out.writeNumberField("port", entry.getValue().port());
      out.writeEndObject();
    }
    out.writeEndObject();
    out.writeStringField("health", instance.health().name().toLowerCase(Locale.ROOT));
    out.writeStringField("owner", owner.id());
    out.writeNumberField("epoch", owner.epoch());
    out.writeEndObject();
  }

  private static void metadata(
      JsonGenerator out, String field, ServiceInstance instance, boolean labels)
      throws IOException {
    out.writeObjectFieldStart(field);
    for (Map.Entry<String, String> entry : instance.metadata().entrySet()) {
      if (MetadataKeys.isToBeEscaped(entry.getKey()) == labels) {
        out.writeStringField(entry.getKey(), entry.getValue());
      }
    }
    out.writeEndObject();
  }

  private static ByteSequence bytes(String text) {
    return ByteSequence.from(text, java.nio.charset.StandardCharsets.UTF_8);
  }

  private static ByteSequence json(Writing writing) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try (JsonGenerator out = JSON.createGenerator(bytes)) {
      writing.to(out);
    } catch (IOException never) {
      throw new UncheckedIOException(never); // nothing here does I/O
    }
    return ByteSequence.from(bytes.toByteArray());
  }

  /** Writes one value. */
  @FunctionalInterface
  private interface Writing {
    void to(JsonGenerator out) throws IOException;
  }
}
