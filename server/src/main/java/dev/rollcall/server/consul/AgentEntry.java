package dev.rollcall.server.consul;

import com.fasterxml.jackson.core.JsonGenerator;
import com.google.common.net.InetAddresses;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an agent keeps of a service over its end, or of its node's own checks where there is none.
 * What a check has said is not in it: an agent believes that of no check that it has not run again,
 * but of those with a TTL, whose {@link Heartbeat}s stand apart.
 */
record AgentEntry(@Nullable CatalogService service, List<Check> checks) {

  /**
   * A check.
   *
   * @param isMaintenance whether it says that the service or the node is in maintenance, and runs
   *     nothing
   * @param registrant the address of the client that has registered it, on whose behalf it is run
   */
  record Check(
      CheckDefinition definition,
      String id,
      String name,
      boolean isMaintenance,
      InetAddress registrant) {}

  /**
   * What a client last said of a check with a TTL.
   *
   * @param expiresMillis until when that counts, by the clock on the wall
   */
  record Heartbeat(String status, String output, long expiresMillis) {

    void write(JsonGenerator to) throws IOException {
      to.writeStartObject();
      to.writeStringField("Status", status);
      to.writeStringField("Output", output);
      to.writeNumberField("Expires", expiresMillis);
      to.writeEndObject();
    }

    static Heartbeat read(byte[] record) {
      Fields fields = Fields.of(Json.reread(record));
      return new Heartbeat(
          fields.text("Status"), fields.prose("Output"), fields.duration("Expires").toNanos());
    }
  }

  AgentEntry {
    checks = List.copyOf(checks);
  }

  /** Writes the fields of an object that has begun. */
  void write(JsonGenerator to) throws IOException {
    if (service != null) {
      to.writeFieldName("Service");
      ConsulJsonWriter.agentService(to, service, "");
    }
    to.writeArrayFieldStart("Checks");
    for (Check check : checks) {
      to.writeStartObject();
      to.writeStringField("ID", check.id());
      to.writeStringField("Name", check.name());
      to.writeBooleanField("Maintenance", check.isMaintenance());
      to.writeStringField("Registrant", InetAddresses.toAddrString(check.registrant()));
      to.writeFieldName("Definition");
      check.definition().write(to);
      to.writeEndObject();
    }
    to.writeEndArray();
  }

  static AgentEntry read(Fields fields, String node) {
    return new AgentEntry(
        fields.object("Service").map(of -> ServiceDefinition.ofCatalog(of, node)).orElse(null),
        fields.objects("Checks").stream().map(AgentEntry::check).toList());
  }

  private static Check check(Fields fields) {
    boolean isMaintenance = fields.flag("Maintenance");
    Fields definition =
        fields.object("Definition").orElseThrow(() -> Json.refused("a check without definition"));
    return new Check(
        isMaintenance
            ? CheckDefinition.maintenance(
                fields.text("ID"), fields.text("Name"), definition.prose("Notes"))
            : CheckDefinition.of(definition, "Invalid check: "),
        fields.text("ID"),
        fields.text("Name"),
        isMaintenance,
        InetAddresses.forString(fields.text("Registrant")));
  }
}
