package dev.rollcall.engine;

import dev.rollcall.Absence;
import dev.rollcall.InstanceKey;
import dev.rollcall.Registration.State;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryObserver;
import dev.rollcall.RegistryObserver.StoreCall;
import dev.rollcall.RegistryObserver.Transition;
import dev.rollcall.RegistryObserver.Verb;
import dev.rollcall.RegistryObserver.WatchState;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one registry tells of itself: transitions to the log, and these and all the rest to the
 * flight recorder and to the application's observer. Outages are the {@link OutageLog}'s, which
 * needs a memory for its lines.
 *
 * <p>Any thread of the engine calls, and a thread that looked something up and found nothing; none
 * holds a lock. The log and the flight recorder are told by that thread, the application's observer
 * by a worker of the {@link Dispatcher}. Where there is no observer and the flight recorder has
 * never been in use, a call costs two reads.
 */
final class Observation {
  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);

  /** Null where the image or the module graph has no flight recorder. */
  private static final @Nullable FlightObserver FLIGHT = flight();

  private final Timer timer;
  private final @Nullable ObserverSubscriber observer;

  /** Creates one without an observer. */
  Observation(Timer timer) {
    this.timer = timer;
    this.observer = null;
  }

  /**
   * Creates one.
   *
   * @param dispatcher calls the observer
   * @param observer the application's; null where it has none
   */
  Observation(Timer timer, Dispatcher dispatcher, @Nullable RegistryObserver observer) {
    this.timer = timer;
    this.observer = observer == null ? null : new ObserverSubscriber(dispatcher, observer);
  }

  private static @Nullable FlightObserver flight() {
    Module own = Observation.class.getModule();
    return ModuleLayer.boot().findModule("jdk.jfr").filter(own::canRead).isPresent()
        ? new FlightObserver()
        : null;
  }

  /** Tells whether anybody but the log may listen. */
  boolean isOn() {
    return observer != null || isRecording();
  }

  private static boolean isRecording() {
    return FLIGHT != null && FLIGHT.isRecording();
  }

  private void tell(Consumer<RegistryObserver> what) {
    if (FLIGHT != null && FLIGHT.isRecording()) {
      what.accept(FLIGHT);
    }
    if (observer != null) {
      observer.add(what);
    }
  }

  private Duration since(long nanos) {
    return new Timestamp(timer, nanos).age();
  }

  void watchOpened(String service) {
    if (isOn()) {
      tell(to -> to.watchOpened(service));
    }
  }

  void watchChanged(String service, Transition<WatchState> transition) {
    tell(to -> to.watchChanged(service, transition));
  }

  void protectionBegan(String service) {
    LOG.info(
        "protected: service {}: too many are gone at once; those that accept connections stay",
        service);
    if (isOn()) {
      tell(to -> to.protectionBegan(service));
    }
  }

  void protectionEnded(String service, Duration after) {
    LOG.info("unprotected: service {}, after {}", service, OutageLog.shown(after));
    if (isOn()) {
      tell(to -> to.protectionEnded(service, after));
    }
  }

  void registrationOpened(InstanceKey key) {
    if (isOn()) {
      tell(to -> to.registrationOpened(key));
    }
  }

  /** Tells whether a change to a state is to be told to anybody. */
  boolean isNews(State next) {
    return switch (next) {
      case LOST, FENCED -> true;
      case ACTIVE -> LOG.isInfoEnabled() || isOn();
      case PENDING, CLOSED -> isOn();
    };
  }

  void registrationChanged(InstanceKey key, Transition<State> change) {
    if (change.to() == State.LOST) {
      LOG.warn("lost: {}: {}; it is being registered again", key, change.reason());
    } else if (change.to() == State.FENCED) {
      LOG.warn("fenced: {}: another owner has taken it over", key);
    } else if (change.to() == State.ACTIVE && change.from() == State.LOST) {
      LOG.info("restored: {}, after {}", key, OutageLog.shown(change.after()));
    } else if (change.to() == State.ACTIVE) {
      LOG.info("registered: {}", key);
    }
    if (isOn()) {
      tell(to -> to.registrationChanged(key, change));
    }
  }

  void deregistered(InstanceKey key) {
    LOG.info("deregistered: {}", key);
    if (isOn()) {
      tell(to -> to.deregistered(key));
    }
  }

  void storeCalled(
      Verb verb, String service, long sinceNanos, @Nullable RegistryException failure) {
    if (isOn()) {
      StoreCall call =
          new StoreCall(verb, service, since(sinceNanos), Optional.ofNullable(failure));
      tell(to -> to.storeCalled(call));
    }
  }

  void ejected(InstanceKey key, Duration duration) {
    if (isOn()) {
      tell(to -> to.ejected(key, duration));
    }
  }

  void lookupFailed(String service, Absence.Reason reason) {
    if (isOn()) {
      tell(to -> to.lookupFailed(service, reason));
    }
  }

  /** A listener was called by the calling thread; asked for only where {@link #isOn} was true. */
  void listenerCalled(String service, long beganNanos, @Nullable Throwable thrown) {
    Duration took = since(beganNanos);
    tell(
        to -> {
          if (thrown == null) {
            to.listenerReturned(service, took);
          } else {
            to.listenerThrew(service, took, thrown);
          }
        });
  }

  /** A listener was given a change; asked for only where {@link #isOn} was true. */
  void changeDelivered(String service, long arrivedNanos, long beganNanos, long conflated) {
    Duration lag = Duration.ofNanos(Math.max(0, beganNanos - arrivedNanos));
    tell(to -> to.changeDelivered(service, lag, conflated));
  }

  void listenerSlow(String service) {
    if (isOn()) {
      tell(to -> to.listenerSlow(service));
    }
  }

  /** Returns the present, for what is told later. */
  long nanoTime() {
    return timer.nanoTime();
  }
}
