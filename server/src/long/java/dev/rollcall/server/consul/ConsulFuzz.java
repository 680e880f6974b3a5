package dev.rollcall.server.consul;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;

/** What Consul's interface reads: bodies, durations, paths and filters. */
public final class ConsulFuzz {
  private ConsulFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    var unused = GoDuration.parse(text);
    JsonNode element = null;
    try {
      element = Json.parse(input);
      var unused2 = ServiceDefinition.ofAgent(element, "node");
    } catch (RefusedException refused) {
      // As it should be.
    }
    try {
      var unused3 = Paths.decode(text);
    } catch (RefusedException refused) {
      // As it should be.
    }
    try {
      var filter = FilterExpression.parse(text, Selectors.AGENT_SERVICES);
      if (element != null) {
        var unused4 = filter.test(element);
      }
    } catch (RefusedException refused) {
      // As it should be.
    }
  }
}
