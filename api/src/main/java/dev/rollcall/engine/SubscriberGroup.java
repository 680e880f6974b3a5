package dev.rollcall.engine;

import java.util.List;

/**
 * The mailboxes of all listeners of one thing, due together: a change enters the queue once and
 * wakes one thread, however many listen, and what it costs for each of them is little more than the
 * call.
 */
final class SubscriberGroup extends Dispatchable {
  private final List<? extends Subscriber> mailboxes;

  /** Signals a list as it is when it comes to that; it must bear being changed meanwhile. */
  SubscriberGroup(Dispatcher dispatcher, List<? extends Subscriber> mailboxes) {
    super(dispatcher);
    this.mailboxes = mailboxes;
  }

  @Override
  void deliver(Dispatcher.Worker worker) {
    for (Subscriber mailbox : mailboxes) {
      if (worker.isReplaced()) {
        return; // another one begins anew: a mailbox that was emptied costs it nothing
      }
      worker.step();
      mailbox.attempt();
    }
  }

  @Override
  int mailboxes() {
    return mailboxes.size();
  }

  @Override
  boolean isShared() {
    return true;
  }
}
