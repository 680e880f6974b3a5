package dev.rollcall.consul;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * Reads Consul's JSON. The Consul client's own classes know half of the fields, and refuse a whole
 * list for one node without a {@code wan} address; here an entry that is not as it should be costs
 * that entry alone.
 */
final class ConsulJson {
  /** The length of an answer has a bound already, and no bound of one entry's may stop others. */
  private static final ObjectMapper MAPPER =
      new ObjectMapper(
          JsonFactory.builder()
              .streamReadConstraints(
                  StreamReadConstraints.builder()
                      .maxNestingDepth(Integer.MAX_VALUE)
                      .maxNameLength(Integer.MAX_VALUE)
                      .maxStringLength(Integer.MAX_VALUE)
                      .maxNumberLength(Integer.MAX_VALUE)
                      .build())
              .build());

  private ConsulJson() {}

  /** Reads any JSON text. */
  static JsonNode tree(String json) throws JacksonException {
    return MAPPER.readTree(json);
  }

  /** Reads {@code health/service/…}; an element without a service or an ID is left out. */
  static List<ConsulServiceEntry> serviceHealth(InputStream in) throws IOException {
    List<ConsulServiceEntry> entries = new ArrayList<>();
    elements(
        in,
        element -> {
          JsonNode service = element.path("Service");
          if (service.path("ID").isTextual() && service.path("Service").isTextual()) {
            entries.add(entry(service, Optional.of(element.path("Node")), element.path("Checks")));
          }
        });
    return entries;
  }

  /** Reads {@code agent/service/…}. */
  static ConsulServiceEntry agentService(InputStream in) throws IOException {
    JsonNode service = MAPPER.readTree(in);
    if (!service.path("ID").isTextual() || !service.path("Service").isTextual()) {
      throw new IOException("no service in the answer");
    }
    return entry(service, Optional.empty(), MAPPER.missingNode());
  }

  /** Reads {@code catalog/services}: names with the tags that occur. */
  static Map<String, List<String>> services(InputStream in) throws IOException {
    JsonNode root = MAPPER.readTree(in);
    if (!root.isObject()) {
      throw new IOException("no object in the answer");
    }
    Map<String, List<String>> services = new HashMap<>();
    root.properties().forEach(field -> services.put(field.getKey(), texts(field.getValue())));
    return services;
  }

