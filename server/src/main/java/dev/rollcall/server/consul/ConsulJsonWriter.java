package dev.rollcall.server.consul;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;

/** Consul's JSON, field by field in its order. Where it writes null for empty, so does this. */
final class ConsulJsonWriter {
  private ConsulJsonWriter() {}

  static void node(JsonGenerator to, CatalogNode node, String datacentre) throws IOException {
    to.writeStartObject();
    nodeFields(to, node, datacentre, "Meta");
    indexes(to, node.createIndex(), node.modifyIndex());
    to.writeEndObject();
  }

  private static void nodeFields(JsonGenerator to, CatalogNode node, String datacentre, String meta)
      throws IOException {
    to.writeStringField("ID", node.id());
    to.writeStringField("Node", node.name());
    to.writeStringField("Address", node.address());
    to.writeStringField("Datacenter", datacentre);
    mapOrNull(to, "TaggedAddresses", node.taggedAddresses());
    mapOrNull(to, meta, node.meta());
    Locality.write(to, "Locality", node.locality());
  }

  /** As in {@code catalog/service}. */
  static void catalogService(
      JsonGenerator to, CatalogNode node, CatalogService service, String datacentre)
      throws IOException {
    to.writeStartObject();
    nodeFields(to, node, datacentre, "NodeMeta");
    to.writeStringField("ServiceKind", service.kind());
    to.writeStringField("ServiceID", service.id());
    to.writeStringField("ServiceName", service.name());
    texts(to, "ServiceTags", service.tags());
    to.writeStringField("ServiceAddress", service.address());
    addresses(to, "ServiceTaggedAddresses", service);
    weights(to, "ServiceWeights", service);
    map(to, "ServiceMeta", service.meta());
    to.writeNumberField("ServicePort", service.port());
    NamedPort.write(to, "ServicePorts", service.ports());
    to.writeBooleanField("ServiceEnableTagOverride", service.enableTagOverride());
    proxy(to, "ServiceProxy");
    to.writeObjectFieldStart("ServiceConnect");
    to.writeEndObject();
    Locality.write(to, "ServiceLocality", service.locality());
    indexes(to, service.createIndex(), service.modifyIndex());
    to.writeEndObject();
  }

  /** As in {@code health/service} and {@code catalog/node}. */
  static void service(JsonGenerator to, CatalogService service) throws IOException {
    to.writeStartObject();
    if (!service.kind().isEmpty()) {
      to.writeStringField("Kind", service.kind());
    }
    to.writeStringField("ID", service.id());
    to.writeStringField("Service", service.name());
    texts(to, "Tags", service.tags());
    to.writeStringField("Address", service.address());
    addresses(to, "TaggedAddresses", service);
    mapOrNull(to, "Meta", service.meta());
    to.writeNumberField("Port", service.port());
    NamedPort.write(to, "Ports", service.ports());
    weights(to, "Weights", service);
    to.writeBooleanField("EnableTagOverride", service.enableTagOverride());
    proxy(to, "Proxy");
    to.writeObjectFieldStart("Connect");
    to.writeEndObject();
    Locality.write(to, "Locality", service.locality());
    indexes(to, service.createIndex(), service.modifyIndex());
    to.writeEndObject();
  }

  /** As an agent says it of its own; with the hash where it is not empty. */
  static void agentService(JsonGenerator to, CatalogService service, String hash)
      throws IOException {
    to.writeStartObject();
    if (!service.kind().isEmpty()) {
      to.writeStringField("Kind", service.kind());
    }
    to.writeStringField("ID", service.id());
    to.writeStringField("Service", service.name());
    texts(to, "Tags", service.tags());
    map(to, "Meta", service.meta());
    to.writeNumberField("Port", service.port());
    NamedPort.write(to, "Ports", service.ports());
    to.writeStringField("Address", service.address());
    addresses(to, "TaggedAddresses", service);
    weights(to, "Weights", service);
    to.writeBooleanField("EnableTagOverride", service.enableTagOverride());
    if (!hash.isEmpty()) {
      to.writeStringField("ContentHash", hash);
    }
    Locality.write(to, "Locality", service.locality());
    to.writeEndObject();
  }

