package dev.rollcall.engine;

import dev.rollcall.Absence;
import dev.rollcall.InstanceKey;
import dev.rollcall.Registration;
import dev.rollcall.RegistryObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Writes down what it is told, one line a call. */
final class RecordingObserver implements RegistryObserver {
  private final List<String> told = new CopyOnWriteArrayList<>();

  /** Returns the lines since the last call. */
  List<String> taken() {
    List<String> taken = List.copyOf(told);
    told.clear();
    return taken;
  }

  List<String> told() {
    return told;
  }

  @Override
  public void watchOpened(String service) {
    told.add("watch of " + service + " opened");
  }

  @Override
  public void watchChanged(String service, Transition<WatchState> transition) {
    told.add("watch of " + service + ": " + shown(transition));
  }

  @Override
  public void protectionBegan(String service) {
    told.add(service + " protected");
  }

  @Override
  public void protectionEnded(String service, Duration after) {
    told.add(service + " unprotected after " + after);
  }

  @Override
  public void changeDelivered(String service, Duration lag, long conflated) {
    told.add("change of " + service + ": lag " + lag + ", conflated " + conflated);
  }

  @Override
  public void registrationOpened(InstanceKey key) {
    told.add(key + " opened");
  }

  @Override
  public void registrationChanged(InstanceKey key, Transition<Registration.State> transition) {
    told.add(key + ": " + shown(transition));
  }

  @Override
  public void deregistered(InstanceKey key) {
    told.add(key + " deregistered");
  }

  @Override
  public void storeCalled(StoreCall call) {
    told.add(
        call.verb()
            + " of "
            + call.service()
            + " took "
            + call.took()
            + call.failure().map(failure -> ", " + failure.kind()).orElse(""));
  }

  @Override
  public void ejected(InstanceKey key, Duration duration) {
    told.add(key + " ejected for " + duration);
  }

  @Override
  public void lookupFailed(String service, Absence.Reason reason) {
    told.add("none of " + service + ": " + reason);
  }

  @Override
  public void listenerReturned(String service, Duration took) {
    told.add("listener of " + service + " returned after " + took);
  }

  @Override
  public void listenerThrew(String service, Duration took, Throwable thrown) {
    told.add("listener of " + service + " threw " + thrown.getMessage() + " after " + took);
  }

  @Override
  public void listenerSlow(String service) {
    told.add("listener of " + service + " is slow");
  }

  @Override
  public void missed(long count) {
    told.add("missed " + count);
  }

  private static String shown(Transition<?> transition) {
    return transition.from()
        + " -> "
        + transition.to()
        + " after "
        + transition.after()
        + (transition.reason().isEmpty() ? "" : ", " + transition.reason());
  }
}
