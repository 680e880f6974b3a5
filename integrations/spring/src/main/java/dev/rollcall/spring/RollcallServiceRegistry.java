package dev.rollcall.spring;

import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.RegistrationStatus;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.support.Futures;
import dev.rollcall.spring.RollcallRegistration.Voice;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import org.springframework.cloud.client.serviceregistry.ServiceRegistry;

/**
 * Spring's service registry on a {@link Registry}. It registers without waiting for the store, and
 * does not give up while that is down. A registration is known by its object: what was registered
 * is to be given to the other methods. Thread-safe; {@link #deregister} alone blocks.
 *
 * @since 0.1.0
 */
public final class RollcallServiceRegistry implements ServiceRegistry<RollcallRegistration> {
  private final Registry registry;
  private final Liveness liveness;
  private final Duration drain;

  RollcallServiceRegistry(Registry registry, Liveness liveness, Duration drain) {
    this.registry = registry;
    this.liveness = liveness;
    this.drain = drain;
  }

  @Override
  public void register(RollcallRegistration registration) {
    registration.begin(registry, liveness);
  }

  /**
   * Removes the instance, waits for {@code rollcall.registration.drain} as well, and returns then.
   * Does nothing where it was not registered.
   *
   * @param registration what was registered
   * @throws RegistryException where the store did not confirm within {@code rollcall.deadline}
   */
  @Override
  public void deregister(RollcallRegistration registration) {
    try {
      registration.end(drain).join();
    } catch (CompletionException e) {
      throw Futures.cause(e) instanceof RegistryException cause ? cause : e;
    }
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
    registration.say(
        Voice.OPERATOR,
        switch (status.toUpperCase(Locale.ROOT)) {
          case "UP" -> Health.PASSING;
          case "WARNING" -> Health.WARNING;
          case "DOWN", "OUT_OF_SERVICE" -> Health.CRITICAL;
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
    return (T) registration.status().map(RollcallServiceRegistry::name).orElse("UNKNOWN");
  }

  private static String name(RegistrationStatus status) {
    if (status.state() != Registration.State.ACTIVE) {
      return status.state().name();
    }
    return switch (status.health()) {
      case PASSING -> "UP";
      case WARNING -> "WARNING";
      case CRITICAL -> "DOWN";
    };
  }
}
