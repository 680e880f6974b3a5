package dev.rollcall.spring;

import dev.rollcall.Freshness;
import dev.rollcall.RegistrationStatus;
import dev.rollcall.RegistryStatus;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A registry's status as plain maps, lists, texts and numbers, for the actuator. It holds no URI of
 * a store and no secret.
 *
 * @since 0.1.0
 */
public final class StatusReport {
  private StatusReport() {}

  /**
   * Tells whether the store answers, by the actuator's code.
   *
   * @param status the status
   * @return UP, DOWN or UNKNOWN
   */
  public static String health(RegistryStatus status) {
    return switch (status.store()) {
      case REACHABLE -> "UP";
      case UNREACHABLE -> "DOWN";
      case UNKNOWN -> "UNKNOWN";
    };
  }

  /**
   * Tells all there is.
   *
   * @param status the status
   * @return {@code store}; where it is unreachable {@code since} as a text of {@link Duration} and
   *     {@code cause}; {@code services} and {@code catalog} with how far each can be trusted;
   *     {@code registrations} with their states
   */
  public static Map<String, Object> of(RegistryStatus status) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("store", status.isClosed() ? "closed" : text(status.store()));
    status
        .outage()
        .ifPresent(
            outage -> {
              all.put("since", outage.age().toString());
              all.put("cause", String.valueOf(outage.cause().getMessage()));
            });
    Map<String, Object> services = new LinkedHashMap<>();
    status.services().forEach((name, freshness) -> services.put(name, freshness(freshness)));
    all.put("services", services);
    status.catalog().ifPresent(freshness -> all.put("catalog", freshness(freshness)));
    all.put(
        "registrations", status.registrations().stream().map(StatusReport::registration).toList());
    return all;
  }

  private static Map<String, Object> freshness(Freshness freshness) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("freshness", text(freshness.getClass().getSimpleName()));
    if (freshness instanceof Freshness.Loading loading) {
      loading.cause().ifPresent(cause -> all.put("cause", String.valueOf(cause.getMessage())));
    } else if (freshness instanceof Freshness.Stale stale) {
      all.put("since", stale.age().toString());
      all.put("cause", String.valueOf(stale.cause().getMessage()));
    } else if (freshness instanceof Freshness.Protected held) {
      all.put("since", held.age().toString());
      all.put("cause", held.cause());
    }
    return all;
  }

  private static Map<String, Object> registration(RegistrationStatus status) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("service", status.key().service());
    all.put("id", status.key().id());
    all.put("state", text(status.state()));
    all.put("since", status.age().toString());
    all.put("health", text(status.health()));
    all.put("epoch", status.epoch());
    if (!status.reason().isEmpty()) {
      all.put("reason", status.reason());
    }
    status.nextAttempt().ifPresent(in -> all.put("nextAttemptIn", in.toString()));
    return all;
  }

  private static String text(Object name) {
    return name.toString().toLowerCase(Locale.ROOT);
  }
}
