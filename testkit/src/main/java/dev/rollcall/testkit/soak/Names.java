package dev.rollcall.testkit.soak;

import dev.rollcall.InstanceKey;
import java.util.ArrayList;
import java.util.List;

/** What one soak calls its services and keys: nobody else's, in a store that others may use too. */
final class Names {
  static final int SERVICES = 4;
  static final int IDS = 8;
  static final int KEYS = 12;

  /** Registered once and left alone: whatever happens, nobody may see one of these leave. */
  static final int STEADY = 6;

  private final String run;

  Names(long seed) {
    // Two soaks of one seed in one store are told apart as well.
    run = "soak-" + Long.toHexString(seed & 0xffff) + Long.toHexString(System.nanoTime() & 0xffff);
  }

  String run() {
    return run;
  }

  String service(int number) {
    return run + "-" + number;
  }

  String steady() {
    return run + "-steady";
  }

  boolean isOwn(String service) {
    return service.startsWith(run + "-");
  }

  List<String> services() {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < SERVICES; i++) {
      all.add(service(i));
    }
    all.add(steady());
    return all;
  }

  InstanceKey instance(int service, int id) {
    return new InstanceKey(service(service), "i" + id);
  }

  String prefix() {
    return run + "/";
  }

  String key(int number) {
    return prefix() + "k" + number;
  }
}
