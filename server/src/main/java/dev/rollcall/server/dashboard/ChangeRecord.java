package dev.rollcall.server.dashboard;

import dev.rollcall.Change;
import dev.rollcall.ServiceInstance;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One thing that has happened to one instance, as the page tells it. Immutable.
 *
 * @param number grows with each
 * @param at when, in milliseconds since 1970, for show alone
 * @param kind {@code added}, {@code removed}, {@code updated}, or the health that it is in now
 * @param service the service's name
 * @param id the instance's id
 * @param detail what exactly, in a few words; may be empty
 */
record ChangeRecord(long number, long at, String kind, String service, String id, String detail) {
  private static final int SHOWN_FIELDS = 4;

  /** Says in a few words what differs between two states of one instance. */
  static String difference(ServiceInstance before, ServiceInstance now) {
    List<String> differences = new ArrayList<>();
    if (before.health() != now.health()) {
      differences.add(lower(before) + " → " + lower(now));
    }
    if (!before.host().equals(now.host()) || before.port() != now.port()) {
      differences.add("address");
    }
    if (!before.scheme().equals(now.scheme())) {
      differences.add("scheme");
    }
    if (!before.tags().equals(now.tags())) {
      differences.add("tags");
    }
    if (before.weight() != now.weight()) {
      differences.add("weight");
    }
    if (!before.zone().equals(now.zone())) {
      differences.add("zone");
    }
    if (!before.addresses().equals(now.addresses())) {
      differences.add("addresses");
    }
    now.metadata()
        .forEach(
            (key, value) -> {
              if (!value.equals(before.metadata().get(key))) {
                differences.add(key);
              }
            });
    before.metadata().keySet().stream()
        .filter(key -> !now.metadata().containsKey(key))
        .forEach(differences::add);
    int more = differences.size() - SHOWN_FIELDS;
    return String.join(", ", differences.subList(0, Math.min(SHOWN_FIELDS, differences.size())))
        + (more > 0 ? " and " + more + " more" : "");
  }

  static String kindOf(ServiceInstance before, ServiceInstance now) {
    return before.health() == now.health() ? "updated" : lower(now);
  }

  static ServiceInstance before(Change change, ServiceInstance now) {
    return change.before().find(now.id()).orElse(now);
  }

  static String lower(ServiceInstance instance) {
    return instance.health().name().toLowerCase(Locale.ROOT);
  }

  /** Returns about how many bytes it takes in an event. */
  int size() {
    return 100 + escapedLength(service) + escapedLength(id) + escapedLength(detail);
  }

  /** Returns how long a text is where everything but ASCII is escaped. */
  static int escapedLength(String text) {
    int length = text.length();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      length += c < ' ' || c > '~' ? 5 : c == '"' || c == '\\' ? 1 : 0;
    }
    return length;
  }
}
