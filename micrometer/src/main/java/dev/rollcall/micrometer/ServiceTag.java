package dev.rollcall.micrometer;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Bounds how many services are told apart: the first ones keep their names for good, all others are
 * one. Thread-safe: {@code known} is added to under {@code this}, which counts, and read without.
 */
final class ServiceTag {
  static final String OTHER = "other";

  private final int max;
  private final Set<String> known = ConcurrentHashMap.newKeySet();

  ServiceTag(int max) {
    this.max = max;
  }

  String of(String service) {
    return known.contains(service) || added(service) ? service : OTHER;
  }

  private synchronized boolean added(String service) {
    return known.contains(service) || (known.size() < max && known.add(service));
  }
}
