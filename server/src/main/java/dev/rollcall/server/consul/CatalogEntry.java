package dev.rollcall.server.consul;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of an entry that a client has put into the catalog: a service with its checks, or a
 * node with its own where there is no service.
 */
record CatalogEntry(CatalogNode node, @Nullable CatalogService service, List<CatalogCheck> checks) {

  CatalogEntry {
    checks = List.copyOf(checks);
  }

  /** Returns what the catalog says of an instance, or of a node; null where it knows none. */
  static @Nullable CatalogEntry of(CatalogView view, InstanceId id) {
    CatalogNode node = view.node(id.node());
    HealthEntry entry = view.instance(id);
    if (node == null || (entry == null && !id.id().isEmpty())) {
      return null;
    }
    return new CatalogEntry(
        node.at(0, 0),
        entry == null ? null : entry.service().at(0, 0),
        view.checksOf(id.node()).stream()
            .filter(check -> check.serviceId().equals(id.id()))
            .map(check -> check.at(0, 0))
            .toList());
  }

  /** Writes the fields of an object that has begun. */
  void write(JsonGenerator to) throws IOException {
    to.writeFieldName("Node");
    ConsulJsonWriter.node(to, node, "");
    if (service != null) {
      to.writeFieldName("Service");
      ConsulJsonWriter.service(to, service);
    }
    to.writeArrayFieldStart("Checks");
    for (CatalogCheck check : checks) {
      ConsulJsonWriter.check(to, check);
    }
    to.writeEndArray();
  }

  static CatalogEntry read(Fields fields, String nodeName) {
    Fields node = fields.object("Node").orElseThrow(() -> Json.refused("no node"));
    return new CatalogEntry(
        new CatalogNode(
            node.text("ID"),
            nodeName,
            node.text("Address"),
            node.map("TaggedAddresses"),
            node.map("Meta"),
            Locality.of(node),
            0,
            0),
        fields
            .object("Service")
            .map(of -> ServiceDefinition.ofCatalog(of.without("Proxy", "Connect"), nodeName))
            .orElse(null),
        fields.objects("Checks").stream().map(check -> check(check, nodeName)).toList());
  }

  private static CatalogCheck check(Fields fields, String node) {
    return new CatalogCheck(
        node,
        fields.text("CheckID"),
        fields.text("Name"),
        fields.text("Status"),
        fields.prose("Notes"),
        fields.prose("Output"),
        fields.text("ServiceID"),
        fields.text("ServiceName"),
        fields.texts("ServiceTags"),
        fields.text("Type"),
        0,
        0);
  }

  /** Puts it back. Under the catalog's lock. */
  void apply(CatalogWriter to) {
    if (to.node(node.name()) == null) {
      to.putNode(node);
    }
    if (service != null) {
      to.putService(service);
    }
    checks.forEach(to::putCheck);
  }
}
