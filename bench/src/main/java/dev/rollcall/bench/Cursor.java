package dev.rollcall.bench;

import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** A reader's way through the names, one a thread. */
@State(Scope.Thread)
public class Cursor {
  /** How many services a look-up benchmark has; a power of two would favour none of the maps. */
  static final int SERVICES = 1000;

  private final String[] names = Fleet.callersNames(SERVICES);
  private int at;

  /** Creates a cursor at the first name. */
  public Cursor() {}

  final String next() {
    int now = at + 1;
    at = now == SERVICES ? 0 : now;
    return names[at];
  }
}
