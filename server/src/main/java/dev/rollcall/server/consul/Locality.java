package dev.rollcall.server.consul;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Where a node is, or a service: either may be empty. */
record Locality(String region, String zone) {

  /** Returns what an object says of it; null where it says nothing. */
  static @Nullable Locality of(Fields fields) {
    return fields
        .object("Locality")
        .map(of -> new Locality(of.text("Region"), of.text("Zone")))
        .orElse(null);
  }

  /** Writes a field, or nothing where nothing was said. */
  static void write(JsonGenerator to, String name, @Nullable Locality locality) throws IOException {
    if (locality != null) {
      to.writeObjectFieldStart(name);
      to.writeStringField("Region", locality.region());
      to.writeStringField("Zone", locality.zone());
      to.writeEndObject();
    }
  }
}
