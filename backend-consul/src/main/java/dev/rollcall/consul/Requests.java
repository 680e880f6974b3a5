package dev.rollcall.consul;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The requests of a feed that are under way, by the turn that they belong to. Thread-safe. */
final class Requests {
  private final Map<Pending<?>, Long> turns = new HashMap<>(); // guarded by this

  /** Keeps a request until it is answered. */
  void add(long turn, Pending<?> pending) {
    synchronized (this) {
      turns.put(pending, turn);
    }
    var unused =
        pending
            .answer()
            .whenComplete(
                (answer, failed) -> {
                  synchronized (this) {
                    turns.remove(pending);
                  }
                });
  }

  /** Cancels those of earlier turns. */
  void cancelBefore(long turn) {
    List<Pending<?>> earlier = new ArrayList<>();
    synchronized (this) {
      turns.forEach(
          (pending, of) -> {
            if (of < turn) {
              earlier.add(pending);
            }
          });
    }
    earlier.forEach(pending -> pending.cancel().run());
  }
}
