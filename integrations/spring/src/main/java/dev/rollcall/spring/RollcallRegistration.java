package dev.rollcall.spring;

import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.RegistrationStatus;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.springframework.cloud.client.serviceregistry.Registration;

/**
 * How this application registers itself. Its service's name is known from the beginning, all else
 * once the web server has started: until then the other methods throw {@link
 * IllegalStateException}. Thread-safe.
 *
 * @since 0.1.0
 */
public final class RollcallRegistration extends InstanceView implements Registration {
  private final String service;
  private volatile @Nullable ServiceInstance instance;

  // Both guarded by this.
  private final Map<Voice, Health> said = new EnumMap<>(Voice.class);
  private dev.rollcall.@Nullable Registration kept;

  RollcallRegistration(String service) {
    this.service = service;
  }

  /**
   * Creates one, for an application that registers more than itself by the service registry.
   *
   * @param instance what to register
   */
  public RollcallRegistration(ServiceInstance instance) {
    this.service = instance.service();
    this.instance = instance;
  }

  /** What reports the health of an instance: the worst report is shown. */
  enum Voice {
    READINESS,
    GROUP,
    OPERATOR
  }

  void know(ServiceInstance known) {
    instance = known;
  }

  /** Does nothing where it has begun. */
  synchronized void begin(Registry registry, Liveness liveness) {
    if (kept == null) {
      kept = registry.announce(instance().withHealth(worst()), liveness);
    }
  }

  /** Under the lock, so that the last word is sent last. Sending does not block. */
  synchronized void say(Voice voice, Health health) {
    said.put(voice, health);
    if (kept != null && kept.instance().health() != worst()) {
      kept.health(worst());
    }
  }

  private Health worst() {
    return said.values().stream().reduce(instance().health(), Health::worse);
  }

  /** Empty where it has not begun. */
  synchronized Optional<RegistrationStatus> status() {
    return Optional.ofNullable(kept).map(dev.rollcall.Registration::status);
  }

  synchronized CompletableFuture<Void> end(Duration drain) {
    dev.rollcall.Registration left = kept;
    kept = null;
    return left == null ? CompletableFuture.completedFuture(null) : left.drain(drain);
  }

  @Override
  public ServiceInstance instance() {
    ServiceInstance known = instance;
    if (known == null) {
      throw new IllegalStateException(service + ": not known before the web server has started");
    }
    return known;
  }

  @Override
  public String getServiceId() {
    return service;
  }
}
