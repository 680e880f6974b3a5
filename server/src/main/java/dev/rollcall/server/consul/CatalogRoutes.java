package dev.rollcall.server.consul;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.linecorp.armeria.common.HttpResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** {@code /v1/catalog/…} and {@code /v1/coordinate/…}: all that is known, and what is put there. */
final class CatalogRoutes {
  private static final byte[] TRUE = "true".getBytes(StandardCharsets.UTF_8);

  private final CatalogIndex catalog;
  private final Queries queries;
  private final Identity identity;
  private final Permissions permissions;
  private final Writes writes;
  private final StoreLink link;

  CatalogRoutes(
      CatalogIndex catalog,
      Queries queries,
      Identity identity,
      Permissions permissions,
      Writes writes,
      StoreLink link) {
    this.link = link;
    this.writes = writes;
    this.catalog = catalog;
    this.queries = queries;
    this.identity = identity;
    this.permissions = permissions;
  }

  List<Route> routes() {
    return List.of(
        Route.getNow(
            "catalog/datacenters",
            call ->
                call.json(
                    to -> {
                      to.writeStartArray();
                      to.writeString(identity.datacentre());
                      to.writeEndArray();
                    })),
        Route.get("catalog/nodes", this::nodes).wide(),
        Route.get("catalog/services", this::services).wide(),
        Route.get("catalog/service/", this::service).wideIf(catalog::isOfLargeService),
        Route.get("catalog/node/", call -> node(call, true)).wide(),
        Route.get("catalog/node-services/", call -> node(call, false)).wide(),
        Route.write("catalog/register", this::register),
        Route.write("catalog/deregister", this::deregister),
        Route.get("coordinate/nodes", this::coordinates),
        Route.getNow("coordinate/datacenters", call -> call.json(CatalogRoutes::writeNothing)));
  }

  private HttpResponse coordinates(Call call) {
    return queries.answerFixed(
        call, Answer.plain(1, Json.bytes(call.isPretty(), CatalogRoutes::writeNothing)));
  }

  private static void writeNothing(JsonGenerator to) throws IOException {
    to.writeStartArray();
    to.writeEndArray();
  }

  private HttpResponse nodes(Call call) {
    Elements.requireNear(call, identity.node().name());
    Predicate<JsonNode> filter = Elements.filter(call, Selectors.NODES);
    Predicate<CatalogNode> meta = Elements.nodeMeta(call);
    boolean isPlain = Elements.isPlain(call);
    return queries.answer(
        call,
        Topics.NODES,
        () ->
            catalog.read(
                Topics.NODES,
                isPlain ? "nodes" + call.isPretty() : "",
                CatalogView::nodes,
                nodes -> {
                  List<Json.Output> elements = new ArrayList<>();
                  for (CatalogNode node :
                      Elements.nearest(call, nodes, CatalogNode::name, identity.node().name())) {
                    if (meta.test(node)) {
                      elements.add(to -> ConsulJsonWriter.node(to, node, identity.datacentre()));
                    }
                  }
                  return Elements.list(call, elements, filter);
                }));
  }

  private HttpResponse services(Call call) {
    Predicate<CatalogNode> meta = Elements.nodeMeta(call);
    boolean isPlain = Elements.isPlain(call);
    return queries.answer(
        call,
        Topics.SERVICES,
        () ->
            catalog.read(
                Topics.SERVICES,
                isPlain ? "services" + call.isPretty() : "",
                CatalogView::byNode,
                byNode ->
                    Json.bytes(
                        call.isPretty(),
                        to -> {
                          to.writeStartObject();
                          for (Map.Entry<String, Set<String>> entry :
                              names(byNode, meta).entrySet()) {
                            ConsulJsonWriter.texts(to, entry.getKey(), entry.getValue());
                          }
                          to.writeEndObject();
                        })));
  }

  /** Returns the services of the nodes that a filter lets pass, with the tags that occur. */
  private static Map<String, Set<String>> names(
      List<CatalogView.OfNode> byNode, Predicate<CatalogNode> meta) {
    Map<String, Set<String>> names = new TreeMap<>();
    for (CatalogView.OfNode of : byNode) {
      if (meta.test(of.node())) {
        for (CatalogService service : of.services()) {
          names.computeIfAbsent(service.name(), fresh -> new TreeSet<>()).addAll(service.tags());
        }
      }
    }
    return names;
  }

  private HttpResponse service(Call call) {
    String name = call.require("Missing service name");
    Elements.requireNear(call, identity.node().name());
    List<String> tags = call.all("tag");
    Predicate<JsonNode> filter = Elements.filter(call, Selectors.CATALOG_SERVICES);
    Predicate<CatalogNode> meta = Elements.nodeMeta(call);
    boolean isPlain = Elements.isPlain(call) && tags.isEmpty();
    String topic = Topics.service(name);
    return queries.answer(
        call,
        topic,
        () ->
            catalog.read(
                topic,
                isPlain ? "catalog" + call.isPretty() : "",
                view -> view.health(name),
                entries -> {
                  List<Json.Output> elements = new ArrayList<>();
                  for (HealthEntry entry :
                      Elements.nearest(
                          call, entries, of -> of.node().name(), identity.node().name())) {
                    if (entry.service().tags().containsAll(tags) && meta.test(entry.node())) {
                      elements.add(
                          to ->
                              ConsulJsonWriter.catalogService(
                                  to, entry.node(), entry.service(), identity.datacentre()));
                    }
                  }
                  return Elements.list(call, elements, filter);
                }));
  }

