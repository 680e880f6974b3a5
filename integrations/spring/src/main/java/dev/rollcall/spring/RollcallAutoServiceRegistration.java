package dev.rollcall.spring;

import dev.rollcall.Health;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spring.RollcallRegistration.Voice;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.cloud.client.discovery.event.InstancePreRegisteredEvent;
import org.springframework.cloud.client.discovery.event.InstanceRegisteredEvent;
import org.springframework.cloud.client.serviceregistry.AutoServiceRegistration;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.ApplicationListener;
import org.springframework.context.SmartLifecycle;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

/**
 * Registers this application while it runs. Its place in the context's lifecycle is the point: it
 * starts after the web server and that of the actuator, so that their ports are known, and stops
 * before both, so that callers have left when the web server stops.
 *
 * <p>The instance passes while the application is ready for traffic, so not before all runners are
 * through, and while its health group is up, where one is named. That group is asked by a daemon
 * thread of this class, since it may block.
 *
 * <p>{@link #start} and {@link #stop} are called by the context, one at a time; {@code running} is
 * volatile for {@link #isRunning}. Events come on any thread.
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
  private final @Nullable ApplicationHealth group;
  private final ApplicationEventPublisher events;
  private final ThreadPoolTaskScheduler asking = new ThreadPoolTaskScheduler();
  private volatile boolean running;

  RollcallAutoServiceRegistration(
      RollcallServiceRegistry registry,
      RollcallRegistration registration,
      SelfDescription description,
      @Nullable ApplicationHealth group,
      ApplicationEventPublisher events) {
    this.registry = registry;
    this.registration = registration;
    this.description = description;
    this.group = group;
    this.events = events;
    asking.setThreadNamePrefix("rollcall-health-group-");
    asking.setDaemon(true);
    registration.say(Voice.READINESS, Health.CRITICAL);
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
    RollcallProperties.Registration settings = description.properties().registration();
    events.publishEvent(new InstancePreRegisteredEvent(this, registration));
    running = true;
    ApplicationHealth asked = group;
    if (asked != null) {
      registration.say(Voice.GROUP, Health.CRITICAL);
      asking.initialize();
      asking.scheduleWithFixedDelay(() -> ask(asked), settings.healthInterval());
    }
    registry.register(registration);
    events.publishEvent(new InstanceRegisteredEvent<>(this, settings));
  }

  private void ask(ApplicationHealth group) {
    Health now = Health.CRITICAL;
    try {
      now = group.current();
    } catch (RuntimeException e) {
      LOG.debug("The health group could not be asked", e);
    }
    registration.say(Voice.GROUP, now);
  }

  /** Hears of it from the beginning: until the application says so, it is not ready. */
  @Override
  public void onApplicationEvent(AvailabilityChangeEvent<?> event) {
    if (event.getState() instanceof ReadinessState state) {
      boolean ready = state == ReadinessState.ACCEPTING_TRAFFIC;
      registration.say(Voice.READINESS, ready ? Health.PASSING : Health.CRITICAL);
    }
  }

  @Override
  public void stop() {
    end();
    try {
      registry.deregister(registration);
    } catch (RegistryException e) {
      LOG.warn("Not deregistered: {}", e.getMessage());
    }
  }

  /** Called when the bean is destroyed, too: after a start that failed nobody stops it. */
  void end() {
    running = false;
    asking.shutdown();
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
