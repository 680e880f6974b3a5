package dev.rollcall.server.consul;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rollcall.kv.Bytes;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One operation of a transaction, as a client asks for it. Verbs are not known to be right. */
sealed interface TxnOperation {
  /** Tells whether it changes something, or would if its verb were known. */
  boolean isWrite();

  /** On a key, or on all that begin with it. */
  record OfKey(String verb, String key, Bytes value, long flags, long index, String session)
      implements TxnOperation {
    private static final Set<String> WRITES =
        Set.of("set", "cas", "delete", "delete-cas", "delete-tree", "lock", "unlock");

    @Override
    public boolean isWrite() {
      return WRITES.contains(verb);
    }

    boolean isTree() {
      return verb.endsWith("-tree");
    }
  }

  /** On a node. */
  record OfNode(String verb, CatalogNode node) implements TxnOperation {
    @Override
    public boolean isWrite() {
      return !verb.equals("get");
    }
  }

  /**
   * On a service of a node.
   *
   * @param service null where the operation needs no more than an ID
   */
  record OfService(
      String verb, String node, String id, long index, @Nullable CatalogService service)
      implements TxnOperation {
    @Override
    public boolean isWrite() {
      return !verb.equals("get");
    }
  }

  /** On a check. */
  record OfCheck(String verb, CatalogCheck check) implements TxnOperation {
    @Override
    public boolean isWrite() {
      return !verb.equals("get");
    }
  }

  /**
   * Reads a request's body. What says nothing is left out, as an agent does.
   *
   * @throws RefusedException where a field is not what it should be
   */
  static List<TxnOperation> listOf(JsonNode body) {
    if (!body.isArray()) {
      throw Json.refused("json: cannot unmarshal into Go value of type api.TxnOps");
    }
    List<TxnOperation> operations = new ArrayList<>();
    for (JsonNode each : body) {
      Fields fields = Fields.of(each);
      Optional<Fields> key = fields.object("KV");
      Optional<Fields> node = fields.object("Node");
      Optional<Fields> service = fields.object("Service");
      Optional<Fields> check = fields.object("Check");
      if (key.isPresent()) {
        operations.add(ofKey(key.get()));
      } else if (node.isPresent()) {
        operations.add(ofNode(node.get()));
      } else if (service.isPresent()) {
        operations.add(ofService(service.get()));
      } else if (check.isPresent()) {
        operations.add(ofCheck(check.get()));
      }
    }
    return operations;
  }

  private static OfKey ofKey(Fields fields) {
    Unkept.requireFields(fields);
    byte[] value;
    try {
      value = Base64.getDecoder().decode(fields.prose("Value").replaceAll("[\r\n]", ""));
    } catch (IllegalArgumentException malformed) {
      throw Json.refused("KV.Value: illegal base64 data");
    }
    return new OfKey(
        fields.text("Verb"),
        fields.text("Key"),
        Bytes.of(value),
        fields.unsigned("Flags"),
        fields.unsigned("Index"),
        fields.text("Session"));
  }

  private static OfNode ofNode(Fields fields) {
    Fields node = fields.object("Node").orElseGet(() -> Fields.of(Json.EMPTY));
    Unkept.requireFields(node);
    return new OfNode(
        fields.text("Verb"),
        new CatalogNode(
            node.text("ID"),
            node.text("Node"),
            node.text("Address"),
            node.map("TaggedAddresses"),
            node.map("Meta"),
            Locality.of(node),
            0,
            node.unsigned("ModifyIndex")));
  }

  private static OfService ofService(Fields fields) {
    Fields service = fields.object("Service").orElseGet(() -> Fields.of(Json.EMPTY));
    Unkept.requireFields(service);
    String verb = fields.text("Verb");
    String node = fields.text("Node");
    boolean sets = verb.equals("set") || verb.equals("cas");
    String id = service.text("ID");
    return new OfService(
        verb,
        node,
        id.isEmpty() ? service.text("Service") : id,
        service.unsigned("ModifyIndex"),
        sets ? plain(service, node) : null);
  }

  /** Reads a service without what an agent takes no notice of in a transaction. */
  private static CatalogService plain(Fields fields, String node) {
    CatalogService read =
        ServiceDefinition.ofCatalog(
            fields.without("Kind", "Proxy", "Connect", "TaggedAddresses"), node);
    return read.withoutTaggedAddresses();
  }

  private static OfCheck ofCheck(Fields fields) {
    Fields check = fields.object("Check").orElseGet(() -> Fields.of(Json.EMPTY));
    Unkept.requireFields(check);
    CatalogCheck read = CatalogRegistration.check(check, check.text("Node"));
    return new OfCheck(fields.text("Verb"), read.at(0, check.unsigned("ModifyIndex")));
  }
}