  private record NodeServices(@Nullable CatalogNode node, List<CatalogService> services) {}

  private HttpResponse node(Call call, boolean byId) {
    String name = call.require("Missing node name");
    Predicate<JsonNode> filter = Elements.filter(call, Selectors.AGENT_SERVICES);
    String topic = Topics.node(name);
    return queries.answer(
        call,
        topic,
        () ->
            catalog.read(
                topic,
                "",
                view -> new NodeServices(view.node(name), view.servicesOf(name)),
                found -> {
                  CatalogNode node = found.node();
                  if (node == null) {
                    return "null".getBytes(StandardCharsets.UTF_8);
                  }
                  List<CatalogService> services =
                      found.services().stream()
                          .filter(
                              service ->
                                  !call.has("filter")
                                      || filter.test(
                                          Json.reread(
                                              Json.bytes(
                                                  false,
                                                  to -> ConsulJsonWriter.service(to, service)))))
                          .toList();
                  return Json.bytes(
                      call.isPretty(),
                      to -> {
                        to.writeStartObject();
                        to.writeFieldName("Node");
                        ConsulJsonWriter.node(to, node, identity.datacentre());
                        to.writeFieldName("Services");
                        if (byId) {
                          to.writeStartObject();
                        } else {
                          to.writeStartArray();
                        }
                        for (CatalogService service : services) {
                          if (byId) {
                            to.writeFieldName(service.id());
                          }
                          ConsulJsonWriter.service(to, service);
                        }
                        if (byId) {
                          to.writeEndObject();
                        } else {
                          to.writeEndArray();
                        }
                        to.writeEndObject();
                      });
                }));
  }

  private HttpResponse register(Call call) {
    Fields fields = Fields.of(call.json());
    requireDatacentre(fields);
    CatalogRegistration registration = CatalogRegistration.of(fields);
    registration
        .service()
        .ifPresent(service -> permissions.requireRegister(call.ctx(), service.name()));
    Set<InstanceId> registered = new HashSet<>();
    if (registration.node() != null && !registration.nodeName().equals(identity.node().name())) {
      registered.add(new InstanceId(registration.nodeName(), ""));
    }
    for (CatalogCheck check : registration.checks()) {
      InstanceId of = new InstanceId(registration.nodeName(), check.serviceId());
      if (!check.serviceId().isEmpty()
          && registration.service().filter(in -> in.id().equals(of.id())).isEmpty()) {
        writes.requireOwnChecks(of);
      }
    }
    registration
        .service()
        .ifPresent(of -> registered.add(new InstanceId(registration.nodeName(), of.id())));
    writes.register(
        call,
        registered,
        catalog.look(registration::weigh),
        () -> catalog.write(registration::apply));
    return writes.answerCatalog(registration.changed(), registered, Answer.json(TRUE));
  }

  private HttpResponse deregister(Call call) {
    writes.require();
    Fields fields = Fields.of(call.json());
    Unkept.requireFields(fields);
    requireDatacentre(fields);
    String node = fields.text("Node");
    if (node.isEmpty()) {
      throw RefusedException.failed("Must provide node");
    }
    String service = fields.text("ServiceID");
    String check = fields.text("CheckID");
    if (node.equals(identity.node().name()) && service.isEmpty() && check.isEmpty()) {
      throw RefusedException.failed("Node: the centre's own node cannot be deregistered");
    }
    boolean isKnown =
        catalog.look(
            view ->
                service.isEmpty()
                    ? !check.isEmpty() && view.check(node, check) != null
                    : view.has(new InstanceId(node, service)));
    return isKnown
        ? deregister(call, node, service, check)
        // Another centre may have just registered it, or some of a node's services.
        : queries.onceFresh(
            call,
            () -> link.caughtUp(Topics.SERVICES),
            () -> deregister(call, node, service, check));
  }

  private HttpResponse deregister(Call call, String node, String service, String check) {
    if (service.isEmpty() && !check.isEmpty()) {
      CatalogCheck known = catalog.look(view -> view.check(node, check));
      if (known != null && !known.serviceId().isEmpty()) {
        writes.requireOwnChecks(new InstanceId(node, known.serviceId()));
      }
    }
    Set<InstanceId> removed =
        catalog.look(
            view ->
                service.isEmpty()
                    ? view.servicesOf(node).stream()
                        .map(of -> new InstanceId(node, of.id()))
                        .collect(Collectors.toSet())
                    : Set.of(new InstanceId(node, service)));
    if (!service.isEmpty() || check.isEmpty()) {
      writes.requireNotKept(removed);
    }
    Set<InstanceId> changed = new HashSet<>(removed);
    if (service.isEmpty()) {
      changed.add(new InstanceId(node, ""));
    }
    catalog.write(
        to -> {
          if (!service.isEmpty()) {
            CatalogService known = to.service(node, service);
            if (known != null) {
              permissions.requireRegister(call.ctx(), known.name());
            }
            to.removeService(node, service);
          } else if (!check.isEmpty()) {
            to.removeCheck(node, check);
          } else {
            to.removeNode(node);
          }
        });
    return writes.answerCatalog(changed, removed, Answer.json(TRUE));
  }

  private void requireDatacentre(Fields fields) {
    String given = fields.text("Datacenter");
    if (!given.isEmpty() && !given.equals(identity.datacentre())) {
      throw RefusedException.failed("No path to datacenter");
    }
  }
}
