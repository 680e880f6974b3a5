package dev.rollcall.server.consul;

import dev.rollcall.Health;

/**
 * A check as the centre's page shows it. Immutable.
 *
 * @param id its ID, unique on its node
 * @param name its name
 * @param status what it says
 * @param output why; may be empty
 * @param notes what people should know; may be empty
 * @param type what is checked how, as {@code ttl} or {@code http}; may be empty
 * @param since when it took this status in this process, in milliseconds since 1970
 * @param isOfNode whether it bears on all services of the node
 * @since 0.1.0
 */
public record ListedCheck(
    String id,
    String name,
    Health status,
    String output,
    String notes,
    String type,
    long since,
    boolean isOfNode) {

  static ListedCheck of(CatalogCheck check) {
    return new ListedCheck(
        check.id(),
        check.name(),
        check.health(),
        check.output(),
        check.notes(),
        check.type(),
        check.since(),
        check.serviceId().isEmpty());
  }
}
