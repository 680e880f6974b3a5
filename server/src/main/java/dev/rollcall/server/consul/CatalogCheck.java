package dev.rollcall.server.consul;

import dev.rollcall.Health;
import java.util.List;
import java.util.Set;

/**
 * A check as the catalog has it, unique by node and id; without a service it is the node's.
 *
 * @param since when it took its status in this process, in milliseconds since 1970, which Consul's
 *     API does not say; 0 before it is put into the catalog
 */
record CatalogCheck(
    String node,
    String id,
    String name,
    String status,
    String notes,
    String output,
    String serviceId,
    String serviceName,
    List<String> serviceTags,
    String type,
    long createIndex,
    long modifyIndex,
    long since) {
  /** How many checks one service, or one node for itself, may have. */
  static final int MAX_OF_ONE = 1_024;

  static final String PASSING = "passing";
  static final String WARNING = "warning";
  static final String CRITICAL = "critical";

  CatalogCheck {
    serviceTags = List.copyOf(serviceTags);
  }

  CatalogCheck(
      String node,
      String id,
      String name,
      String status,
      String notes,
      String output,
      String serviceId,
      String serviceName,
      List<String> serviceTags,
      String type,
      long createIndex,
      long modifyIndex) {
    this(
        node,
        id,
        name,
        status,
        notes,
        output,
        serviceId,
        serviceName,
        serviceTags,
        type,
        createIndex,
        modifyIndex,
        0);
  }

  CatalogCheck at(long create, long modify) {
    return copy(status, output, create, modify, since);
  }

  CatalogCheck since(long millis) {
    return copy(status, output, createIndex, modifyIndex, millis);
  }

  CatalogCheck with(String newStatus, String newOutput) {
    return copy(newStatus, newOutput, createIndex, modifyIndex, since);
  }

  private CatalogCheck copy(
      String status, String output, long createIndex, long modifyIndex, long since) {
    return new CatalogCheck(
        node,
        id,
        name,
        status,
        notes,
        output,
        serviceId,
        serviceName,
        serviceTags,
        type,
        createIndex,
        modifyIndex,
        since);
  }

  boolean says(CatalogCheck other) {
    return equals(other.copy(other.status, other.output, createIndex, modifyIndex, since));
  }

  /** Refuses more checks of one service or node than it may have. */
  static void requireRoom(Set<String> ids) {
    if (ids.size() > MAX_OF_ONE) {
      throw new RefusedException(
          429, "too many checks of one service or node (expected: at most " + MAX_OF_ONE + ")");
    }
  }

  /** Returns the status as the engine says it. */
  Health health() {
    return switch (status) {
      case PASSING -> Health.PASSING;
      case WARNING -> Health.WARNING;
      default -> Health.CRITICAL;
    };
  }

  static boolean isStatus(String status) {
    return status.equals(PASSING) || status.equals(WARNING) || status.equals(CRITICAL);
  }
}
