package dev.rollcall.memory;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An open watch: a bounded queue and the thread that is emptying it.
 *
 * <p><b>Design.</b> What changes is put into the mailbox under the store's lock, so every watcher
 * gets it in the store's order. It is given to the sink outside of every lock, by the thread that
 * made the change, unless somebody is already at it: then that one goes on. So calls are serial, a
 * sink that changes the store from within a call finds itself behind the present call in the
 * mailbox, and with one thread a change has been delivered when the call that made it returns. A
 * thread that has delivered {@value #TURN} times leaves the rest to the timer: nobody works for the
 * others for ever.
 *
 * <p>A mailbox that is full is emptied, and the sink gets the whole state next: a slow sink costs
 * bounded memory and loses intermediate states alone.
 *
 * <p>{@link #close()} does not wait: a call that was taken from the mailbox is still made.
 *
 * <p><b>Guards.</b> The monitor of this object guards the mailbox and the flags; it is taken after
 * the store's lock, never before. {@code told} and {@code synced} belong to the thread that is
 * delivering.
 */
final class Watcher implements RegistryBackend.Watch {
  static final Watcher[] NONE = {};
  static final int MAX_PENDING = 4096;

  private static final int TURN = 1024;
  private static final Logger LOG = LoggerFactory.getLogger(MemoryStore.class);

  private final Ledger ledger;
  private final Selector selector;
  private final WatchSink sink;

  private final ArrayDeque<Delivery> mailbox = new ArrayDeque<>(4);
  private boolean overflowed;
  private boolean draining;
  private boolean closed;
  private @Nullable RegistryException lost;

  private final Map<String, String> told = new HashMap<>(2);
  private boolean synced;

  Watcher(Ledger ledger, Selector selector, WatchSink sink) {
    this.ledger = ledger;
    this.selector = selector;
    this.sink = sink;
  }

  Selector selector() {
    return selector;
  }

  /** Puts something into the mailbox; tells whether the caller has to {@link #drain()} it. */
  synchronized boolean offer(Delivery delivery) {
    if (closed || lost != null) {
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

  /** Makes a failure the last thing that the sink hears; tells whether the caller has to drain. */
  synchronized boolean lose(RegistryException cause) {
    if (closed || lost != null) {
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

  /** Delivers what is pending. For whom {@link #offer} told to, once. */
  void drain() {
    for (int i = 0; i < TURN; i++) {
      Delivery next;
      RegistryException end;
      synchronized (this) {
        end = mailbox.isEmpty() && !overflowed ? lost : null;
        if (closed || (end == null && mailbox.isEmpty() && !overflowed)) {
          draining = false;
          return;
        }
        next = mailbox.poll();
      }
      try {
        if (end != null) {
          sink.interrupted(end);
          close();
        } else {
          deliver(next == null ? ledger.resync(this) : next);
        }
      } catch (Throwable thrown) {
        LOG.error("a watch sink threw, and stays subscribed", thrown);
      }
    }
    ledger.later(this::drain);
  }

  @Override
  public void close() {
    ledger.detach(this);
    synchronized (this) {
      closed = true;
      mailbox.clear();
    }
  }

  private boolean claim() {
    boolean free = !draining;
    draining = true;
    return free;
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
