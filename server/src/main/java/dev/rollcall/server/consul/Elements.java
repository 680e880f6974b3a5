package dev.rollcall.server.consul;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/** Lists, and what a query lets into them. */
final class Elements {
  private Elements() {}

  /** Tells whether a query asks for everything, so that its answer may be shared. */
  static boolean isPlain(Call call) {
    return !call.has("filter") && !call.has("node-meta") && !call.has("near");
  }

  static Predicate<JsonNode> filter(Call call, Selectors selectors) {
    return call.filter()
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

  /**
   * Puts those of a node first, as {@code near} asks for. The centre knows no network coordinates:
   * its own node is near to itself, and of all others none is nearer than the next.
   *
   * @throws RefusedException where another node is named than the centre's own
   */
  static <T> List<T> nearest(Call call, List<T> all, Function<T, String> nodeOf, String self) {
    Optional<String> near = call.given("near");
    if (near.isEmpty()) {
      return all;
    }
    List<T> sorted = new ArrayList<>(all);
    sorted.sort(Comparator.comparing(each -> !nodeOf.apply(each).equals(self)));
    return sorted;
  }

  /**
   * Refuses to order by the distance from a node that the centre knows nothing of.
   *
   * @throws RefusedException where it is asked for
   */
  static void requireNear(Call call, String self) {
    String near = call.parameter("near");
    if (!near.isEmpty() && !near.equals("_agent") && !near.equals(self)) {
      throw RefusedException.bad(
          "near: "
              + Fields.shown(near)
              + " (expected: _agent or "
              + self
              + ", since this centre knows no network coordinates)");
    }
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
