package dev.rollcall.server.consul;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Who this centre says that it is: a Consul server that is its own agent and leader. The version is
 * what it was told to say. The address is set once, when the server has its port, before the first
 * request.
 */
final class Identity {
  /** The check that every agent has of itself. */
  static final String SERF = "serfHealth";

  /** Go's zero time. */
  private static final String UNKNOWN = "0001-01-01T00:00:00Z";

  private final String datacentre;
  private final String nodeName;
  private final String version;
  private final String id;
  private volatile @Nullable InetSocketAddress address; // set once, see above

  Identity(String datacentre, String nodeName, String version) {
    this.datacentre = datacentre;
    this.nodeName = nodeName;
    this.version = version;
    id =
        UUID.nameUUIDFromBytes(("rollcall/" + nodeName).getBytes(StandardCharsets.UTF_8))
            .toString();
  }

  void started(InetSocketAddress at) {
    address = at;
  }

  String datacentre() {
    return datacentre;
  }

  CatalogNode node() {
    String host = host();
    String family = host.indexOf(':') < 0 ? "ipv4" : "ipv6";
    return new CatalogNode(
        id,
        nodeName,
        host,
        Map.of("lan", host, "lan_" + family, host, "wan", host, "wan_" + family, host),
        Map.of("consul-network-segment", ""),
        0,
        0);
  }

  String host() {
    InetSocketAddress at = address;
    return at == null || at.getAddress() == null ? "127.0.0.1" : at.getAddress().getHostAddress();
  }

  int port() {
    InetSocketAddress at = address;
    return at == null ? 0 : at.getPort();
  }

  /** Returns host and port as one text. */
  String hostAndPort() {
    String host = host();
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port();
  }

  /** Returns the service that every Consul server has. */
  CatalogService consul() {
    return new CatalogService(
        nodeName,
        "consul",
        "consul",
        "",
        List.of(),
        "",
        Map.of(),
        Map.of(
            "non_voter", "false",
            "raft_version", "3",
            "serf_protocol_current", "2",
            "serf_protocol_max", "5",
            "serf_protocol_min", "1",
            "version", version),
        port(),
        1,
        1,
        false,
        0,
        0);
  }

  /** Writes who this is, and whether it leads. */
  void writeSelf(JsonGenerator to, boolean leads) throws IOException {
    to.writeStartObject();
    to.writeObjectFieldStart("Config");
    to.writeStringField("Datacenter", datacentre);
    to.writeStringField("NodeName", nodeName);
    to.writeStringField("NodeID", id);
    to.writeStringField("Revision", "");
    to.writeBooleanField("Server", true);
    to.writeStringField("Version", version);
    to.writeEndObject();
    to.writeObjectFieldStart("DebugConfig");
    to.writeStringField("Datacenter", datacentre);
    to.writeStringField("NodeName", nodeName);
    to.writeStringField("NodeID", id);
    to.writeBooleanField("ServerMode", true);
    to.writeBooleanField("Bootstrap", false);
    to.writeEndObject();
    to.writeObjectFieldStart("Coord");
    to.writeArrayFieldStart("Vec");
    for (int i = 0; i < 8; i++) {
      to.writeNumber(0);
    }
    to.writeEndArray();
    to.writeNumberField("Error", 1.5);
    to.writeNumberField("Adjustment", 0);
    to.writeNumberField("Height", 0.00001);
    to.writeEndObject();
    to.writeFieldName("Member");
    writeMember(to);
    to.writeObjectFieldStart("Stats");
    ConsulJsonWriter.map(to, "build", Map.of("prerelease", "", "revision", "", "version", version));
    Map<String, String> stats = new TreeMap<>();
    stats.put("acl", "disabled");
    stats.put("bootstrap", "false");
    stats.put("known_datacenters", "1");
    stats.put("leader", Boolean.toString(leads));
    stats.put("leader_addr", leads ? hostAndPort() : "");
    stats.put("server", "true");
    ConsulJsonWriter.map(to, "consul", stats);
    to.writeEndObject();
    ConsulJsonWriter.map(to, "Meta", Map.of("consul-network-segment", ""));
    to.writeEndObject();
  }

  /** Writes which version this is; it is built of no sources of Consul's. */
  void writeVersion(JsonGenerator to) throws IOException {
    to.writeStartObject();
    to.writeStringField("SHA", "");
    to.writeStringField("BuildDate", UNKNOWN);
    to.writeStringField("HumanVersion", version);
    to.writeStringField("FIPS", "");
    to.writeEndObject();
  }

  /** Tells whether a version since 1.9 is said, whose answers have more headers. */
  boolean isLater() {
    return !version.startsWith("1.8.") && !version.matches("1\\.[0-7]\\..*");
  }

  void writeMembers(JsonGenerator to) throws IOException {
    to.writeStartArray();
    writeMember(to);
    to.writeEndArray();
  }

  private void writeMember(JsonGenerator to) throws IOException {
    to.writeStartObject();
    to.writeStringField("Name", nodeName);
    to.writeStringField("Addr", host());
    to.writeNumberField("Port", port());
    Map<String, String> tags = new TreeMap<>();
    tags.put("acls", "0");
    tags.put("build", version + ":");
    tags.put("dc", datacentre);
    tags.put("ft_fs", "1");
    tags.put("id", id);
    tags.put("port", Integer.toString(port()));
    tags.put("raft_vsn", "3");
    tags.put("role", "consul");
    tags.put("segment", "");
    tags.put("vsn", "2");
    tags.put("vsn_max", "3");
    tags.put("vsn_min", "2");
    ConsulJsonWriter.map(to, "Tags", tags);
    to.writeNumberField("Status", 1);
    to.writeNumberField("ProtocolMin", 1);
    to.writeNumberField("ProtocolMax", 5);
    to.writeNumberField("ProtocolCur", 2);
    to.writeNumberField("DelegateMin", 2);
    to.writeNumberField("DelegateMax", 5);
    to.writeNumberField("DelegateCur", 4);
    to.writeEndObject();
  }
}
