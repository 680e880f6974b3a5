package dev.rollcall.engine;

import jdk.jfr.Category;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.StackTrace;

/**
 * What all {@link FlightEvents} have in common: off by default, and without a stack. It has no
 * fields, since a recording shows those of a class above after the event's own.
 */
@Category("Rollcall")
@Enabled(false)
@StackTrace(false)
abstract class FlightEvent extends Event {}
