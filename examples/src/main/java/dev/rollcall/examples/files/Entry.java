package dev.rollcall.examples.files;

import com.google.common.collect.LinkedListMultimap;
import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.RegisterRequest;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What stands in an instance's file: a line {@code field=value} for each field. No value holds a
 * line feed, since the contract refuses control characters at the door.
 *
 * @param instance the instance with all its fields
 * @param ownerId whose it is
 * @param ttl how long it is kept without a renewal; zero for ever
 */
record Entry(ServiceInstance instance, String ownerId, Duration ttl) {
  private static final String METADATA = "metadata.";
  private static final String ADDRESS = "address.";

  static Entry of(RegisterRequest request) {
    Duration ttl =
        request.liveness() instanceof Liveness.Heartbeat beat ? beat.ttl() : Duration.ZERO;
    return new Entry(request.instance(), request.owner().id(), ttl);
  }

  String text() {
    StringBuilder text = new StringBuilder();
    line(text, "owner", ownerId);
    line(text, "ttl", ttl.toString());
    line(text, "service", instance.service());
    line(text, "id", instance.id());
    line(text, "host", instance.host());
    line(text, "port", Integer.toString(instance.port()));
    line(text, "scheme", instance.scheme());
    line(text, "weight", Integer.toString(instance.weight()));
    line(text, "zone", instance.zone());
    line(text, "health", instance.health().name());
    instance.tags().forEach(tag -> line(text, "tag", tag));
    instance.metadata().forEach((name, value) -> line(text, METADATA + name, value));
    instance
        .addresses()
        .forEach((name, at) -> line(text, ADDRESS + name, at.port() + " " + at.host()));
    return text.toString();
  }

  /** Reads an entry; empty where it is none, as what a stranger wrote may be. */
  static Optional<Entry> parse(String text) {
    LinkedListMultimap<String, String> fields = LinkedListMultimap.create();
    for (String line : text.split("\n", -1)) {
      int equals = line.indexOf('=');
      if (equals >= 0) {
        fields.put(line.substring(0, equals), line.substring(equals + 1));
      }
    }
    try {
      Duration ttl = Duration.parse(one(fields, "ttl"));
      return ttl.isNegative()
          ? Optional.empty()
          : Optional.of(new Entry(instance(fields), one(fields, "owner"), ttl));
    } catch (RegistryException | IllegalArgumentException | DateTimeException malformed) {
      return Optional.empty();
    }
  }

  private static ServiceInstance instance(LinkedListMultimap<String, String> fields) {
    ServiceInstance.Builder instance =
        ServiceInstance.builder(one(fields, "service"))
            .id(one(fields, "id"))
            .address(one(fields, "host"), Integer.parseInt(one(fields, "port")))
            .scheme(one(fields, "scheme"))
            .weight(Integer.parseInt(one(fields, "weight")))
            .zone(one(fields, "zone"))
            .health(Health.valueOf(one(fields, "health")))
            .tags(fields.get("tag"));
    fields.forEach(
        (field, value) -> {
          if (field.startsWith(METADATA)) {
            instance.metadata(field.substring(METADATA.length()), value);
          } else if (field.startsWith(ADDRESS)) {
            int blank = value.indexOf(' ');
            instance.address(
                field.substring(ADDRESS.length()),
                value.substring(blank + 1),
                Integer.parseInt(value.substring(0, Math.max(0, blank))));
          }
        });
    return instance.build();
  }

  private static String one(LinkedListMultimap<String, String> fields, String field) {
    List<String> values = fields.get(field);
    if (values.size() != 1) {
      throw new IllegalArgumentException(
          field + ": given " + values.size() + " times (expected: 1)");
    }
    return values.get(0);
  }

  private static void line(StringBuilder text, String field, String value) {
    text.append(field).append('=').append(value).append('\n');
  }
}
