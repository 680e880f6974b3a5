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
import java.util.concurrent.ConcurrentHashMap;
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
  private final Map<Key, Counter> counters = new ConcurrentHashMap<>();
  private final Map<Key, Timer> timers = new ConcurrentHashMap<>();
  private final Map<String, Timer> calls = new ConcurrentHashMap<>(); // by verb and outcome
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
            watches.put(
                state, gauge("rollcall.watches", "Open watches", Tag.of("state", lower(state)))));
    KEPT.forEach(
        state ->
            registrations.put(
                state,
                gauge(
                    "rollcall.registrations",
                    "Registrations that are kept up",
                    Tag.of("state", lower(state)))));
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

  /**
   * One of the meters that there are after the first time.
   *
   * @param service as a tag, empty for none
   * @param tag the name of another tag, empty for none
   * @param value of that tag
   */
  private record Key(String name, String description, String service, String tag, String value) {
    Tags and(Tags common) {
      Tags all = service.isEmpty() ? common : common.and("service", service);
      return tag.isEmpty() ? all : all.and(tag, value);
    }
  }

  private void count(Key key, double by) {
    Counter counter = counters.get(key);
    if (counter == null) {
      counter =
          counters.computeIfAbsent(
              key,
              absent ->
                  Counter.builder(absent.name())
                      .description(absent.description())
                      .tags(absent.and(tags))
                      .register(meters));
    }
    counter.increment(by);
  }

  private void time(Key key, Duration took) {
    Timer timer = timers.get(key);
    if (timer == null) {
      timer =
          timers.computeIfAbsent(
              key,
              absent ->
                  Timer.builder(absent.name())
                      .description(absent.description())
                      .tags(absent.and(tags))
                      .register(meters));
    }
    timer.record(took);
  }

  private Key of(String name, String description, String service) {
    return of(name, description, service, "", "");
  }

  private Key of(String name, String description, String service, String tag, String value) {
    return new Key(name, description, services.of(service), tag, value);
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
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
          of("rollcall.watch.interruptions", "Times that the stream of a watch was lost", service),
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
        of(
            "rollcall.changes.lag",
            "From when a change came to when a listener was called",
            service),
        lag);
    count(
        of(
            "rollcall.changes.conflated",
            "States that a listener was not given, as there was a later one",
            service),
        (double) conflated);
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
        of(
            "rollcall.registrations.events",
            "What has become of registrations",
            key.service(),
            "event",
            event),
        1);
  }

  @Override
  public void storeCalled(StoreCall call) {
    String outcome = call.failure().map(failure -> lower(failure.kind())).orElse("success");
    calls
        .computeIfAbsent(lower(call.verb()) + ' ' + outcome, absent -> timer(call.verb(), outcome))
        .record(call.took());
  }

  private Timer timer(Verb verb, String outcome) {
    return Timer.builder("rollcall.store.calls")
        .description("Calls of the store; those that renew are the heartbeats")
        .tags(tags.and("verb", lower(verb), "outcome", outcome))
        .register(meters);
  }

  @Override
  public void ejected(InstanceKey key, Duration duration) {
    count(
        of(
            "rollcall.ejections",
            "Instances that were not picked for a while, as they had failed a caller",
            key.service()),
        1);
  }

  @Override
  public void lookupFailed(String service, Absence.Reason reason) {
    count(
        of(
            "rollcall.lookups.failed",
            "Look-ups that found no instance",
            service,
            "reason",
            lower(reason)),
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
        of(
            "rollcall.listener.calls",
            "Calls of the application's listeners",
            service,
            "outcome",
            outcome),
        took);
  }

  @Override
  public void listenerSlow(String service) {
    count(
        of(
            "rollcall.listener.slow",
            "Times that a listener kept others waiting, and cost a thread",
            service),
        1);
  }

  @Override
  public void missed(long count) {
    missed.increment((double) count);
  }
}
