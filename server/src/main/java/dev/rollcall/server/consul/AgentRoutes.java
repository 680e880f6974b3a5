package dev.rollcall.server.consul;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.linecorp.armeria.common.HttpResponse;
import dev.rollcall.server.BudgetException;
import dev.rollcall.server.MemoryBudget;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** {@code /v1/agent/…}: what is registered with this centre, and who it is. */
final class AgentRoutes {
  private final LocalAgent agent;
  private final Identity identity;
  private final Permissions permissions;
  private final Queries queries;
  private final StoreContact contact;
  private final Writes writes;
  private final Changes changes;
  private final MemoryBudget memory;

  AgentRoutes(
      LocalAgent agent,
      Identity identity,
      Permissions permissions,
      Queries queries,
      StoreContact contact,
      Writes writes,
      Changes changes,
      MemoryBudget memory) {
    this.changes = changes;
    this.memory = memory;
    this.contact = contact;
    this.writes = writes;
    this.queries = queries;
    this.agent = agent;
    this.identity = identity;
    this.permissions = permissions;
  }

  List<Route> routes() {
    return List.of(
        Route.getNow("agent/self", call -> call.json(to -> identity.writeSelf(to, leads()))),
        Route.getNow("agent/version", call -> call.json(identity::writeVersion)),
        Route.getNow("agent/members", call -> call.json(identity::writeMembers)),
        Route.getNow("agent/services", this::services).wide(),
        Route.get("agent/service/", this::service),
        Route.getNow("agent/checks", this::checks).wide(),
        Route.write("agent/service/register", this::register),
        Route.write("agent/service/deregister/", this::deregister),
        Route.write("agent/service/maintenance/", this::maintainService),
        Route.write("agent/maintenance", this::maintainNode),
        Route.write("agent/check/register", this::registerCheck),
        Route.write("agent/check/deregister/", this::deregisterCheck),
        Route.write("agent/check/pass/", call -> beat(call, CatalogCheck.PASSING)),
        Route.write("agent/check/warn/", call -> beat(call, CatalogCheck.WARNING)),
        Route.write("agent/check/fail/", call -> beat(call, CatalogCheck.CRITICAL)),
        Route.write("agent/check/update/", this::update),
        Route.getNow("agent/health/service/id/", this::healthById),
        Route.getNow("agent/health/service/name/", this::healthByName).wide());
  }

  private boolean leads() {
    return contact.catalog().isHeard();
  }

  private Set<InstanceId> own(String serviceId) {
    return Set.of(new InstanceId(agent.self().name(), serviceId));
  }

  private Answer services(Call call) {
    Predicate<JsonNode> filter =
        call.filter()
            .map(expression -> FilterExpression.parse(expression, Selectors.AGENT_SERVICES))
            .orElse(all -> true);
    Map<String, CatalogService> services = agent.services();
    if (call.has("filter")) {
      services
          .values()
          .removeIf(
              service ->
                  !filter.test(
                      Json.reread(
                          Json.bytes(
                              false, to -> ConsulJsonWriter.agentService(to, service, "")))));
    }
    return call.json(
        to -> {
          to.writeStartObject();
          for (CatalogService service : services.values()) {
            to.writeFieldName(service.id());
            ConsulJsonWriter.agentService(to, service, "");
          }
          to.writeEndObject();
        });
  }

  private HttpResponse service(Call call) {
    String id = call.rest();
    return queries.answerHashed(
        call,
        () -> {
          CatalogService service =
              agent
                  .service(id)
                  .orElseThrow(
                      () -> new RefusedException(404, "unknown service ID: " + Fields.shown(id)));
          String hash = String.format("%016x", hash(service));
          return new Queries.Hashed(
              Topics.service(service.name()),
              hash,
              call.json(to -> ConsulJsonWriter.agentService(to, service, hash))
                  .with("x-consul-contenthash", hash));
        });
  }

