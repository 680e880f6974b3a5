package dev.rollcall.stork;

import io.smallrye.stork.api.config.ConfigWithType;
import io.smallrye.stork.utils.DurationUtils;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * The attributes of a service discovery, a registrar or a load balancer of the type {@code
 * rollcall}: what Stork reads from a configuration file, and what a program gives to {@code
 * ServiceDefinition.of}. Immutable. Which attributes there are stands at {@link
 * RollcallServiceDiscoveryProvider}, {@link RollcallServiceRegistrarProvider} and {@link
 * RollcallLoadBalancerProvider}.
 *
 * @param parameters the values by the attributes' names
 * @since 0.1.0
 */
public record RollcallAttributes(Map<String, String> parameters) implements ConfigWithType {

  /**
   * Copies the values.
   *
   * @param parameters as the record says
   */
  public RollcallAttributes {
    parameters = Map.copyOf(parameters);
  }

  /** Starts without any attribute. */
  public RollcallAttributes() {
    this(Map.of());
  }

  /**
   * Returns the same with another attribute.
   *
   * @param name the attribute's name
   * @param value its value
   * @return a new value
   */
  public RollcallAttributes with(String name, String value) {
    Map<String, String> more = new HashMap<>(parameters);
    more.put(name, value);
    return new RollcallAttributes(more);
  }

  @Override
  public String type() {
    return RollcallStork.TYPE;
  }

  /** Shows the names alone: a URI may hold a token. */
  @Override
  public String toString() {
    return "RollcallAttributes" + parameters.keySet();
  }

  String uri(String service) {
    String uri = text("uri", "");
    if (uri.isEmpty()) {
      throw new IllegalArgumentException(
          "uri: none (expected: that of a store, as consul://127.0.0.1:8500), service " + service);
    }
    return uri;
  }

  String text(String name, String otherwise) {
    String value = parameters.getOrDefault(name, "").trim();
    return value.isEmpty() ? otherwise : value;
  }

  Duration duration(String name, String otherwise) {
    return DurationUtils.parseDuration(text(name, otherwise), name);
  }
}
