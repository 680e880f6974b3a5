package dev.rollcall.spi.support;

import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Makes the calls that wait in a mailbox, one at a time and under no lock, without a thread of its
 * own.
 *
 * <p>Design: a class that extends this has the mailbox, and decides what a newer call replaces. A
 * thread that has put something into it makes the calls that wait, unless another thread is at it:
 * then that one makes them too. So calls come in the order of the mailbox, a callee that adds to
 * the mailbox finds its own behind the present call, and with one thread everything has been called
 * when {@link #deliver()} returns. A thread that has made many calls leaves the rest to an
 * executor: no thread works for the others for ever.
 *
 * <p>Thread-safe. The monitor of this object guards the flags here and the mailbox. No call is made
 * under it.
 *
 * @since 0.1.0
 */
public abstract class SerialDelivery {
  private final int maxCalls;
  private final Executor others;
  private boolean delivering;
  private boolean closed;

  /**
   * Creates one that is idle.
   *
   * @param maxCalls how many calls a thread makes before it leaves the rest to others
   * @param others where the rest is done
   */
  protected SerialDelivery(int maxCalls, Executor others) {
    this.maxCalls = maxCalls;
    this.others = others;
  }

  /**
   * Takes the next call out of the mailbox. Called under the monitor.
   *
   * @return null where none waits
   */
  protected abstract @Nullable Runnable next();

  /**
   * Takes note of what a call has thrown; those that follow are made all the same. Under no lock.
   *
   * @param thrown not an outcome of the contract's
   */
  protected abstract void failed(Throwable thrown);

  /**
   * Takes the part of making the calls. To be called under the monitor, with something added.
   *
   * @return whether the caller has it, and is to {@link #deliver()} once it has left its locks
   */
  protected final boolean claim() {
    boolean free = !delivering;
    delivering = true;
    return free;
  }

  /**
   * Tells whether no call is made any more. To be called under the monitor.
   *
   * @return whether it was closed
   */
  protected final boolean isShut() {
    return closed;
  }

  /**
   * Begins no further call; one that was taken from the mailbox is still made. To be called under
   * the monitor.
   */
  protected final void shut() {
    closed = true;
  }

  /** Makes the calls that wait. For whom {@link #claim()} told to, once. */
  public final void deliver() {
    for (int i = 0; i < maxCalls; i++) {
      Runnable call;
      synchronized (this) {
        call = closed ? null : next();
        if (call == null) {
          delivering = false;
          return;
        }
      }
      try {
        call.run();
      } catch (Throwable thrown) {
        failed(thrown);
      }
    }
    others.execute(this::deliver);
  }
}
