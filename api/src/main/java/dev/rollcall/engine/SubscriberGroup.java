package dev.rollcall.engine;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The subscribers of all listeners of one thing, due together: a change enters the queue once and
 * wakes one thread, however many listen, and what it costs for each of them is little more than the
 * call.
 */
final class SubscriberGroup extends Dispatchable {
  private final List<? extends Subscriber> subscribers;

  /** Signals a list as it is when it comes to that; it must bear being changed meanwhile. */
  SubscriberGroup(Dispatcher dispatcher, List<? extends Subscriber> subscribers) {
    super(dispatcher);
    this.subscribers = subscribers;
  }

  @Override
  void deliver(Dispatcher.Worker worker) {
    boolean observed = observation().isOn();
    for (Subscriber subscriber : subscribers) {
      if (worker.isReplaced()) {
        return; // another one begins anew: a subscriber that was emptied costs it nothing
      }
      worker.step();
      subscriber.attempt(observed);
    }
  }

  @Override
  int subscribers() {
    return subscribers.size();
  }

  @Override
  @Nullable String service() {
    return subscribers.stream().findFirst().map(Subscriber::service).orElse(null);
  }

  @Override
  boolean isShared() {
    return true;
  }
}
