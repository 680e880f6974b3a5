package dev.rollcall.memory;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import dev.rollcall.spi.support.SerialDelivery;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An open watch, with a bounded mailbox. One that is full is emptied, and the sink gets the whole
 * state next: a slow sink costs bounded memory and loses intermediate states alone.
 *
 * <p>{@link #close()} does not wait: a call that was taken from the mailbox is still made. {@code
 * told} and {@code synced} belong to the thread that is delivering; every other field that is not
 * final is guarded as {@link SerialDelivery} says.
 */
final class Watcher extends SerialDelivery implements RegistryBackend.Watch {
  private static final int MAX_CALLS = 1024;
  private static final Logger LOG = LoggerFactory.getLogger(MemoryStore.class);
  static final Watcher[] NONE = {};
  static final int MAX_PENDING = 4096;

  private final Ledger ledger;
  private final Selector selector;
  private final WatchSink sink;

  private final ArrayDeque<Delivery> mailbox = new ArrayDeque<>(4);
  private boolean overflowed;
  private @Nullable RegistryException lost;

  private final Map<String, String> told = new HashMap<>(2);
  private boolean synced;

  Watcher(Ledger ledger, Selector selector, WatchSink sink) {
    super(MAX_CALLS, ledger::later);
    this.ledger = ledger;
    this.selector = selector;
    this.sink = sink;
  }

  Selector selector() {
    return selector;
  }

  /** Puts something into the mailbox; tells whether the caller has to {@link #deliver()} it. */
  synchronized boolean offer(Delivery delivery) {
    if (isShut() || lost != null) {
      return false;
    }
    if (!overflowed) {
      if (mailbox.size() < MAX_PENDING) {
        mailbox.add(delivery);
      } else {
        mailbox.clear();
        overflowed = true;
      }
    }
    return claim();
  }

  /**
   * Makes a failure the last thing that the sink hears; tells whether the caller has to deliver.
   */
  synchronized boolean lose(RegistryException cause) {
    if (isShut() || lost != null) {
      return false;
    }
    lost = cause;
    return claim();
  }

  /** Forgets what is pending, since the caller is about to deliver the state of this moment. */
  synchronized void resynced() {
    mailbox.clear();
    overflowed = false;
  }

  @Override
  protected @Nullable Runnable next() {
    if (overflowed) {
      return () -> deliver(ledger.resync(this));
    }
    Delivery next = mailbox.poll();
    if (next != null) {
      return () -> deliver(next);
    }
    RegistryException end = lost;
    return end == null
        ? null
        : () -> {
          sink.interrupted(end);
          close();
        };
  }

  @Override
  protected void failed(Throwable thrown) {
    LOG.error("a watch sink threw, and stays subscribed", thrown);
  }

  @Override
  public void close() {
    ledger.detach(this);
    synchronized (this) {
      shut();
      mailbox.clear();
    }
  }

  private void deliver(Delivery delivery) {
    if (delivery instanceof Delivery.Changed changed) {
      sink.apply(changed.events(), changed.revision());
    } else if (delivery instanceof Delivery.Withheld withheld) {
      tell(withheld.service(), withheld.reason());
    } else if (delivery instanceof Delivery.State state) {
      sink.replace(selector, state.instances(), state.revision());
      for (String service : told.keySet().toArray(new String[0])) {
        if (!state.withheld().containsKey(service)) {
          tell(service, "");
        }
      }
      state.withheld().forEach(this::tell);
      if (!synced) {
        synced = true;
        sink.synced();
      }
    }
  }

  private void tell(String service, String reason) {
    String before = reason.isEmpty() ? told.remove(service) : told.put(service, reason);
    if (!Objects.requireNonNullElse(before, "").equals(reason)) {
      sink.withholding(service, reason);
    }
  }
}
