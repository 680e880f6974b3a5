package dev.rollcall.micrometer;

import dev.rollcall.Absence;
import dev.rollcall.Arguments;
import dev.rollcall.InstanceKey;
import dev.rollcall.Registration;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Measures what registries do, for Micrometer:
 *
 * <pre>{@code
 * Registry registry = Registry.builder(uri).observer(new MicrometerObserver(meters)).build();
 * }</pre>
 *
 * <p>The names, tags and units of all meters are in {@code docs/metrics.md}; a Grafana dashboard of
 * them is beside this class, {@code grafana-dashboard.json}. Every tag has few values, whatever the
 * stores hold: at most {@value #DEFAULT_MAX_SERVICES} services, where no other number is given, are
 * told apart, the first ones that something is told of; all others are {@code other}. Histograms
 * and percentiles of the timers are switched on by Micrometer's own filters.
 *
 * <p>Thread-safe. Several registries may have the same observer: the numbers are then those of all
 * together. Two observers that share a meter registry need different tags, since Micrometer knows a
 * meter by its name and tags. A registry that was closed leaves its counters as they are, and its
 * gauges at zero.
 *
 * @since 0.1.0
 */
public final class MicrometerObserver implements RegistryObserver {
  /** How many services are told apart where no other number is given. */
  public static final int DEFAULT_MAX_SERVICES = 100;

  private static final int MAX_SERVICES = 10_000;

  private static final Set<WatchState> OPEN =
      Set.of(WatchState.LOADING, WatchState.LIVE, WatchState.INTERRUPTED);
  private static final Set<Registration.State> KEPT =
      Set.of(Registration.State.PENDING, Registration.State.ACTIVE, Registration.State.LOST);

  private final MeterRegistry meters;
  private final Tags tags;
  private final ServiceTag services;
  private final Map<WatchState, AtomicInteger> watches = new EnumMap<>(WatchState.class);
  private final Map<Registration.State, AtomicInteger> registrations =
      new EnumMap<>(Registration.State.class);
  private final AtomicInteger protectedServices = new AtomicInteger();
  private final Timer outages;
  private final Counter missed;

  /**
   * Creates an observer that tells {@value #DEFAULT_MAX_SERVICES} services apart.
   *
   * @param meters where the meters are registered; stays the caller's to close
   */
  public MicrometerObserver(MeterRegistry meters) {
    this(meters, Tags.empty(), DEFAULT_MAX_SERVICES);
  }

  /**
   * Creates an observer.
   *
   * @param meters where the meters are registered; stays the caller's to close
   * @param tags added to all meters, for instance the name of the store
   * @param maxServices how many services are told apart, 0 to 10,000
   * @throws RegistryException of kind {@code INVALID} where a value is null or out of its range
   */
  public MicrometerObserver(MeterRegistry meters, Iterable<Tag> tags, int maxServices) {
    this.meters = Arguments.notNull("meters", meters, "");
    this.tags = Tags.of(Arguments.notNull("tags", tags, ""));
    if (maxServices < 0 || maxServices > MAX_SERVICES) {
      throw RegistryException.invalid(
          "maxServices: " + maxServices + " (expected: 0-" + MAX_SERVICES + ")");
    }
    this.services = new ServiceTag(maxServices);
    OPEN.forEach(
        state ->
            watches.put(state, gauge("rollcall.watches", "Open watches", tag("state", state))));
    KEPT.forEach(
        state ->
            registrations.put(
                state,
                gauge(
                    "rollcall.registrations",
                    "Registrations that are kept up",
                    tag("state", state))));
    Gauge.builder("rollcall.services.protected", protectedServices, AtomicInteger::get)
        .description("Services of which mass-loss protection holds instances back")
        .tags(this.tags)
        .strongReference(true)
        .register(meters);
    outages =
        Timer.builder("rollcall.watch.outages")
            .description("How long watches were interrupted, noted when they work again")
            .tags(this.tags)
            .register(meters);
    missed =
        Counter.builder("rollcall.observer.missed")
            .description("What was not measured, as too much waited for that")
            .tags(this.tags)
            .register(meters);
  }

  private AtomicInteger gauge(String name, String description, Tag state) {
    AtomicInteger number = new AtomicInteger();
    Gauge.builder(name, number, AtomicInteger::get)
        .description(description)
        .tags(tags.and(state))
        .strongReference(true)
        .register(meters);
    return number;
  }

  private static Tag tag(String name, Enum<?> value) {
    return Tag.of(name, value.name().toLowerCase(Locale.ROOT));
  }

  private Tags of(String service) {
    return tags.and("service", services.of(service));
  }

  private void count(String name, String description, Tags of, double by) {
    Counter.builder(name).description(description).tags(of).register(meters).increment(by);
  }

  private void time(String name, String description, Tags of, Duration took) {
    Timer.builder(name).description(description).tags(of).register(meters).record(took);
  }

  private static <S> void add(Map<S, AtomicInteger> numbers, S state, int by) {
    AtomicInteger number = numbers.get(state);
    if (number != null) {
      number.addAndGet(by);
    }
  }

  @Override
  public void watchOpened(String service) {
    add(watches, WatchState.LOADING, 1);
  }

  @Override
  public void watchChanged(String service, Transition<WatchState> transition) {
    add(watches, transition.from(), -1);
    add(watches, transition.to(), 1);
    if (transition.to() == WatchState.INTERRUPTED) {
      count(
          "rollcall.watch.interruptions",
          "Times that the stream of a watch was lost",
          of(service),
          1);
    } else if (transition.from() == WatchState.INTERRUPTED && transition.to() == WatchState.LIVE) {
      outages.record(transition.after());
    }
  }

  @Override
  public void protectionBegan(String service) {
    protectedServices.incrementAndGet();
  }

  @Override
  public void protectionEnded(String service, Duration after) {
    protectedServices.decrementAndGet();
  }

  @Override
  public void changeDelivered(String service, Duration lag, long conflated) {
    time(
        "rollcall.changes.lag",
        "From when a change came to when a listener was called",
        of(service),
        lag);
    count(
        "rollcall.changes.conflated",
        "States that a listener was not given, as there was a later one",
        of(service),
        conflated);
  }

  @Override
  public void registrationOpened(InstanceKey key) {
    add(registrations, Registration.State.PENDING, 1);
  }

  @Override
  public void registrationChanged(InstanceKey key, Transition<Registration.State> transition) {
    add(registrations, transition.from(), -1);
    add(registrations, transition.to(), 1);
    event(
        key,
        switch (transition.to()) {
          case PENDING -> "pending";
          case ACTIVE -> transition.from() == Registration.State.LOST ? "restored" : "registered";
          case LOST -> "lost";
          case FENCED -> "fenced";
          case CLOSED -> "closed";
        });
  }

  @Override
  public void deregistered(InstanceKey key) {
    event(key, "deregistered");
  }

  private void event(InstanceKey key, String event) {
    count(
        "rollcall.registrations.events",
        "What has become of registrations",
        of(key.service()).and("event", event),
        1);
  }

  @Override
  public void storeCalled(StoreCall call) {
    time(
        "rollcall.store.calls",
        "Calls of the store; those that renew are the heartbeats",
        tags.and(
            tag("verb", call.verb()),
            call.failure()
                .map(failure -> tag("outcome", failure.kind()))
                .orElse(Tag.of("outcome", "success"))),
        call.took());
  }

  @Override
  public void ejected(InstanceKey key, Duration duration) {
    count(
        "rollcall.ejections",
        "Instances that were not picked for a while, as they had failed a caller",
        of(key.service()),
        1);
  }

  @Override
  public void lookupFailed(String service, Absence.Reason reason) {
    count(
        "rollcall.lookups.failed",
        "Look-ups that found no instance",
        of(service).and(tag("reason", reason)),
        1);
  }

  @Override
  public void listenerReturned(String service, Duration took) {
    listener(service, "success", took);
  }

  @Override
  public void listenerThrew(String service, Duration took, Throwable thrown) {
    listener(service, "failure", took);
  }

  private void listener(String service, String outcome, Duration took) {
    time(
        "rollcall.listener.calls",
        "Calls of the application's listeners",
        of(service).and("outcome", outcome),
        took);
  }

  @Override
  public void listenerSlow(String service) {
    count(
        "rollcall.listener.slow",
        "Times that a listener kept others waiting, and cost a thread",
        of(service),
        1);
  }

  @Override
  public void missed(long count) {
    missed.increment(count);
  }
}
