package dev.rollcall.consul;

import dev.rollcall.testkit.server.ConsulServerBuilder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Servers of one kind, each lent to one test at a time and healed when it comes back. There are as
 * many as tests have run beside each other. Thread-safe.
 */
final class ConsulPool implements AutoCloseable {
  private final ConsulServerBuilder kind;
  private final Deque<ConsulFaults> idle = new ArrayDeque<>();
  private final List<ConsulFaults> all = new ArrayList<>();

  ConsulPool(ConsulServerBuilder kind) {
    this.kind = kind;
  }

  ConsulFaults borrow() {
    synchronized (this) {
      if (!idle.isEmpty()) {
        return idle.pop();
      }
    }
    ConsulFaults launched = new ConsulFaults(kind.launch());
    synchronized (this) {
      all.add(launched);
    }
    return launched;
  }

  void giveBack(ConsulFaults faults) {
    faults.heal();
    synchronized (this) {
      idle.push(faults);
    }
  }

  @Override
  public synchronized void close() {
    all.forEach(ConsulFaults::close);
  }
}
