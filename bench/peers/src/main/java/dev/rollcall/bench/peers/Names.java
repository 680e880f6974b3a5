package dev.rollcall.bench.peers;

import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** A reader's way through the names, as Rollcall's own benchmarks go it. */
@State(Scope.Thread)
public class Names {
  static final int SERVICES = 1000;
  static final int EACH = 10;

  private final String[] names = new String[SERVICES];
  private int at;

  /** Creates names that are equal to the keys and not identical with them. */
  public Names() {
    for (int i = 0; i < SERVICES; i++) {
      names[i] = new String(name(i).toCharArray());
    }
  }

  static String name(int service) {
    return "service-" + service;
  }

  final String next() {
    int now = at + 1;
    at = now == SERVICES ? 0 : now;
    return names[at];
  }
}
