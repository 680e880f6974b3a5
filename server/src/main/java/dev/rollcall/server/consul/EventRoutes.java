package dev.rollcall.server.consul;

import com.fasterxml.jackson.core.JsonGenerator;
import com.linecorp.armeria.common.HttpResponse;
import dev.rollcall.kv.Bytes;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.UUID;

/**
 * {@code /v1/event/…}: user events, which live in this process alone, the last {@value #KEPT} of
 * them. The index of the list is made of the last event's ID, as Consul makes it. {@code events},
 * with {@code time}, is guarded by itself.
 */
final class EventRoutes {
  private static final int KEPT = 256;
  private static final int MAX_PAYLOAD = 512;

  private final CatalogIndex catalog;
  private final Queries queries;
  private final ArrayDeque<Event> events = new ArrayDeque<>();
  private long time = 1; // guarded by "events"

  private record Event(
      UUID id, String name, Bytes payload, String node, String service, String tag, long time) {

    void write(JsonGenerator to, long shownTime) throws IOException {
      to.writeStartObject();
      to.writeStringField("ID", id.toString());
      to.writeStringField("Name", name);
      if (payload.size() == 0) {
        to.writeNullField("Payload");
      } else {
        to.writeBinaryField("Payload", payload.toArray());
      }
      to.writeStringField("NodeFilter", node);
      to.writeStringField("ServiceFilter", service);
      to.writeStringField("TagFilter", tag);
      to.writeNumberField("Version", 1);
      to.writeNumberField("LTime", shownTime);
      to.writeEndObject();
    }

    long index() {
      return (id.getMostSignificantBits() ^ id.getLeastSignificantBits()) & Long.MAX_VALUE;
    }
  }

  EventRoutes(CatalogIndex catalog, Queries queries) {
    this.catalog = catalog;
    this.queries = queries;
  }

  List<Route> routes() {
    return List.of(Route.put("event/fire/", this::fire), Route.get("event/list", this::list));
  }

  private Answer fire(Call call) {
    queries.requireDatacentre(call);
    String name = call.require("Missing name");
    if (call.parameter("tag").length() > 0 && call.parameter("service").isEmpty()) {
      throw RefusedException.failed("Cannot provide tag filter without service filter");
    }
    if (call.body().size() + name.length() > MAX_PAYLOAD) {
      throw RefusedException.failed(
          "user event exceeds limit of " + MAX_PAYLOAD + " bytes before encoding");
    }
    Event event;
    synchronized (events) {
      event =
          new Event(
              UUID.randomUUID(),
              name,
              call.body(),
              call.parameter("node"),
              call.parameter("service"),
              call.parameter("tag"),
              ++time);
      events.addLast(event);
      if (events.size() > KEPT) {
        events.removeFirst();
      }
    }
    catalog.write(to -> to.touch(Topics.EVENTS));
    return call.json(to -> event.write(to, 0));
  }

  private HttpResponse list(Call call) {
    String name = call.parameter("name");
    return queries.answerEvents(call, this::index, () -> answer(call, name));
  }

  private long index() {
    synchronized (events) {
      return events.isEmpty() ? 1 : events.getLast().index();
    }
  }

  private Answer answer(Call call, String name) {
    List<Event> shown;
    long index;
    synchronized (events) {
      shown = events.stream().filter(event -> name.isEmpty() || event.name().equals(name)).toList();
      index = events.isEmpty() ? 1 : events.getLast().index();
    }
    return Answer.local(
        index,
        Json.bytes(
            call.isPretty(),
            to -> {
              to.writeStartArray();
              for (Event event : shown) {
                event.write(to, event.time());
              }
              to.writeEndArray();
            }));
  }
}
