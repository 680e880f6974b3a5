package dev.rollcall.engine;

import dev.rollcall.Absence;
import dev.rollcall.InstanceKey;
import dev.rollcall.Registration;
import dev.rollcall.RegistryObserver;
import java.time.Duration;
import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;

/**
 * Writes events of the JDK Flight Recorder, those that a recording has enabled ({@link
 * FlightEvents}). The one class, with its events, that needs the module {@code jdk.jfr}: it is
 * loaded where that is there. Thread-safe.
 */
final class FlightObserver implements RegistryObserver {

  /** Tells whether a recording was ever made in this JVM, which all others need not be asked. */
  boolean isRecording() {
    return FlightRecorder.isInitialized();
  }

  @Override
  public void watchOpened(String service) {
    watch(service, null, WatchState.LOADING, Duration.ZERO, "");
  }

  @Override
  public void watchChanged(String service, Transition<WatchState> change) {
    watch(service, change.from(), change.to(), change.after(), change.reason());
  }

  private static void watch(
      String service, @Nullable WatchState from, WatchState to, Duration after, String reason) {
    FlightEvents.WatchChanged event = new FlightEvents.WatchChanged();
    if (event.isEnabled()) {
      event.service = service;
      event.from = from == null ? "" : from.name();
      event.to = to.name();
      event.after = after.toNanos();
      event.reason = reason;
      event.commit();
    }
  }

  @Override
  public void protectionBegan(String service) {
    protection(service, true, Duration.ZERO);
  }

  @Override
  public void protectionEnded(String service, Duration after) {
    protection(service, false, after);
  }

  private static void protection(String service, boolean on, Duration after) {
    FlightEvents.Protection event = new FlightEvents.Protection();
    if (event.isEnabled()) {
      event.service = service;
      event.on = on;
      event.after = after.toNanos();
      event.commit();
    }
  }

  @Override
  public void changeDelivered(String service, Duration lag, long conflated) {
    FlightEvents.ChangeDelivered event = new FlightEvents.ChangeDelivered();
    if (event.isEnabled()) {
      event.service = service;
      event.lag = lag.toNanos();
      event.conflated = conflated;
      event.commit();
    }
  }

  @Override
  public void registrationOpened(InstanceKey key) {
    registration(key, "", Registration.State.PENDING.name(), Duration.ZERO, "");
  }

  @Override
  public void registrationChanged(InstanceKey key, Transition<Registration.State> change) {
    registration(key, change.from().name(), change.to().name(), change.after(), change.reason());
  }

  @Override
  public void deregistered(InstanceKey key) {
    registration(key, Registration.State.CLOSED.name(), "DEREGISTERED", Duration.ZERO, "");
  }

  private static void registration(
      InstanceKey key, String from, String to, Duration after, String reason) {
    FlightEvents.RegistrationChanged event = new FlightEvents.RegistrationChanged();
    if (event.isEnabled()) {
      event.service = key.service();
      event.instance = key.id();
      event.from = from;
      event.to = to;
      event.after = after.toNanos();
      event.reason = reason;
      event.commit();
    }
  }

  @Override
  public void storeCalled(StoreCall call) {
    FlightEvents.StoreCalled event = new FlightEvents.StoreCalled();
    if (event.isEnabled()) {
      event.verb = call.verb().name();
      event.service = call.service();
      event.took = call.took().toNanos();
      event.outcome = call.failure().map(failure -> failure.kind().name()).orElse("SUCCESS");
      event.failure = call.failure().map(Throwable::getMessage).orElse("");
      event.commit();
    }
  }

  @Override
  public void ejected(InstanceKey key, Duration duration) {
    FlightEvents.Ejected event = new FlightEvents.Ejected();
    if (event.isEnabled()) {
      event.service = key.service();
      event.instance = key.id();
      event.ejectedFor = duration.toNanos();
      event.commit();
    }
  }

  @Override
  public void lookupFailed(String service, Absence.Reason reason) {
    FlightEvents.LookupFailed event = new FlightEvents.LookupFailed();
    if (event.isEnabled()) {
      event.service = service;
      event.reason = reason.name();
      event.commit();
    }
  }

  @Override
  public void listenerReturned(String service, Duration took) {
    listener(service, took, "");
  }

  @Override
  public void listenerThrew(String service, Duration took, Throwable thrown) {
    listener(service, took, thrown.getClass().getName());
  }

  private static void listener(String service, Duration took, String thrown) {
    FlightEvents.ListenerCalled event = new FlightEvents.ListenerCalled();
    if (event.isEnabled()) {
      event.service = service;
      event.took = took.toNanos();
      event.thrown = thrown;
      event.commit();
    }
  }

  @Override
  public void listenerSlow(String service) {
    FlightEvents.ListenerSlow event = new FlightEvents.ListenerSlow();
    if (event.isEnabled()) {
      event.service = service;
      event.commit();
    }
  }
}
