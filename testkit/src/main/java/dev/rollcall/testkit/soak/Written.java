package dev.rollcall.testkit.soak;

import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.ServiceInstance;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All that was ever written, so that what is seen can be recognised. Each write has a serial
 * number, and every field follows from the number: a number that is known says what the whole
 * instance must look like. Thread-safe: all is guarded by {@code this}.
 */
final class Written {
  private static final String SERIAL = "serial";

  /**
   * Whether a store replaces an instance in one step. Consul does not: it takes the checks of
   * before out after it has put the new fields in, and for a moment shows these in the health of
   * those.
   */
  private final boolean atomic;

  private final Map<InstanceKey, Integer> numbers = new HashMap<>();
  private int[] keys = new int[1024]; // by serial
  private int[] claims = new int[1024]; // by serial
  private int last;

  Written(boolean atomic) {
    this.atomic = atomic;
  }

  /** Returns an instance that was never there before, to be written by a claim. */
  synchronized ServiceInstance next(InstanceKey key, int claim) {
    int serial = ++last;
    if (serial == keys.length) {
      keys = Arrays.copyOf(keys, serial * 2);
      claims = Arrays.copyOf(claims, serial * 2);
    }
    keys[serial] = number(key);
    claims[serial] = claim;
    return instance(key, serial);
  }

  private int number(InstanceKey key) {
    return numbers.computeIfAbsent(key, any -> numbers.size() + 1);
  }

  /** Returns the number of the write that an instance comes from, 0 where it comes from none. */
  static int serial(ServiceInstance seen) {
    try {
      return Integer.parseInt(seen.metadata().getOrDefault(SERIAL, "0"));
    } catch (NumberFormatException malformed) {
      return 0;
    }
  }

  /** Returns which claim has written an instance, 0 where none has. */
  synchronized int claim(ServiceInstance seen) {
    int serial = serial(seen);
    return serial < 1 || serial > last ? 0 : claims[serial];
  }

  /** Returns what is wrong with an instance that somebody was shown, or null. */
  synchronized @Nullable String fault(ServiceInstance seen) {
    int serial = serial(seen);
    if (serial < 1 || serial > last) {
      return "nobody has written " + shown(seen);
    }
    if (keys[serial] != number(seen.key())) {
      return shown(seen) + " was written under another key";
    }
    ServiceInstance written = instance(seen.key(), serial);
    if (!seen.equals(written)
        && !seen.equals(written.withHealth(Health.CRITICAL))
        && (atomic || !seen.equals(written.withHealth(Health.WARNING)))) {
      return shown(seen) + " was written as " + shown(written);
    }
    return null;
  }

  static String shown(ServiceInstance instance) {
    return instance.key() + " #" + serial(instance) + " " + instance.health();
  }

  private static ServiceInstance instance(InstanceKey key, int serial) {
    return ServiceInstance.builder(key.service())
        .id(key.id())
        .address("127.0.0.1", 1 + serial % 60_000)
        .tag("t" + serial % 5)
        .metadata(SERIAL, Integer.toString(serial))
        .metadata("words", "é ☃ " + serial)
        .weight(1 + serial % 100)
        .zone("z" + serial % 3)
        .health(health(serial))
        .build();
  }

  private static Health health(int serial) {
    return serial % 11 == 0 ? Health.CRITICAL : serial % 7 == 0 ? Health.WARNING : Health.PASSING;
  }
}
