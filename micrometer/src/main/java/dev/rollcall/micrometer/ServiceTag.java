package dev.rollcall.micrometer;

import java.util.HashSet;
import java.util.Set;

/**
 * Bounds how many services are told apart: the first ones keep their names for good, all others are
 * one. Thread-safe: {@code known} is guarded by {@code this}.
 */
final class ServiceTag {
  static final String OTHER = "other";

  private final int max;
  private final Set<String> known = new HashSet<>();

  ServiceTag(int max) {
    this.max = max;
  }

  synchronized String of(String service) {
    return known.contains(service) || (known.size() < max && known.add(service)) ? service : OTHER;
  }
}
