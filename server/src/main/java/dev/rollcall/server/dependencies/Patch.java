package dev.rollcall.server.dependencies;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * What a dependant is told: providers that have come, and providers that have gone. Immutable.
 *
 * @param added the providers that it has not, in order
 * @param removed the providers that it has no more, in order
 */
record Patch(List<Provided> added, List<Provided> removed) {
  private static final JsonFactory JSON = new JsonFactory();

  Patch {
    added = List.copyOf(added);
    removed = List.copyOf(removed);
  }

  byte[] json() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator out = JSON.createGenerator(bytes)) {
      out.writeStartObject();
      write(out, "Added", added);
      write(out, "Removed", removed);
      out.writeEndObject();
    } catch (IOException never) {
      throw new UncheckedIOException(never);
    }
    return bytes.toByteArray();
  }

  private static void write(JsonGenerator out, String field, List<Provided> providers)
      throws IOException {
    out.writeArrayFieldStart(field);
    for (Provided provider : providers) {
      out.writeStartObject();
      out.writeStringField("Name", provider.name());
      out.writeStringField("URL", provider.url());
      out.writeEndObject();
    }
    out.writeEndArray();
  }
}
