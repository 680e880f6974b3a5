package dev.rollcall.server.consul;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Lists, and what a query lets into them. */
final class Elements {
  private Elements() {}

  /** Tells whether a query asks for everything, so that its answer may be shared. */
  static boolean isPlain(Call call) {
    return !call.has("filter") && !call.has("node-meta");
  }

  static Predicate<JsonNode> filter(Call call, Selectors selectors) {
    return call.given("filter")
        .map(expression -> FilterExpression.parse(expression, selectors))
        .orElse(element -> true);
  }

  static Predicate<CatalogNode> nodeMeta(Call call) {
    List<String> pairs = call.all("node-meta");
    return node ->
        pairs.stream()
            .allMatch(
                pair -> {
                  int colon = pair.indexOf(':');
                  String key = colon < 0 ? pair : pair.substring(0, colon);
                  return (colon < 0 ? "" : pair.substring(colon + 1)).equals(node.meta().get(key));
                });
  }

  /** Writes the elements that a filter lets pass. */
  static byte[] list(Call call, List<Json.Output> elements, Predicate<JsonNode> filter) {
    List<Json.Output> passing = elements;
    if (call.has("filter")) {
      passing = new ArrayList<>();
      for (Json.Output element : elements) {
        if (filter.test(Json.reread(Json.bytes(false, element)))) {
          passing.add(element);
        }
      }
    }
    List<Json.Output> written = passing;
    return Json.bytes(
        call.isPretty(),
        to -> {
          to.writeStartArray();
          for (Json.Output element : written) {
            element.write(to);
          }
          to.writeEndArray();
        });
  }
}
