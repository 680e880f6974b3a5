package dev.rollcall.spring;

import dev.rollcall.Registry;
import java.util.Map;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;

/**
 * {@code /actuator/rollcall}: the store, each watched service with how far its view can be trusted,
 * each registration with its state and why. Asks the store nothing.
 *
 * @since 0.1.0
 */
@Endpoint(id = "rollcall")
public final class RollcallEndpoint {
  private final Registry registry;

  RollcallEndpoint(Registry registry) {
    this.registry = registry;
  }

  /**
   * Tells the present status.
   *
   * @return maps, lists, texts and numbers
   */
  @ReadOperation
  public Map<String, Object> status() {
    return StatusReport.of(registry.status());
  }
}
