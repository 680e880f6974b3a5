package dev.rollcall.server.consul;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * An answer without what differs from one server, one run or one moment to the next. That a browser
 * is to sniff nothing says the centre in every answer, and an agent in few.
 */
final class Normal {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Set<String> NUMBERS =
      Set.of(
          "CreateIndex",
          "ModifyIndex",
          "LTime",
          "LockIndex",
          "createIndex",
          "modifyIndex",
          "lockIndex",
          "index");
  private static final Set<String> OF_THE_SERVER = Set.of("DebugConfig", "Stats", "NodeID", "id");
  private static final Set<String> HEADERS =
      Set.of(
          "content-type",
          "x-consul-index",
          "x-consul-knownleader",
          "x-consul-lastcontact",
          "x-consul-effective-consistency",
          "x-consul-contenthash",
          "x-consul-reason",
          "allow",
          "vary",
          "content-security-policy");
  private static final Set<String> VOLATILE = Set.of("x-consul-index", "x-consul-contenthash");

  private Normal() {}

  /** Returns status, headers and body as one text that can be compared. */
  static String of(HttpResponse<String> response, String address) {
    Map<String, List<String>> headers = new TreeMap<>();
    response
        .headers()
        .map()
        .forEach(
            (name, values) -> {
              String lower = name.toLowerCase(Locale.ROOT);
              if (HEADERS.contains(lower)) {
                headers.put(lower, VOLATILE.contains(lower) ? List.of("…") : values);
              }
            });
    return response.statusCode() + "\n" + headers + "\n" + body(response.body(), address);
  }

  static String body(String body, String address) {
    String local = body.replace(address, "SERVER");
    if (!local.strip().startsWith("{") && !local.strip().startsWith("[")) {
      return local.strip();
    }
    try {
      return MAPPER
          .writerWithDefaultPrettyPrinter()
          .writeValueAsString(normal("", MAPPER.readTree(local)));
    } catch (JsonProcessingException malformed) {
      return local;
    }
  }

  private static JsonNode normal(String name, JsonNode node) {
    JsonNodeFactory json = JsonNodeFactory.instance;
    if (NUMBERS.contains(name)) {
      return json.textNode(node.isIntegralNumber() ? "a number" : "no number: " + node);
    }
    if (OF_THE_SERVER.contains(name)) {
      return json.textNode(node.getNodeType().name());
    }
    boolean isUuid =
        node.isTextual() && node.textValue().matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    if (isUuid || name.equals("ContentHash")) {
      return json.textNode("volatile text");
    }
    if ((name.equals("Port") && node.asInt() > 10_000) || name.equals("port")) {
      return json.textNode("a port");
    }
    if (node.isObject()) {
      ObjectNode object = json.objectNode();
      Map<String, JsonNode> sorted = new TreeMap<>();
      node.properties().forEach(field -> sorted.put(field.getKey(), field.getValue()));
      if (isDialling(sorted)) {
        sorted.put("Output", json.textNode("in each program's own words, once it was run"));
      }
      sorted.forEach((key, value) -> object.set(key, normal(key, value)));
      return object;
    }
    if (node.isArray()) {
      ArrayNode array = json.arrayNode();
      node.forEach(each -> array.add(normal(name, each)));
      if (name.equals("Checks")) { // an agent lists them in no order
        List<JsonNode> sorted = new ArrayList<>();
        array.forEach(sorted::add);
        sorted.sort(Comparator.comparing((JsonNode check) -> check.path("CheckID").asText()));
        return json.arrayNode().addAll(sorted);
      }
      return array;
    }
    return node;
  }

  /** A check over the network, which either program runs when it likes. */
  private static boolean isDialling(Map<String, JsonNode> check) {
    JsonNode id = check.get("CheckID");
    return id != null && (id.asText().equals("tt") || id.asText().equals("service:web2:2"));
  }
}