  /** Reads {@code health/state/any} into a digest, since it is large and read often. */
  static CheckDigest checks(InputStream in) throws IOException {
    CheckDigest digest = new CheckDigest();
    try (JsonParser parser = MAPPER.createParser(in)) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        throw new IOException("no list in the answer");
      }
      while (parser.nextToken() == JsonToken.START_OBJECT) {
        long hash = 1125899906842597L;
        String node = "";
        String service = "";
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
          JsonToken token = parser.nextToken();
          switch (name) {
            case "Node" -> node = parser.getText();
            case "ServiceName" -> service = parser.getText();
            case "CheckID", "Status", "ServiceID", "Notes", "Namespace" ->
                hash = CheckDigest.mix(CheckDigest.mix(hash, name), parser.getText());
            default -> {
              if (token.isStructStart()) {
                parser.skipChildren();
              }
            }
          }
        }
        digest.add(node, service, hash);
      }
      if (parser.currentToken() != JsonToken.END_ARRAY) {
        throw new IOException("a list of something else in the answer");
      }
    }
    return digest;
  }

  /** Reads {@code health/state/…} or {@code health/checks/…}. */
  static List<ConsulCheck> checkList(InputStream in) throws IOException {
    List<ConsulCheck> checks = new ArrayList<>();
    elements(
        in,
        element ->
            checks.add(
                new ConsulCheck(
                    element.path("Node").asText(""),
                    element.path("ServiceName").asText(""),
                    check(element))));
    return checks;
  }

  /** Reads {@code catalog/nodes}. */
  static List<ConsulServiceEntry.Node> nodes(InputStream in) throws IOException {
    List<ConsulServiceEntry.Node> nodes = new ArrayList<>();
    elements(in, element -> nodes.add(node(element)));
    return nodes;
  }

  /** Reads {@code kv/…}; an element without a key is left out. */
  static List<ConsulPair> pairs(InputStream in) throws IOException {
    List<ConsulPair> pairs = new ArrayList<>();
    elements(
        in,
        element -> {
          if (element.path("Key").isTextual()) {
            pairs.add(pair(element));
          }
        });
    return pairs;
  }

  private static ConsulPair pair(JsonNode element) throws IOException {
    return new ConsulPair(
        element.path("Key").textValue(),
        element.path("Value").binaryValue() == null
            ? new byte[0]
            : element.path("Value").binaryValue(),
        element.path("Flags").isBigInteger()
            ? element.path("Flags").bigIntegerValue().longValue()
            : element.path("Flags").asLong(),
        element.path("CreateIndex").asLong(),
        element.path("ModifyIndex").asLong(),
        element.path("LockIndex").asLong(),
        text(element, "Session"));
  }

  /** Writes a transaction. */
  static byte[] operations(
      List<KeyOperations.Operation> operations, String namespace, String partition) {
    ArrayNode all = MAPPER.createArrayNode();
    for (KeyOperations.Operation operation : operations) {
      ObjectNode written =
          all.addObject()
              .putObject("KV")
              .put("Verb", operation.verb())
              .put("Key", operation.key())
              .put("Index", operation.index())
              .put("Value", operation.value().toArray());
      if (!namespace.isEmpty()) {
        written.put("Namespace", namespace);
      }
      if (!partition.isEmpty()) {
        written.put("Partition", partition);
      }
    }
    return all.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Reads the keys among a transaction's results. */
  static List<ConsulPair> results(InputStream in) throws IOException {
    List<ConsulPair> pairs = new ArrayList<>();
    for (JsonNode result : MAPPER.readTree(in).path("Results")) {
      if (result.path("KV").path("Key").isTextual()) {
        pairs.add(pair(result.path("KV")));
      }
    }
    return pairs;
  }

  /** Reads {@code event/list}; an element without an ID is left out. */
  static List<ConsulEvent> events(InputStream in) throws IOException {
    List<ConsulEvent> events = new ArrayList<>();
    elements(
        in,
        element -> {
          if (element.path("ID").isTextual()) {
            byte[] payload = element.path("Payload").binaryValue();
            events.add(
                new ConsulEvent(
                    element.path("ID").textValue(),
                    element.path("Name").asText(""),
                    payload == null ? new byte[0] : payload,
                    element.path("NodeFilter").asText(""),
                    element.path("ServiceFilter").asText(""),
                    element.path("TagFilter").asText(""),
                    element.path("LTime").asLong()));
          }
        });
    return events;
  }

  private interface Element {
    void accept(JsonNode element) throws IOException;
  }

  private static void elements(InputStream in, Element each) throws IOException {
    try (JsonParser parser = MAPPER.createParser(in)) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        throw new IOException("no list in the answer");
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        JsonNode element = MAPPER.readTree(parser);
        if (element == null) {
          throw new IOException("the answer ends too early");
        }
        each.accept(element);
      }
    }
  }

  private static ConsulServiceEntry entry(
      JsonNode service, Optional<JsonNode> node, JsonNode checks) {
    JsonNode locality = service.path("Locality");
    JsonNode weights = service.path("Weights");
    return new ConsulServiceEntry(
        service.path("ID").textValue(),
        service.path("Service").textValue(),
        node.map(ConsulJson::node),
        text(service, "Kind"),
        texts(service.path("Tags")),
        map(service.path("Meta"), JsonNode::asText),
        service.path("Port").asInt(),
        ports(service.path("Ports")),
        service.path("Address").asText(""),
        text(service, "SocketPath"),
        map(
            service.path("TaggedAddresses"),
            address ->
                new ConsulServiceEntry.Address(
                    address.path("Address").asText(""), address.path("Port").asInt())),
        weights.isObject()
            ? Optional.of(
                new ConsulServiceEntry.Weights(
                    weights.path("Passing").asInt(), weights.path("Warning").asInt()))
            : Optional.empty(),
        service.path("EnableTagOverride").isBoolean()
            ? Optional.of(service.path("EnableTagOverride").booleanValue())
            : Optional.empty(),
        number(service, "CreateIndex"),
        number(service, "ModifyIndex"),
        text(service, "ContentHash"),
        json(service, "Proxy"),
        json(service, "Connect"),
        text(service, "PeerName"),
        text(service, "Namespace"),
        text(service, "Partition"),
        text(service, "Datacenter").or(() -> node.flatMap(of -> text(of, "Datacenter"))),
        locality.isObject()
            ? Optional.of(
                new ConsulServiceEntry.Locality(
                    locality.path("Region").asText(""), locality.path("Zone").asText("")))
            : Optional.empty(),
        checks(checks));
  }

  private static List<ConsulServiceEntry.Port> ports(JsonNode ports) {
    List<ConsulServiceEntry.Port> read = new ArrayList<>(ports.size());
    for (JsonNode port : ports) {
      read.add(
          new ConsulServiceEntry.Port(
              port.path("Name").asText(""),
              port.path("Port").asInt(),
              port.path("Default").asBoolean()));
    }
    return read;
  }

  private static ConsulServiceEntry.Node node(JsonNode node) {
    return new ConsulServiceEntry.Node(
        node.path("Node").asText(""),
        text(node, "ID"),
        node.path("Address").asText(""),
        map(node.path("TaggedAddresses"), JsonNode::asText),
        map(node.path("Meta"), JsonNode::asText));
  }

  private static List<ConsulServiceEntry.Check> checks(JsonNode checks) {
    List<ConsulServiceEntry.Check> read = new ArrayList<>(checks.size());
    checks.forEach(check -> read.add(check(check)));
    return read;
  }

  private static ConsulServiceEntry.Check check(JsonNode check) {
    return new ConsulServiceEntry.Check(
        check.path("CheckID").asText(""),
        check.path("Name").asText(""),
        check.path("Status").asText(""),
        check.path("ServiceID").asText(""),
        check.path("Notes").asText(""),
        check.path("Output").asText(""),
        text(check, "Type"));
  }

  private static Optional<String> text(JsonNode of, String name) {
    JsonNode value = of.path(name);
    return value.isTextual() && !value.textValue().isEmpty()
        ? Optional.of(value.textValue())
        : Optional.empty();
  }

  private static OptionalLong number(JsonNode of, String name) {
    JsonNode value = of.path(name);
    return value.isIntegralNumber() ? OptionalLong.of(value.longValue()) : OptionalLong.empty();
  }

  private static Optional<String> json(JsonNode of, String name) {
    JsonNode value = of.path(name);
    try {
      return value.isObject() ? Optional.of(value.toString()) : Optional.empty();
    } catch (RuntimeException tooDeep) {
      return Optional.empty(); // Jackson writes less depth than it reads
    }
  }

  private static List<String> texts(JsonNode list) {
    List<String> texts = new ArrayList<>(list.size());
    for (JsonNode text : list) {
      if (text.isTextual()) {
        texts.add(text.textValue());
      }
    }
    return texts;
  }

  private static <T> Map<String, T> map(JsonNode object, Function<JsonNode, T> value) {
    Map<String, T> map = new LinkedHashMap<>();
    object.properties().forEach(field -> map.put(field.getKey(), value.apply(field.getValue())));
    return map;
  }
}
