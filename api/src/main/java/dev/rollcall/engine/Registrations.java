package dev.rollcall.engine;

import dev.rollcall.Arguments;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.RegistrationStatus;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.HealthChecker;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.BrokenClassPath;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All registrations of one registry: it begins them, hurries those that wait when the store answers
 * again, and has them leave together. Thread-safe; no lock is taken. {@code closed} is set before
 * {@link #leave} looks at the map, and read by {@link #begin} after it has added to it, so that one
 * of the two ends a registration that begins meanwhile.
 */
final class Registrations {
  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);

  /** The streams of one store come back together; one round serves them all. */
  private static final Duration ROUND = Duration.ofMillis(50);

  private final RegistrationContext context;
  private final HealthChecker checker;

  /** By number, so that the order in which they are gone through hangs on nothing by chance. */
  private final ConcurrentHashMap<Long, StoreRegistration> registrations =
      new ConcurrentHashMap<>();

  private final UUID owners = UUID.randomUUID();
  private final AtomicLong begun = new AtomicLong();
  private final AtomicBoolean answering = new AtomicBoolean();
  private volatile boolean closed;

  /**
   * Creates one that has none.
   *
   * @param checker runs the checks that the store cannot
   * @param deadline of registrations and deregistrations
   */
  Registrations(
      RegistryBackend backend,
      Timer timer,
      Machine machine,
      Dispatcher dispatcher,
      Answers answers,
      OutageLog outages,
      HealthChecker checker,
      Duration deadline) {
    this.checker = checker;
    this.context =
        new RegistrationContext(
            backend,
            timer,
            machine,
            dispatcher,
            answers,
            new StoreContact(timer, this::storeAnswers, outages),
            deadline,
            ConcurrentHashMap.newKeySet());
  }

  /** Returns whether the store answers, as the registrations know it. */
  StoreContact contact() {
    return context.contact();
  }

  /** Returns, of the listeners to registrations' states, those that may still be called. */
  Set<StateSubscriber> listening() {
    return context.listening();
  }

  List<RegistrationStatus> status() {
    return new TreeMap<>(registrations).values().stream().map(StoreRegistration::status).toList();
  }

  CompletableFuture<Registration> register(
      ServiceInstance instance, Liveness liveness, Claim claim) {
    StoreRegistration registration = begin(instance, liveness, claim);
    Duration deadline = context.deadline();
    CompletableFuture<Registration> answer =
        context
            .answers()
            .of(
                registration.active(),
                deadline,
                () -> {
                  RegistryException late =
                      registration.late(
                          "not registered within " + deadline + "; may have arrived, being undone");
                  registration.deregister();
                  return late;
                });
    answer.whenComplete(
        (registered, failed) -> {
          if (failed != null) { // cancelled, too
            registration.deregister();
          }
        });
    return answer;
  }

  Registration announce(ServiceInstance instance, Liveness liveness) {
    StoreRegistration registration = begin(instance, liveness, Claim.TAKE_OVER);
    FailureLog failureLog = new FailureLog();
    registration
        .active()
        .whenComplete(
            (active, failed) -> {
              if (failed != null) { // no future tells why
                RegistryException why = Failures.of(failed);
                if (BrokenClassPath.isCauseOf(why)) {
                  failureLog.failed(instance.key(), why);
                } else if (why.kind() != RegistryException.Kind.CONFLICT) { // closed, or fenced
                  LOG.warn("refused: {}: {}", instance.key(), why.getMessage());
                }
              }
            });
    return registration;
  }

  private StoreRegistration begin(ServiceInstance instance, Liveness liveness, Claim claim) {
    Arguments.notNull("instance", instance, "");
    Arguments.notNull("liveness", liveness, () -> ", instance " + instance.key());
    if (closed) {
      throw Failures.closed();
    }
    if (!liveness.checks().isEmpty() && !context.backend().capabilities().runsChecks()) {
      liveness.checks().forEach(checker::admit);
    }
    long number = begun.getAndIncrement();
    StoreRegistration registration =
        new StoreRegistration(
            context, owner(number), instance, liveness, claim, () -> ended(number));
    registrations.put(number, registration);
    registration.start(checker);
    if (closed) {
      registration.deregister();
    }
    return registration;
  }

  /** As unique as a random UUID each, whose cost would be a fifth of a registration's in memory. */
  private String owner(long number) {
    return new UUID(owners.getMostSignificantBits(), owners.getLeastSignificantBits() + number)
        .toString();
  }

  private void ended(long number) {
    registrations.remove(number);
    if (registrations.isEmpty()) {
      contact().idle();
    }
  }

  /** A stream works again, which proves it for all. */
  void streamAnswers() {
    contact().answered();
    storeAnswers();
  }

  /** The store answers again: those that wait for their next attempt need not wait on. */
  private void storeAnswers() {
    if (answering.compareAndSet(false, true)) {
      context
          .timer()
          .schedule(
              () -> {
                answering.set(false);
                registrations.values().forEach(StoreRegistration::storeAnswers);
              },
              ROUND);
    }
  }

  /** Begins none any more, and has all of them leave; returns them. */
  LeavingRegistrations leave() {
    closed = true;
    LeavingRegistrations leaving =
        new LeavingRegistrations(List.copyOf(registrations.values()), context);
    leaving.begin();
    return leaving;
  }
}
