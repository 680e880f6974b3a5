package dev.rollcall.server.consul;

import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpResponse;
import dev.rollcall.server.MemoryBudget;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;

/** {@code /v1/session/…}. */
final class SessionRoutes {
  static final int ID_CHARACTERS = 36;
  static final String NO_ID = "failed session lookup: index error: UUID must be 36 characters";
  private static final byte[] TRUE = "true".getBytes(StandardCharsets.UTF_8);

  private final Sessions sessions;
  private final CatalogIndex catalog;
  private final Queries queries;
  private final Identity identity;
  private final Permissions permissions;
  private final MemoryBudget memory;

  SessionRoutes(
      Sessions sessions,
      CatalogIndex catalog,
      Queries queries,
      Identity identity,
      Permissions permissions,
      MemoryBudget memory) {
    this.permissions = permissions;
    this.memory = memory;
    this.sessions = sessions;
    this.catalog = catalog;
    this.queries = queries;
    this.identity = identity;
  }

  List<Route> routes() {
    return List.of(
        Route.put("session/create", this::create),
        Route.of("session/destroy/", new HttpMethod[] {HttpMethod.PUT}, this::destroy),
        Route.put("session/renew/", this::renew),
        Route.get("session/info/", this::info),
        Route.get("session/node/", this::ofNode).wide(),
        Route.get("session/list", call -> read(call, session -> true)).wide());
  }

  private Answer create(Call call) {
    queries.requireDatacentreToo(call);
    Session asked =
        Session.of(
            Fields.of(call.body().size() == 0 ? Json.EMPTY : call.json()),
            UUID.randomUUID().toString(),
            identity.node().name());
    Session created =
        sessions.create(asked, memory.take(permissions.clientOf(call.ctx()), Weight.of(asked)));
    return call.json(
        to -> {
          to.writeStartObject();
          to.writeStringField("ID", created.id());
          to.writeEndObject();
        });
  }

  private HttpResponse destroy(Call call) {
    queries.requireDatacentreToo(call);
    String id = call.require("Missing session");
    requireId(id, false);
    return HttpResponse.of(sessions.destroy(id).thenApply(ended -> Answer.json(TRUE).response()));
  }

  private Answer renew(Call call) {
    queries.requireDatacentreToo(call);
    String id = call.require("Missing session");
    requireId(id, false);
    Session renewed =
        sessions
            .renew(id)
            .orElseThrow(
                () -> new RefusedException(404, "Session id '" + Fields.shown(id) + "' not found"));
    return call.json(
        to -> {
          to.writeStartArray();
          renewed.write(to);
          to.writeEndArray();
        });
  }

  private HttpResponse info(Call call) {
    String id = call.require("Missing session");
    requireId(id, true);
    return read(call, session -> session.id().equals(id));
  }

  private HttpResponse ofNode(Call call) {
    String node = call.require("Missing node name");
    return read(call, session -> session.node().equals(node));
  }

  private record Found(long index, List<Session> sessions) {}

  private HttpResponse read(Call call, Predicate<Session> wanted) {
    return queries.answer(
        call,
        Topics.SESSIONS,
        () -> {
          Found found =
              catalog.look(view -> new Found(catalog.indexOf(Topics.SESSIONS), sessions.list()));
          return Answer.plain(
              found.index(),
              Json.bytes(
                  call.isPretty(),
                  to -> {
                    to.writeStartArray();
                    for (Session session : found.sessions()) {
                      if (wanted.test(session)) {
                        session.write(to);
                      }
                    }
                    to.writeEndArray();
                  }));
        });
  }

  static void requireId(String id, boolean isQuery) {
    if (id.length() != ID_CHARACTERS) {
      throw isQuery ? RefusedException.query(NO_ID) : RefusedException.failed(NO_ID);
    }
  }
}
