package dev.rollcall.spring;

import dev.rollcall.Health;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spring.RollcallServiceRegistry.Voice;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.cloud.client.discovery.event.InstancePreRegisteredEvent;
import org.springframework.cloud.client.discovery.event.InstanceRegisteredEvent;
import org.springframework.cloud.client.serviceregistry.AutoServiceRegistration;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.ApplicationListener;
import org.springframework.context.SmartLifecycle;

/**
 * Registers this application while it runs. Its place in the context's lifecycle is the point: it
 * starts after the web server and that of the actuator, so that their ports are known, and stops
 * before both, so that callers have left when the web server stops.
 *
 * <p>The instance passes while the application is ready for traffic, so not before all runners are
 * through, and while its health group is up, where one is named. That group is asked by a daemon
 * thread of this class, since it may block.
 *
 * <p>{@link #start} and {@link #stop} are called by the context, one at a time; their fields are
 * volatile for {@link #isRunning} and for events, which come on any thread.
 */
final class RollcallAutoServiceRegistration
    implements AutoServiceRegistration,
        SmartLifecycle,
        ApplicationListener<AvailabilityChangeEvent<?>> {
  /** Above both web servers: theirs are {@code DEFAULT_PHASE} less 512 and more. */
  static final int PHASE = SmartLifecycle.DEFAULT_PHASE - 256;

  private static final Logger LOG = LoggerFactory.getLogger(RollcallAutoServiceRegistration.class);

  private final RollcallServiceRegistry registry;
  private final RollcallRegistration registration;
  private final SelfDescription description;
  private final ApplicationAvailability availability;
  private final @Nullable ApplicationHealth health;
  private final Duration healthInterval;
  private final ApplicationEventPublisher events;
  private volatile boolean running;
  private volatile @Nullable ScheduledExecutorService asking;

  RollcallAutoServiceRegistration(
      RollcallServiceRegistry registry,
      RollcallRegistration registration,
      SelfDescription description,
      ApplicationAvailability availability,
      @Nullable ApplicationHealth health,
      ApplicationEventPublisher events) {
    this.registry = registry;
    this.registration = registration;
    this.description = description;
    this.availability = availability;
    this.health = health;
    this.healthInterval = description.properties().registration().healthInterval();
    this.events = events;
  }

  @Override
  public void start() {
    Optional<ServiceInstance> instance = description.instance();
    if (instance.isEmpty()) {
      LOG.info(
          "Not registered: no web server is running, and rollcall.registration.port is not set");
      return;
    }
    registration.know(instance.get());
    events.publishEvent(new InstancePreRegisteredEvent(this, registration));
    Map<Voice, Health> said = new EnumMap<>(Voice.class);
    said.put(Voice.READINESS, health(availability.getReadinessState()));
    if (health != null) {
      said.put(Voice.GROUP, ask(health));
    }
    running = true;
    registry.register(registration, said);
    // An event that came before the registration was there has changed nothing.
    registry.say(registration, Voice.READINESS, health(availability.getReadinessState()));
    if (health != null) {
      askRegularly(health);
    }
    events.publishEvent(
        new InstanceRegisteredEvent<>(this, description.properties().registration()));
  }

  private void askRegularly(ApplicationHealth health) {
    ScheduledExecutorService thread =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread made = new Thread(task, "rollcall-health-group");
              made.setDaemon(true);
              return made;
            });
    thread.scheduleWithFixedDelay(
        () -> registry.say(registration, Voice.GROUP, ask(health)),
        healthInterval.toNanos(),
        healthInterval.toNanos(),
        TimeUnit.NANOSECONDS);
    asking = thread;
  }

  private static Health ask(ApplicationHealth health) {
    try {
      return health.current();
    } catch (RuntimeException e) {
      LOG.debug("The health group could not be asked", e);
      return Health.CRITICAL;
    }
  }

  private static Health health(ReadinessState state) {
    return state == ReadinessState.ACCEPTING_TRAFFIC ? Health.PASSING : Health.CRITICAL;
  }

  /** Takes the event's state: the bean that keeps the present one may hear of it later. */
  @Override
  public void onApplicationEvent(AvailabilityChangeEvent<?> event) {
    if (running && event.getState() instanceof ReadinessState state) {
      registry.say(registration, Voice.READINESS, health(state));
    }
  }

  /** Without a thread that waits: the web server stops when the callback is run. */
  @Override
  public void stop(Runnable callback) {
    end();
    registry
        .leave(registration)
        .whenComplete(
            (gone, failure) -> {
              if (failure != null) {
                LOG.warn("Not deregistered: {}", failure.getMessage());
              }
              callback.run();
            });
  }

  @Override
  public void stop() {
    end();
    registry.deregister(registration);
  }

  /** Called when the bean is destroyed, too: after a start that failed nobody stops it. */
  void end() {
    running = false;
    ScheduledExecutorService ended = asking;
    asking = null;
    if (ended != null) {
      ended.shutdownNow();
    }
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  @Override
  public int getPhase() {
    return PHASE;
  }
}
