package dev.rollcall.server.access;

import java.util.concurrent.ConcurrentHashMap;

/**
 * How much of something each client holds, with a bound. Thread-safe; keeps nothing of a client
 * that holds none.
 */
final class ClientQuota {
  private final int most;
  private final ConcurrentHashMap<String, Integer> held = new ConcurrentHashMap<>();

  ClientQuota(int most) {
    this.most = most;
  }

  boolean take(String client) {
    boolean[] taken = new boolean[1];
    held.compute(
        client,
        (key, count) -> {
          int before = count == null ? 0 : count;
          taken[0] = before < most;
          return taken[0] ? Integer.valueOf(before + 1) : count;
        });
    return taken[0];
  }

  void giveBack(String client) {
    held.computeIfPresent(client, (key, count) -> count == 1 ? null : count - 1);
  }

  int held() {
    return held.values().stream().mapToInt(Integer::intValue).sum();
  }
}
