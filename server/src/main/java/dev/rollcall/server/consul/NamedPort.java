package dev.rollcall.server.consul;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * One of several ports of a service.
 *
 * @param isDefault whether it is the one for clients that ask for none by name
 */
record NamedPort(String name, int port, boolean isDefault) {
  private static final int MOST = 64;

  /** Returns the ports that an object names; none where it names none. */
  static List<NamedPort> listOf(Fields fields) {
    List<NamedPort> ports =
        fields.objects("Ports").stream()
            .map(of -> new NamedPort(of.text("Name"), of.number("Port", 0), of.flag("Default")))
            .toList();
    Set<String> names = new HashSet<>();
    for (NamedPort port : ports) {
      if (port.name().isEmpty() || !names.add(port.name())) {
        throw RefusedException.bad(
            "Ports: Name \""
                + Fields.shown(port.name())
                + "\" (expected: one of its own for each)");
      }
      if (port.port() < 1 || port.port() > 65_535) {
        throw RefusedException.bad("Ports: Port " + port.port() + " (expected: 1-65535)");
      }
    }
    if (ports.size() > MOST || ports.stream().filter(NamedPort::isDefault).count() > 1) {
      throw RefusedException.bad(
          "Ports: " + ports.size() + " (expected: at most " + MOST + ", of which one is Default)");
    }
    return ports;
  }

  /** Writes a field, or nothing where there are none. */
  static void write(JsonGenerator to, String name, List<NamedPort> ports) throws IOException {
    if (!ports.isEmpty()) {
      to.writeArrayFieldStart(name);
      for (NamedPort port : ports) {
        to.writeStartObject();
        to.writeStringField("Name", port.name());
        to.writeNumberField("Port", port.port());
        to.writeBooleanField("Default", port.isDefault());
        to.writeEndObject();
      }
      to.writeEndArray();
    }
  }
}
