package dev.rollcall.engine;

import dev.rollcall.Registry;
import dev.rollcall.RegistryObserver;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The subscriber of the application's {@link RegistryObserver}. What it is to be told waits in a
 * queue, to which any thread adds under no lock, and a worker takes it from there as it does with
 * what listeners are given: so a slow observer keeps nobody waiting. {@code complained} is the
 * running worker's.
 */
final class ObserverSubscriber extends Subscriber {
  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);
  static final int MAX_WAITING = 10_000;

  /** How much is told before listeners have their turn. */
  private static final int BATCH = 100;

  private final RegistryObserver observer;
  private final Queue<Consumer<RegistryObserver>> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicInteger size = new AtomicInteger();
  private final AtomicLong missed = new AtomicLong();
  private boolean complained;

  ObserverSubscriber(Dispatcher dispatcher, RegistryObserver observer) {
    super(dispatcher);
    this.observer = observer;
  }

  /** Tells something soon. */
  void add(Consumer<RegistryObserver> what) {
    if (size.incrementAndGet() > MAX_WAITING) {
      size.decrementAndGet();
      missed.incrementAndGet();
    } else {
      waiting.add(what);
    }
    signal();
  }

  @Override
  void deliver() {
    for (int left = BATCH; left > 0; left--) {
      Consumer<RegistryObserver> next = waiting.poll();
      if (next == null) {
        break;
      }
      size.decrementAndGet();
      tell(next);
    }
    long count = missed.getAndSet(0);
    if (count > 0) {
      tell(to -> to.missed(count));
    }
    if (!waiting.isEmpty()) {
      signal();
    }
  }

  private void tell(Consumer<RegistryObserver> what) {
    try {
      what.accept(observer);
    } catch (Throwable thrown) {
      if (complained) {
        LOG.debug("the observer has thrown", thrown);
      } else {
        complained = true;
        LOG.warn("the observer has thrown; it goes on being told (said once)", thrown);
      }
    } finally {
      Thread.interrupted(); // as with listeners: it is not for the next one
    }
  }

  @Override
  String what() {
    return "the registry itself";
  }

  @Override
  void detach() {}
}
