package dev.rollcall.testkit;

import dev.rollcall.InstanceKey;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.ServiceInstance;
import org.jspecify.annotations.Nullable;

/** What the application knows of one of its registrations; its port is no other one's. */
final class SimulatedRegistration {
  final SimulatedHost host;
  final int port;
  final InstanceKey key;
  final boolean permanent;
  @Nullable Registration registration;

  /** The application was told that the store holds it. */
  boolean acknowledged;

  /** The application wants it no more: it was told so, or has told so. */
  boolean left;

  /** The store has confirmed that it is gone. */
  boolean gone;

  /** The store has refused to remove it, or could not be told before the registry was closed. */
  boolean mayStay;

  @Nullable SimulatedListener<State> listener;
  private @Nullable State last;

  SimulatedRegistration(SimulatedHost host, int port, InstanceKey key, boolean permanent) {
    this.host = host;
    this.port = port;
    this.key = key;
    this.permanent = permanent;
  }

  /** Takes the next state that a listener is given; returns what is wrong with it, or nothing. */
  String next(State state) {
    State before = last;
    last = state;
    acknowledged |= state == State.ACTIVE;
    if (before == state) {
      return "twice in a row";
    }
    boolean over = before == State.CLOSED || before == State.FENCED;
    return over ? "after " + before : "";
  }

  /** Tells whether its listener was given a state last, if it still listens. */
  boolean isTold(State state) {
    return listener == null || listener.isClosed() || state == last;
  }

  boolean isFenced() {
    return registration != null && registration.state() == State.FENCED;
  }

  boolean isOf(ServiceInstance instance) {
    return instance.port() == port;
  }

  @Override
  public String toString() {
    return key + ":" + port + (permanent ? " permanent" : "");
  }
}
