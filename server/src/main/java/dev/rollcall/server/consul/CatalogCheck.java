package dev.rollcall.server.consul;

import java.util.List;
import java.util.Set;

/** A check as the catalog has it, unique by node and id; without a service it is the node's. */
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
    long modifyIndex) {
  /** How many checks one service, or one node for itself, may have. */
  static final int MAX_OF_ONE = 1_024;

  static final String PASSING = "passing";
  static final String WARNING = "warning";
  static final String CRITICAL = "critical";

  CatalogCheck {
    serviceTags = List.copyOf(serviceTags);
  }

  CatalogCheck at(long create, long modify) {
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
        create,
        modify);
  }

  CatalogCheck with(String newStatus, String newOutput) {
    return new CatalogCheck(
        node,
        id,
        name,
        newStatus,
        notes,
        newOutput,
        serviceId,
        serviceName,
        serviceTags,
        type,
        createIndex,
        modifyIndex);
  }

  boolean says(CatalogCheck other) {
    return equals(other.at(createIndex, modifyIndex));
  }

  /** Refuses more checks of one service or node than it may have. */
  static void requireRoom(Set<String> ids) {
    if (ids.size() > MAX_OF_ONE) {
      throw new RefusedException(
          429, "too many checks of one service or node (expected: at most " + MAX_OF_ONE + ")");
    }
  }

  static boolean isStatus(String status) {
    return status.equals(PASSING) || status.equals(WARNING) || status.equals(CRITICAL);
  }
}