  static void check(JsonGenerator to, CatalogCheck check) throws IOException {
    to.writeStartObject();
    checkFields(to, check);
    texts(to, "ServiceTags", check.serviceTags());
    to.writeStringField("Type", check.type());
    to.writeObjectFieldStart("Definition");
    to.writeEndObject();
    indexes(to, check.createIndex(), check.modifyIndex());
    to.writeEndObject();
  }

  /** As in {@code agent/health/service}, where an agent spells out an empty definition. */
  static void agentHealthCheck(JsonGenerator to, CatalogCheck check) throws IOException {
    to.writeStartObject();
    checkFields(to, check);
    if (check.serviceTags().isEmpty()) {
      to.writeNullField("ServiceTags");
    } else {
      texts(to, "ServiceTags", check.serviceTags());
    }
    to.writeStringField("Type", "");
    to.writeObjectFieldStart("Definition");
    for (String name : new String[] {"Interval", "Timeout", "DeregisterCriticalServiceAfter"}) {
      to.writeStringField(name, "0s");
    }
    to.writeStringField("HTTP", "");
    to.writeNullField("Header");
    to.writeStringField("Method", "");
    to.writeStringField("Body", "");
    to.writeBooleanField("TLSSkipVerify", false);
    to.writeStringField("TCP", "");
    to.writeEndObject();
    indexes(to, 0, 0);
    to.writeEndObject();
  }

  private static void checkFields(JsonGenerator to, CatalogCheck check) throws IOException {
    to.writeStringField("Node", check.node());
    to.writeStringField("CheckID", check.id());
    to.writeStringField("Name", check.name());
    to.writeStringField("Status", check.status());
    to.writeStringField("Notes", check.notes());
    to.writeStringField("Output", check.output());
    to.writeStringField("ServiceID", check.serviceId());
    to.writeStringField("ServiceName", check.serviceName());
  }

  static void health(JsonGenerator to, HealthEntry entry, String datacentre) throws IOException {
    to.writeStartObject();
    to.writeFieldName("Node");
    node(to, entry.node(), datacentre);
    to.writeFieldName("Service");
    service(to, entry.service());
    to.writeArrayFieldStart("Checks");
    for (CatalogCheck check : entry.checks()) {
      check(to, check);
    }
    to.writeEndArray();
    to.writeEndObject();
  }

  static void texts(JsonGenerator to, String name, Collection<String> texts) throws IOException {
    to.writeArrayFieldStart(name);
    for (String text : texts) {
      to.writeString(text);
    }
    to.writeEndArray();
  }

  static void map(JsonGenerator to, String name, Map<String, String> map) throws IOException {
    to.writeObjectFieldStart(name);
    for (Map.Entry<String, String> entry : map.entrySet()) {
      to.writeStringField(entry.getKey(), entry.getValue());
    }
    to.writeEndObject();
  }

  private static void mapOrNull(JsonGenerator to, String name, Map<String, String> map)
      throws IOException {
    if (map.isEmpty()) {
      to.writeNullField(name);
    } else {
      map(to, name, map);
    }
  }

  private static void addresses(JsonGenerator to, String name, CatalogService service)
      throws IOException {
    if (service.taggedAddresses().isEmpty()) {
      return;
    }
    to.writeObjectFieldStart(name);
    for (Map.Entry<String, CatalogService.Address> entry : service.taggedAddresses().entrySet()) {
      to.writeObjectFieldStart(entry.getKey());
      to.writeStringField("Address", entry.getValue().address());
      to.writeNumberField("Port", entry.getValue().port());
      to.writeEndObject();
    }
    to.writeEndObject();
  }

  private static void weights(JsonGenerator to, String name, CatalogService service)
      throws IOException {
    to.writeObjectFieldStart(name);
    to.writeNumberField("Passing", service.passingWeight());
    to.writeNumberField("Warning", service.warningWeight());
    to.writeEndObject();
  }

  private static void proxy(JsonGenerator to, String name) throws IOException {
    to.writeObjectFieldStart(name);
    to.writeObjectFieldStart("MeshGateway");
    to.writeEndObject();
    to.writeObjectFieldStart("Expose");
    to.writeEndObject();
    to.writeEndObject();
  }

  private static void indexes(JsonGenerator to, long create, long modify) throws IOException {
    to.writeNumberField("CreateIndex", create);
    to.writeNumberField("ModifyIndex", modify);
  }
}
