package dev.rollcall.server.consul;

import com.fasterxml.jackson.databind.JsonNode;
import com.linecorp.armeria.common.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;

/** {@code /v1/health/…}. */
final class HealthRoutes {
  private final CatalogIndex catalog;
  private final Queries queries;
  private final Identity identity;

  HealthRoutes(CatalogIndex catalog, Queries queries, Identity identity) {
    this.catalog = catalog;
    this.queries = queries;
    this.identity = identity;
  }

  List<Route> routes() {
    return List.of(
        Route.get(
                "health/node/",
                call -> {
                  String name = call.require("Missing node name");
                  return checks(call, Topics.node(name), view -> view.checksOf(name), "checks");
                })
            .wide(),
        Route.get(
                "health/checks/",
                call -> {
                  String name = call.require("Missing service name");
                  return checks(
                      call, Topics.service(name), view -> view.checksOfService(name), "checks");
                })
            .wideIf(catalog::isOfLargeService),
        Route.get(
                "health/state/",
                call -> {
                  String state = call.require("Missing check state");
                  return checks(call, Topics.CHECKS, view -> view.checks(state), state);
                })
            .wide(),
        Route.get("health/service/", this::service).wideIf(catalog::isOfLargeService));
  }

  private HttpResponse service(Call call) {
    String name = call.require("Missing service name");
    Elements.requireNear(call, identity.node().name());
    boolean passing = isPassing(call);
    List<String> tags = call.all("tag");
    Predicate<JsonNode> filter = Elements.filter(call, Selectors.HEALTH);
    Predicate<CatalogNode> meta = Elements.nodeMeta(call);
    boolean isPlain = Elements.isPlain(call) && tags.isEmpty();
    String topic = Topics.service(name);
    return queries.answer(
        call,
        topic,
        () ->
            catalog.read(
                topic,
                isPlain ? "health" + passing + call.isPretty() : "",
                view -> view.health(name),
                entries -> {
                  List<Json.Output> elements = new ArrayList<>(entries.size());
                  for (HealthEntry entry :
                      Elements.nearest(
                          call, entries, of -> of.node().name(), identity.node().name())) {
                    if ((!passing || entry.isPassing())
                        && entry.service().tags().containsAll(tags)
                        && meta.test(entry.node())) {
                      elements.add(to -> ConsulJsonWriter.health(to, entry, identity.datacentre()));
                    }
                  }
                  return Elements.list(call, elements, filter);
                }));
  }

  private static boolean isPassing(Call call) {
    if (!call.has("passing")) {
      return false;
    }
    return switch (call.parameter("passing")) {
      case "", "1", "t", "T", "TRUE", "true", "True" -> true;
      case "0", "f", "F", "FALSE", "false", "False" -> false;
      default -> throw RefusedException.bad("Invalid value for ?passing");
    };
  }

  private HttpResponse checks(
      Call call, String topic, Function<CatalogView, List<CatalogCheck>> of, String variant) {
    Elements.requireNear(call, identity.node().name());
    Predicate<JsonNode> filter = Elements.filter(call, Selectors.CHECKS);
    boolean isPlain = Elements.isPlain(call);
    return queries.answer(
        call,
        topic,
        () ->
            catalog.read(
                topic,
                isPlain ? variant + call.isPretty() : "",
                of,
                checks -> {
                  List<Json.Output> elements = new ArrayList<>(checks.size());
                  for (CatalogCheck check :
                      Elements.nearest(call, checks, CatalogCheck::node, identity.node().name())) {
                    elements.add(to -> ConsulJsonWriter.check(to, check));
                  }
                  return Elements.list(call, elements, filter);
                }));
  }
}
