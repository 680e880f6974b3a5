package dev.rollcall.server.dashboard;

import dev.rollcall.Health;
import dev.rollcall.server.consul.InstanceId;
import dev.rollcall.server.consul.ListedInstance;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One thing that has happened to one instance, as the page tells it. Immutable.
 *
 * @param number grows with each
 * @param at when, in milliseconds since 1970, for show alone
 * @param kind {@code added}, {@code removed}, {@code updated}, or the health that it is in now
 * @param service the service's name
 * @param id the instance
 * @param detail what exactly, in a few words; may be empty
 */
record ChangeRecord(
    long number, long at, String kind, String service, InstanceId id, String detail) {
  private static final int SHOWN_FIELDS = 4;

  /** Returns what lies between two states of one instance; empty where nothing shown does. */
  static Optional<ChangeRecord> of(
      long number, long at, @Nullable ListedInstance before, @Nullable ListedInstance now) {
    if (now == null || before == null || !now.service().equals(before.service())) {
      if (now != null) {
        String detail = lower(now.health());
        return Optional.of(new ChangeRecord(number, at, "added", now.service(), now.id(), detail));
      }
      return Optional.ofNullable(before)
          .map(gone -> new ChangeRecord(number, at, "removed", gone.service(), gone.id(), ""));
    }
    String kind = before.health() == now.health() ? "updated" : lower(now.health());
    String difference = difference(before, now);
    return difference.isEmpty()
        ? Optional.empty()
        : Optional.of(new ChangeRecord(number, at, kind, now.service(), now.id(), difference));
  }

  /** Says in a few words what differs. */
  private static String difference(ListedInstance before, ListedInstance now) {
    List<String> differences = new ArrayList<>();
    if (before.health() != now.health()) {
      differences.add(lower(before.health()) + " → " + lower(now.health()));
    } else if (!now.isCheckedAs(before)) {
      differences.add("checks");
    }
    if (!before.address().equals(now.address()) || before.port() != now.port()) {
      differences.add("address");
    }
    if (!before.tags().equals(now.tags())) {
      differences.add("tags");
    }
    if (before.weight() != now.weight()) {
      differences.add("weight");
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

  static String lower(Health health) {
    return health.name().toLowerCase(Locale.ROOT);
  }

  /** Returns about how many bytes it takes in an event. */
  int size() {
    return 120
        + escapedLength(service)
        + escapedLength(id.id())
        + escapedLength(id.node())
        + escapedLength(detail);
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
