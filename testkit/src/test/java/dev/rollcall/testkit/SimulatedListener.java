package dev.rollcall.testkit;

import dev.rollcall.Subscription;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a listener behaves in the simulation, and what holds for all of them: calls come one at a
 * time, and none once its subscription was closed. What it is given it gives to whoever checks
 * that.
 */
final class SimulatedListener<C> {
  private final SimulatedWorld world;
  private final SimulatedHost host;
  private final String name;
  private final Consumer<C> given;
  private final double slow;
  private final double throwing;
  private final boolean leaving;
  private @Nullable Subscription subscription;
  private boolean busy;
  private boolean closed;

  SimulatedListener(SimulatedWorld world, SimulatedHost host, String name, Consumer<C> given) {
    this.world = world;
    this.host = host;
    this.name = name;
    this.given = given;
    this.slow = world.chance(0.2) ? 0.5 : 0;
    this.throwing = world.chance(0.2) ? 0.5 : 0;
    this.leaving = world.chance(0.05);
  }

  String name() {
    return name;
  }

  void subscribed(Subscription by) {
    subscription = by;
  }

  boolean isClosed() {
    return closed;
  }

  /** Takes note that nothing may come any more. */
  void closed() {
    closed = true;
  }

  /** Closes the subscription. */
  void close() {
    if (subscription != null && !closed) {
      subscription.close();
      closed = true;
    }
  }

  void accept(C what) {
    if (host.isDead()) {
      return;
    }
    world.check(!closed, () -> name + " is called after it was closed");
    world.check(!busy, () -> name + " is called while it is called");
    busy = true;
    try {
      given.accept(what);
      if (leaving && world.chance(0.3)) {
        close();
      }
      if (slow > 0 && world.canBlock() && world.chance(slow)) {
        world.await(() -> false, world.between(1, 2500));
      }
      if (throwing > 0 && world.chance(throwing)) {
        throw new Thrown();
      }
    } finally {
      busy = false;
    }
  }

  /** What a listener throws that throws; without a stack, which costs more than all the rest. */
  private static final class Thrown extends RuntimeException {
    private static final long serialVersionUID = 1;

    Thrown() {
      super("a listener throws", null, false, false);
    }
  }
}
