package dev.rollcall.server.dashboard;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import dev.rollcall.Freshness;
import dev.rollcall.server.access.Principal;
import dev.rollcall.server.consul.ListedCheck;
import dev.rollcall.server.consul.ListedInstance;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * Writes what the page reads: the events of the stream, and pages of instances. Whatever is not
 * ASCII is escaped, so that nothing that a stranger has written can end a line or an event.
 */
final class Events {
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  /** How many checks of one instance are written, the worst, and how much of what each says. */
  private static final int MAX_CHECKS = 64;

  private static final int MAX_OUTPUT = 4 << 10;

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
   * What is shown of an instance.
   *
   * @param isAgents whether the paths of the agent lead to it
   */
  record Shown(ListedInstance instance, boolean isAgents) {}

  private interface Row<T> {
    void write(JsonGenerator out, T row) throws IOException;
  }

  /**
   * Writes a page of a service's instances.
   *
   * @param matching how many there are that were asked for
   * @param longest at how many bytes it ends, whatever is left then
   */
  static byte[] instances(List<Shown> some, int matching, int longest) {
    return page("instances", some, Events::instance, matching, longest);
  }

  /** Writes a page of nodes, likewise. */
  static byte[] nodes(List<NodeRow> some, int matching, int longest) {
    return page("nodes", some, Events::node, matching, longest);
  }

  private static <T> byte[] page(String name, List<T> some, Row<T> row, int matching, int longest) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    write(
        bytes,
        out -> {
          out.writeNumberField("now", System.currentTimeMillis());
          out.writeNumberField("matching", matching);
          out.writeArrayFieldStart(name);
          for (T each : some) {
            row.write(out, each);
            out.flush();
            if (bytes.size() >= longest) {
              break;
            }
          }
          out.writeEndArray();
        });
    return bytes.toByteArray();
  }

  /** Writes how many instances of which services are found, and how they do. */
  static byte[] found(List<ServiceCounts> services) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    write(bytes, out -> services(out, services));
    return bytes.toByteArray();
  }

  /** Writes the name of the caller, and what it may do. */
  static byte[] me(Principal principal, String ownNode) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    write(
        bytes,
        out -> {
          out.writeStringField("name", principal.name());
          out.writeBooleanField("admin", principal.admin());
          texts(out, "registers", principal.registers());
          out.writeStringField("node", ownNode);
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

  private static void instance(JsonGenerator out, Shown shown) throws IOException {
    ListedInstance instance = shown.instance();
    out.writeStartObject();
    out.writeStringField("id", instance.id().id());
    out.writeStringField("node", instance.id().node());
    out.writeStringField("address", instance.address());
    out.writeNumberField("port", instance.port());
    out.writeStringField("health", ChangeRecord.lower(instance.health()));
    out.writeNumberField("weight", instance.weight());
    texts(out, "tags", instance.tags());
    map(out, "metadata", instance.metadata());
    map(out, "addresses", instance.addresses());
    out.writeBooleanField("agent", shown.isAgents());
    checks(out, instance.checks());
    out.writeEndObject();
  }

  private static void node(JsonGenerator out, NodeRow row) throws IOException {
    out.writeStartObject();
    out.writeStringField("name", row.node().name());
    out.writeStringField("address", row.node().address());
    out.writeStringField("health", ChangeRecord.lower(row.health()));
    map(out, "metadata", row.node().metadata());
    out.writeNumberField("passing", row.on().passing());
    out.writeNumberField("warning", row.on().warning());
    out.writeNumberField("critical", row.on().critical());
    checks(out, row.node().checks());
    out.writeEndObject();
  }

  /** Writes the checks, the worst first. */
  private static void checks(JsonGenerator out, List<ListedCheck> checks) throws IOException {
    out.writeArrayFieldStart("checks");
    List<ListedCheck> worstFirst =
        checks.stream()
            .sorted(Comparator.comparing(ListedCheck::status).reversed())
            .limit(MAX_CHECKS)
            .toList();
    for (ListedCheck check : worstFirst) {
      out.writeStartObject();
      out.writeStringField("id", check.id());
      out.writeStringField("name", check.name());
      out.writeStringField("status", ChangeRecord.lower(check.status()));
      out.writeStringField("output", shortened(check.output()));
      out.writeStringField("notes", shortened(check.notes()));
      out.writeStringField("type", check.type());
      out.writeNumberField("since", check.since());
      out.writeBooleanField("ofNode", check.isOfNode());
      out.writeEndObject();
    }
    out.writeEndArray();
    out.writeNumberField("checksLeft", checks.size() - worstFirst.size());
  }

  private static String shortened(String text) {
    return text.length() <= MAX_OUTPUT
        ? text
        : text.substring(0, MAX_OUTPUT) + "… (" + (text.length() - MAX_OUTPUT) + " more)";
  }

  private static void texts(JsonGenerator out, String name, List<String> texts) throws IOException {
    out.writeArrayFieldStart(name);
    for (String text : texts) {
      out.writeString(text);
    }
    out.writeEndArray();
  }

  private static void map(JsonGenerator out, String name, Map<String, String> map)
      throws IOException {
    out.writeObjectFieldStart(name);
    for (Map.Entry<String, String> entry : map.entrySet()) {
      out.writeStringField(entry.getKey(), entry.getValue());
    }
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
      out.writeStringField("id", happening.id().id());
      out.writeStringField("node", happening.id().node());
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
