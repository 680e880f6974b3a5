package dev.rollcall.spring;

import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.RegistrationStatus;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.cloud.client.serviceregistry.ServiceRegistry;

/**
 * Spring's service registry on a {@link Registry}. It registers without waiting for the store, and
 * does not give up while that is down. Thread-safe; {@link #deregister} alone blocks.
 *
 * @since 0.1.0
 */
public final class RollcallServiceRegistry implements ServiceRegistry<RollcallRegistration> {
  private final Registry registry;
  private final Liveness liveness;
  private final Duration drain;
  private final Map<InstanceKey, Kept> kept = new ConcurrentHashMap<>();

  RollcallServiceRegistry(Registry registry, Liveness liveness, Duration drain) {
    this.registry = registry;
    this.liveness = liveness;
    this.drain = drain;
  }

  /** Who has an opinion on the health of an instance: the worst one is shown. */
  enum Voice {
    READINESS,
    GROUP,
    OPERATOR
  }

  @Override
  public void register(RollcallRegistration registration) {
    register(registration, Map.of());
  }

  void register(RollcallRegistration registration, Map<Voice, Health> said) {
    ServiceInstance instance = registration.instance();
    kept.computeIfAbsent(instance.key(), key -> new Kept(registry, instance, liveness, said));
  }

  /**
   * Removes the instance, waits for {@code rollcall.registration.drain} as well, and returns then.
   * Does nothing where it was not registered.
   *
   * @param registration what was registered
   */
  @Override
  public void deregister(RollcallRegistration registration) {
    try {
      leave(registration).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RegistryException cause) {
        throw cause;
      }
      throw e;
    }
  }

  CompletableFuture<Void> leave(RollcallRegistration registration) {
    Kept left = registration.isKnown() ? kept.remove(registration.instance().key()) : null;
    return left == null ? CompletableFuture.completedFuture(null) : left.registration.drain(drain);
  }

  /** Does nothing: the registry bean is closed by its context. */
  @Override
  public void close() {}

  /**
   * Shows the instance in another health, as an operator wants it, unless the application itself
   * says a worse one.
   *
   * @param registration what was registered
   * @param status UP, WARNING, DOWN or OUT_OF_SERVICE, in any case
   * @throws RegistryException of kind {@code INVALID} for another status
   */
  @Override
  public void setStatus(RollcallRegistration registration, String status) {
    say(
        registration,
        Voice.OPERATOR,
        switch (status.toUpperCase(Locale.ROOT)) {
          case "UP", "PASSING" -> Health.PASSING;
          case "WARNING" -> Health.WARNING;
          case "DOWN", "OUT_OF_SERVICE", "CRITICAL" -> Health.CRITICAL;
          default ->
              throw RegistryException.invalid(
                  "status: " + status + " (expected: UP, WARNING, DOWN or OUT_OF_SERVICE)");
        });
  }

  /**
   * Returns where the instance stands.
   *
   * @param registration what was registered
   * @param <T> {@link String}, or what it is
   * @return UP, WARNING or DOWN where the store holds it; else the registration's state, as
   *     PENDING; UNKNOWN where it was not registered
   */
  @Override
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // as Spring Cloud declares it
  public <T> T getStatus(RollcallRegistration registration) {
    return (T) status(registration);
  }

  private String status(RollcallRegistration registration) {
    Optional<Kept> one = find(registration);
    if (one.isEmpty()) {
      return "UNKNOWN";
    }
    RegistrationStatus status = one.get().registration.status();
    if (status.state() != Registration.State.ACTIVE) {
      return status.state().name();
    }
    return switch (status.health()) {
      case PASSING -> "UP";
      case WARNING -> "WARNING";
      case CRITICAL -> "DOWN";
    };
  }

  void say(RollcallRegistration registration, Voice voice, Health health) {
    find(registration).ifPresent(one -> one.say(voice, health));
  }

  private Optional<Kept> find(RollcallRegistration registration) {
    return registration.isKnown()
        ? Optional.ofNullable(kept.get(registration.instance().key()))
        : Optional.empty();
  }

  /** A registration with what was said of it, which is guarded by this. */
  private static final class Kept {
    private final Health own;
    private final Map<Voice, Health> said = new EnumMap<>(Voice.class);
    private final Registration registration;

    Kept(Registry registry, ServiceInstance instance, Liveness liveness, Map<Voice, Health> said) {
      this.own = instance.health();
      this.said.putAll(said);
      this.registration = registry.announce(instance.withHealth(worst()), liveness);
    }

    private Health worst() {
      return said.values().stream().reduce(own, Health::worse);
    }

    /** Under the lock, so that the last word is sent last. Sending does not block. */
    synchronized void say(Voice voice, Health health) {
      Health before = worst();
      said.put(voice, health);
      if (worst() != before) {
        registration.health(worst());
      }
    }
  }
}
