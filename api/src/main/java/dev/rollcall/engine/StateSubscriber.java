package dev.rollcall.engine;

import dev.rollcall.Arguments;
import dev.rollcall.InstanceKey;
import dev.rollcall.Registration.State;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The subscriber of a listener of a registration's state. Every state is delivered, in order: they
 * are few, and "lost, then active again" must not read as "active".
 */
final class StateSubscriber extends Subscriber {
  private final InstanceKey of;
  private final Consumer<State> listener;
  private final List<StateSubscriber> among;
  private final Set<StateSubscriber> listening;
  private final Queue<State> states = new ConcurrentLinkedQueue<>();

  /**
   * Creates one that has nothing to deliver.
   *
   * @param among those of the registration
   * @param listening those of the registry, which outlive their registrations
   */
  StateSubscriber(
      Dispatcher dispatcher,
      InstanceKey of,
      Consumer<State> listener,
      List<StateSubscriber> among,
      Set<StateSubscriber> listening) {
    super(dispatcher);
    this.of = of;
    this.listener = Arguments.notNull("listener", listener, "");
    this.among = among;
    this.listening = listening;
  }

  /** Adds a state; {@link #signal()} follows. */
  void add(State state) {
    states.add(state);
  }

  @Override
  void deliver() {
    @Nullable State next = states.poll();
    if (next != null) {
      try {
        calling();
        listener.accept(next);
      } finally {
        if (next == State.CLOSED || next == State.FENCED) {
          detach(); // nothing follows
        } else if (!states.isEmpty()) {
          signal();
        }
      }
    }
  }

  @Override
  String service() {
    return of.service();
  }

  @Override
  String what() {
    return "the state of " + of;
  }

  @Override
  void detach() {
    among.remove(this);
    listening.remove(this);
  }
}
