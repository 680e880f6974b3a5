package dev.rollcall.spring;

import dev.rollcall.Freshness;
import dev.rollcall.RegistrationStatus;
import dev.rollcall.RegistryStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
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
   * Tells of the store, with a summary of the rest.
   *
   * @param status the status
   * @return {@code store}; where it is unreachable {@code since} as a text of {@link Duration} and
   *     {@code cause}; how many {@code services} are watched, and how many of them are not {@code
   *     live}; each registration's state by its key
   */
  public static Map<String, Object> summary(RegistryStatus status) {
    Map<String, Object> all = store(status);
    all.put("services", status.services().size());
    all.put(
        "notLive",
        status.services().values().stream()
            .filter(freshness -> !(freshness instanceof Freshness.Live))
            .count());
    Map<String, Object> registrations = new LinkedHashMap<>();
    for (RegistrationStatus each : status.registrations()) {
      registrations.put(each.key().service() + "/" + each.key().id(), text(each.state()));
    }
    all.put("registrations", registrations);
    return all;
  }

  /** All there is, for the endpoint. */
  static Map<String, Object> full(RegistryStatus status) {
    Map<String, Object> all = store(status);
    Map<String, Object> services = new LinkedHashMap<>();
    status.services().forEach((name, freshness) -> services.put(name, freshness(freshness)));
    all.put("services", services);
    status.catalog().ifPresent(freshness -> all.put("catalog", freshness(freshness)));
    List<Object> registrations = new ArrayList<>();
    status.registrations().forEach(each -> registrations.add(registration(each)));
    all.put("registrations", registrations);
    return all;
  }

  private static Map<String, Object> store(RegistryStatus status) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("store", status.isClosed() ? "closed" : text(status.store()));
    status
        .outage()
        .ifPresent(
            outage -> {
              all.put("since", outage.age().toString());
              all.put("cause", String.valueOf(outage.cause().getMessage()));
            });
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