  private static long hash(CatalogService service) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : Json.bytes(false, to -> ConsulJsonWriter.agentService(to, service, ""))) {
      hash = (hash ^ b) * 0x100000001b3L;
    }
    return hash;
  }

  private Answer checks(Call call) {
    Map<String, CatalogCheck> checks = new TreeMap<>(agent.checks());
    call.filter()
        .map(expression -> FilterExpression.parse(expression, Selectors.CHECKS))
        .ifPresent(
            filter ->
                checks
                    .values()
                    .removeIf(
                        check ->
                            !filter.test(
                                Json.reread(
                                    Json.bytes(false, to -> ConsulJsonWriter.check(to, check))))));
    return call.json(
        to -> {
          to.writeStartObject();
          for (CatalogCheck check : checks.values()) {
            to.writeFieldName(check.id());
            ConsulJsonWriter.check(to, check);
          }
          to.writeEndObject();
        });
  }

  private HttpResponse register(Call call) {
    ServiceDefinition definition = ServiceDefinition.ofAgent(call.json(), agent.self().name());
    permissions.requireRegister(call.ctx(), definition.service().name());
    agent
        .service(definition.service().id())
        .ifPresent(before -> permissions.requireRegister(call.ctx(), before.name()));
    for (int i = 0; i < definition.checks().size(); i++) {
      requireOwnerOfCheck(call, definition.checkId(i));
    }
    boolean replace =
        call.has("replace-existing-checks") && !isFalse(call, "replace-existing-checks");
    Set<InstanceId> registered = own(definition.service().id());
    String client = permissions.clientOf(call.ctx());
    writes.register(
        call,
        registered,
        agent.weigh(definition, replace),
        () -> agent.register(definition, replace, room(client)));
    return writes.answer(registered, Answer.empty());
  }

  /** Has what a check sends, and nobody is shown, counted for as long as the check is there. */
  private Function<CheckDefinition, MemoryBudget.Hold> room(String client) {
    return check -> {
      MemoryBudget.Hold hold = memory.take(client, 0);
      hold.correct(Weight.asked(check)); // it was let in with its service
      return hold;
    };
  }

  private static boolean isFalse(Call call, String parameter) {
    String value = call.parameter(parameter);
    return value.equals("false") || value.equals("0");
  }

  /** Takes note of it in any case: a client that ends may not come again. */
  private HttpResponse deregister(Call call) {
    String id = call.require("Missing service ID");
    requireOwner(call, id);
    agent.deregister(id);
    return writes.answer(own(id), Answer.empty());
  }

  private void requireOwner(Call call, String serviceId) {
    agent
        .service(serviceId)
        .ifPresent(service -> permissions.requireRegister(call.ctx(), service.name()));
  }

  private void requireOwnerOfCheck(Call call, String checkId) {
    agent
        .serviceOfCheck(checkId)
        .ifPresent(service -> permissions.requireRegister(call.ctx(), service));
  }

  private HttpResponse maintainService(Call call) {
    String id = call.require("Missing service ID");
    boolean enable = enable(call);
    requireOwner(call, id);
    String reason = call.parameter("reason");
    writes.change(
        call,
        new InstanceId(agent.self().name(), id),
        enable ? Weight.CHECK + Weight.text(reason) : 0,
        () -> agent.maintainService(id, enable, reason));
    return writes.answer(own(id), Answer.empty());
  }

  private HttpResponse maintainNode(Call call) {
    writes.require();
    agent.maintainNode(enable(call), call.parameter("reason"));
    return writes.answer(Set.of(), Answer.empty());
  }

  private static boolean enable(Call call) {
    String text = call.parameter("enable");
    if (text.isEmpty()) {
      throw RefusedException.bad("Missing value for enable");
    }
    return switch (text) {
      case "1", "t", "T", "TRUE", "true", "True" -> true;
      case "0", "f", "F", "FALSE", "false", "False" -> false;
      default ->
          throw RefusedException.bad("Invalid value for enable: \"" + Fields.shown(text) + "\"");
    };
  }

  private HttpResponse registerCheck(Call call) {
    Fields fields = Fields.of(call.json());
    if (fields.text("Name").isEmpty()) {
      throw RefusedException.bad("Missing check name");
    }
    CheckDefinition definition = CheckDefinition.of(fields, "Invalid check: ");
    CheckDefinition.requireId(definition.idOrName());
    String service = fields.text("ServiceID");
    if (service.isEmpty()) {
      // A check of the node bears on every service of it.
      permissions.requireRegister(call.ctx(), "");
    }
    requireOwner(call, service);
    requireOwnerOfCheck(call, definition.idOrName());
    String client = permissions.clientOf(call.ctx());
    writes.change(
        call,
        new InstanceId(agent.self().name(), service),
        agent.weigh(definition, service),
        () -> agent.registerCheck(definition, service, room(client)));
    return writes.answer(own(service), Answer.empty());
  }

  private HttpResponse deregisterCheck(Call call) {
    requireOwnerOfCheck(call, call.rest());
    Set<InstanceId> of = own(agent.serviceIdOfCheck(call.rest()));
    agent.deregisterCheck(call.rest());
    return writes.answer(of, Answer.empty());
  }

  private HttpResponse beat(Call call, String status) {
    return beat(call, status, call.query().get("note", ""));
  }

  /**
   * It counts in any case; what it says is kept as far as there is room. Where it is news, it is
   * answered when it is on the disk.
   */
  private HttpResponse beat(Call call, String status, String output) {
    String id = call.rest();
    requireOwnerOfCheck(call, id);
    boolean[] isNews = new boolean[1];
    long more = agent.weighOutput(id, output);
    if (more <= 0) {
      isNews[0] = agent.beat(id, status, output);
    } else {
      try {
        writes.output(
            call,
            new InstanceId(agent.self().name(), agent.serviceIdOfCheck(id)),
            more,
            () -> isNews[0] = agent.beat(id, status, output));
      } catch (BudgetException refused) {
        agent.beat(id, status, "");
        throw new RefusedException(
            refused.status(), "the status is taken, the output is not: " + refused.sentence());
      }
    }
    return isNews[0]
        ? HttpResponse.of(changes.written().handle((onDisk, failed) -> Answer.empty().response()))
        : Answer.empty().response();
  }

  private HttpResponse update(Call call) {
    Fields fields = Fields.of(call.json());
    String status = fields.text("Status");
    if (!CatalogCheck.isStatus(status)) {
      throw RefusedException.bad("Invalid check status: '" + Fields.shown(status) + "'");
    }
    return beat(call, status, fields.prose("Output"));
  }

  private Answer healthById(Call call) {
    return agent
        .service(call.rest())
        .map(service -> health(call, List.of(service), false))
        .orElseGet(
            () ->
                unknown(
                    call,
                    "ServiceId " + Fields.shown(call.rest()) + " not found",
                    to -> {
                      to.writeStartObject();
                      to.writeStringField("AggregatedStatus", CatalogCheck.CRITICAL);
                      to.writeNullField("Service");
                      to.writeNullField("Checks");
                      to.writeEndObject();
                    }));
  }

  private Answer healthByName(Call call) {
    List<CatalogService> named =
        agent.services().values().stream()
            .filter(service -> service.name().equals(call.rest()))
            .collect(Collectors.toList());
    if (named.isEmpty()) {
      return unknown(
          call,
          "ServiceName " + Fields.shown(call.rest()) + " Not Found",
          to -> {
            to.writeStartArray();
            to.writeEndArray();
          });
    }
    return health(call, named, true);
  }

  private static Answer unknown(Call call, String reason, Json.Output output) {
    return call.given("format").filter("text"::equals).isPresent()
        ? Answer.json(404, Json.bytes(false, to -> to.writeString(reason)))
            .with("x-consul-reason", reason)
        : Answer.json(404, Json.bytes(call.isPretty(), output)).with("x-consul-reason", reason);
  }

  private Answer health(Call call, List<CatalogService> services, boolean asList) {
    String worst = CatalogCheck.PASSING;
    for (CatalogService service : services) {
      worst = worse(worst, aggregated(agent.checksOn(service.id())));
    }
    int status =
        switch (worst) {
          case CatalogCheck.PASSING -> 200;
          case CatalogCheck.WARNING -> 429;
          default -> 503;
        };
    if (call.given("format").filter("text"::equals).isPresent()) {
      return Answer.text(status, worst)
          .with("content-type", "text/plain")
          .with("x-consul-reason", worst);
    }
    byte[] body =
        Json.bytes(
            call.isPretty(),
            to -> {
              if (asList) {
                to.writeStartArray();
              }
              for (CatalogService service : services) {
                writeHealth(to, service);
              }
              if (asList) {
                to.writeEndArray();
              }
            });
    return Answer.json(status, body).with("x-consul-reason", worst);
  }

  private void writeHealth(JsonGenerator to, CatalogService service) throws IOException {
    List<CatalogCheck> checks = agent.checksOn(service.id());
    to.writeStartObject();
    to.writeStringField("AggregatedStatus", aggregated(checks));
    to.writeFieldName("Service");
    ConsulJsonWriter.agentService(to, service, "");
    to.writeArrayFieldStart("Checks");
    for (CatalogCheck check : checks) {
      ConsulJsonWriter.agentHealthCheck(to, check);
    }
    to.writeEndArray();
    to.writeEndObject();
  }

  private static String aggregated(List<CatalogCheck> checks) {
    String worst = CatalogCheck.PASSING;
    for (CatalogCheck check : checks) {
      if (check.type().equals("maintenance")) {
        return "maintenance";
      }
      worst = worse(worst, check.status());
    }
    return worst;
  }

  private static String worse(String one, String other) {
    for (String status : List.of("maintenance", CatalogCheck.CRITICAL, CatalogCheck.WARNING)) {
      if (one.equals(status) || other.equals(status)) {
        return status;
      }
    }
    return CatalogCheck.PASSING;
  }
}
