package dev.rollcall.engine;

import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/**
 * The events of the JDK Flight Recorder. All are off until a recording enables them. Their names
 * and fields stand in {@code docs/metrics.md}. A field is written before its event is committed, by
 * one thread.
 */
final class FlightEvents {
  private FlightEvents() {}

  @Name("dev.rollcall.WatchChanged")
  @Label("Watch Changed")
  @Description("A watch was opened, loaded, interrupted, resumed or closed")
  static final class WatchChanged extends FlightEvent {
    @Label("Service")
    String service = "";

    @Label("From")
    String from = "";

    @Label("To")
    String to = "";

    @Label("Time in the State Before")
    @Timespan
    long after;

    @Label("Reason")
    String reason = "";
  }

  @Name("dev.rollcall.Protection")
  @Label("Mass-Loss Protection")
  @Description("Instances of a service that are gone at once are held back, or no more")
  static final class Protection extends FlightEvent {
    @Label("Service")
    String service = "";

    @Label("On")
    boolean on;

    @Label("Time Protected")
    @Timespan
    long after;
  }

  @Name("dev.rollcall.ChangeDelivered")
  @Label("Change Delivered")
  @Description("A listener was given a change of a service's instances")
  static final class ChangeDelivered extends FlightEvent {
    @Label("Service")
    String service = "";

    @Label("Lag")
    @Timespan
    long lag;

    @Label("Conflated States")
    long conflated;
  }

  @Name("dev.rollcall.RegistrationChanged")
  @Label("Registration Changed")
  @Description("A registration was begun, registered, lost, restored, fenced, closed or confirmed")
  static final class RegistrationChanged extends FlightEvent {
    @Label("Service")
    String service = "";

    @Label("Instance")
    String instance = "";

    @Label("From")
    String from = "";

    @Label("To")
    String to = "";

    @Label("Time in the State Before")
    @Timespan
    long after;

    @Label("Reason")
    String reason = "";
  }

  @Name("dev.rollcall.StoreCalled")
  @Label("Store Called")
  @Description("The store has answered a call, or it has failed")
  static final class StoreCalled extends FlightEvent {
    @Label("Verb")
    String verb = "";

    @Label("Service")
    String service = "";

    @Label("Took")
    @Timespan
    long took;

    @Label("Outcome")
    String outcome = "";

    @Label("Failure")
    String failure = "";
  }

  @Name("dev.rollcall.Ejected")
  @Label("Ejected")
  @Description("An instance that has failed a caller is not picked for a while")
  static final class Ejected extends FlightEvent {
    @Label("Service")
    String service = "";

    @Label("Instance")
    String instance = "";

    @Label("Ejected For")
    @Timespan
    long ejectedFor;
  }

  /** With the stack, which is the application's: it says who was looking. */
  @Name("dev.rollcall.LookupFailed")
  @Label("Look-up Failed")
  @Description("There was no instance to pick")
  @StackTrace(true)
  static final class LookupFailed extends FlightEvent {
    @Label("Service")
    String service = "";

    @Label("Reason")
    String reason = "";
  }

  @Name("dev.rollcall.ListenerCalled")
  @Label("Listener Called")
  @Description("A listener of the application has returned or thrown")
  static final class ListenerCalled extends FlightEvent {
    @Label("Service")
    String service = "";

    @Label("Took")
    @Timespan
    long took;

    @Label("Thrown")
    String thrown = "";
  }

  @Name("dev.rollcall.ListenerSlow")
  @Label("Listener Slow")
  @Description("A listener keeps others waiting, which are called on another thread from now on")
  static final class ListenerSlow extends FlightEvent {
    @Label("Service")
    String service = "";
  }
}
