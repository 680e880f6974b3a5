package dev.rollcall.server.consul;

import com.fasterxml.jackson.databind.JsonNode;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.QueryParams;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.rollcall.kv.Bytes;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * One request to one route.
 *
 * @param rest what follows the route's path, decoded
 * @param body empty where the method has none
 * @param executor where it is answered: its event loop, or threads for what takes long
 */
record Call(
    ServiceRequestContext ctx,
    HttpMethod method,
    String rest,
    QueryParams query,
    Bytes body,
    Executor executor) {

  Call on(Executor other) {
    return new Call(ctx, method, rest, query, body, other);
  }

  JsonNode json() {
    return Json.parse(body.toArray());
  }

  boolean has(String parameter) {
    return query.contains(parameter);
  }

  /** Returns a parameter's first value; empty where there is none. */
  String parameter(String name) {
    return Fields.clean(name, query.get(name, ""));
  }

  Optional<String> given(String name) {
    String value = parameter(name);
    return value.isEmpty() ? Optional.empty() : Optional.of(value);
  }

  List<String> all(String name) {
    List<String> values = query.getAll(name);
    values.forEach(value -> Fields.clean(name, value));
    return values;
  }

  /** Tells whether something strange to this program is to be computed for each element. */
  boolean isFiltered() {
    return method == HttpMethod.GET && has("filter");
  }

  /** Returns the filter; a control character is for the parser to judge. */
  Optional<String> filter() {
    return Optional.of(query.get("filter", "")).filter(text -> !text.isEmpty());
  }

  boolean isPretty() {
    return has("pretty");
  }

  /** Returns what follows the route's path, which must not be empty. */
  String require(String missing) {
    if (rest.isEmpty()) {
      throw RefusedException.bad(missing);
    }
    return rest;
  }

  Answer json(Json.Output output) {
    return Answer.json(Json.bytes(isPretty(), output));
  }
}
