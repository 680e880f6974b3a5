package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.RetryBackoff;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A blocking query that is repeated: the base of every watch of this module.
 *
 * <p><b>Algorithm.</b> {@code index} is where the next query continues; 0 means a new read, which
 * is consistent and does not wait. It is 0 at the beginning, after <b>any</b> error (the index of a
 * failed answer is meaningless), and when it would go back, since a blocking query on an index that
 * is too high waits in vain. For some 50 ms after an agent's restart, default reads return 200, a
 * leader and an empty list; consistent reads do not.
 *
 * <p><b>Turns.</b> {@code turn} grows with each restart. An answer to a query of an earlier turn is
 * dropped, so that a restart and the answer to a cancelled query cannot cross.
 *
 * <p>All fields are guarded by {@code this}. The follower is called under that lock, so that it
 * takes the answers of two turns in their order. It only takes notes then, and acts on them in
 * {@link Follower#flush}. That, the gateway and the timer are called under no lock.
 */
final class BlockingLoop<T> implements AutoCloseable {
  private static final Duration DOUBT = Duration.ofSeconds(1);

  private static final Duration FIRST_REFUSAL = Duration.ofSeconds(1);

  private static final Duration LAST_REFUSAL = Duration.ofSeconds(10);

  private final Question<T> question;
  private final Follower<T> follower;
  private final ConsulBackendSettings settings;
  private final Timer timer;
  private final SharedBackoff reconnection;
  private final WakeRateLimiter budget;
  private final boolean indexGrows;

  private long index;
  private long delivered;
  private long turn;
  private boolean interrupted;
  private Duration refusal = FIRST_REFUSAL;
  private @Nullable Runnable cancel;
  private @Nullable Runnable waiting; // for its step of the shared back-off
  private boolean closed;

  /** Sends the query. */
  interface Question<T> {
    Pending<Indexed<T>> ask(ReadOptions read);
  }

  /** Receives the answers. */
  interface Follower<T> {

    /**
     * Notes an answer. Under the loop's lock: must not block or call others.
     *
     * @param afterFault whether it is the first one since a failure
     * @param reset whether the store's index went back without a failure
     */
    Verdict answered(T value, long index, boolean afterFault, boolean reset);

    /**
     * Notes that the store cannot be read. Under the loop's lock: must not block or call others.
     */
    void failed(RegistryException cause);

    /** Acts on what was noted; under no lock, by the thread that read the answer. */
    void flush();
  }

  /** How a follower judges an answer. */
  enum Verdict {
    /** It differs from the last one. */
    NEWS,
    /** It says what the last one said. */
    SAME,
    /** It may be wrong, and is to be read again in a second. */
    DOUBTED
  }

  /**
   * Makes a loop that {@link #restart} begins.
   *
   * @param indexGrows whether an index that falls means that the store went back
   */
  BlockingLoop(
      Question<T> question,
      Follower<T> follower,
      ConsulBackendSettings settings,
      Timer timer,
      SharedBackoff reconnection,
      boolean indexGrows) {
    this.question = question;
    this.follower = follower;
    this.settings = settings;
    this.timer = timer;
    this.reconnection = reconnection;
    this.indexGrows = indexGrows;
    this.budget = new WakeRateLimiter(timer);
  }

  /** Reads anew; what is under way is dropped. */
  void restart() {
    long mine;
    Runnable stop;
    Runnable unneeded;
    synchronized (this) {
      if (closed) {
        return;
      }
      index = 0;
      mine = ++turn;
      stop = cancel;
      cancel = null;
      unneeded = waiting;
      waiting = null;
    }
    if (stop != null) {
      stop.run();
    }
    reconnection.withdraw(unneeded);
    ask(mine);
  }

  @Override
  public void close() {
    Runnable stop;
    Runnable unneeded;
    synchronized (this) {
      closed = true;
      turn++;
      stop = cancel;
      cancel = null;
      unneeded = waiting;
      waiting = null;
    }
    if (stop != null) {
      stop.run();
    }
    reconnection.withdraw(unneeded);
    reconnection.abandoned();
  }

  private void ask(long mine) {
    ReadOptions read;
    synchronized (this) {
      if (closed || mine != turn) {
        return;
      }
      read = settings.readAfter(index);
    }
    Pending<Indexed<T>> pending;
    try {
      pending = question.ask(read);
    } catch (LinkageError broken) {
      failed(mine, Watches.cause(broken));
      return;
    }
    boolean late;
    synchronized (this) {
      late = closed || mine != turn;
      if (!late) {
        cancel = pending.cancel();
      }
    }
    if (late) {
      pending.cancel().run();
    }
    var unused =
        pending
            .answer()
            .whenComplete(
                (answer, failed) -> {
                  try {
                    if (failed == null) {
                      answered(mine, read, answer);
                    } else {
                      failed(mine, Watches.cause(failed));
                    }
                  } catch (Throwable broken) {
                    Watches.LOG.error("a watch failed; it goes on", broken);
                    failed(mine, Watches.cause(broken));
                  }
                });
  }

  private void answered(long mine, ReadOptions read, Indexed<T> answer) {
    Duration pause = Duration.ZERO;
    synchronized (this) {
      if (closed || mine != turn) {
        return;
      }
      cancel = null;
      refusal = FIRST_REFUSAL;
      if (indexGrows && read.blocks() && answer.index() < index) {
        index = 0; // gone back: what it says may be an older state, so ask again
      } else {
        boolean reset = indexGrows && answer.index() < delivered && !interrupted;
        switch (follower.answered(answer.value(), answer.index(), interrupted, reset)) {
          case DOUBTED -> {
            index = 0;
            pause = DOUBT;
          }
          case SAME -> {
            accept(answer.index());
            if (read.blocks() && answer.index() != read.index()) {
              pause = budget.spend();
            }
          }
          case NEWS -> accept(answer.index());
        }
      }
    }
    if (pause.isZero()) {
      ask(mine);
    } else {
      timer.schedule(() -> ask(mine), pause);
    }
    follower.flush();
  }

  private void accept(long newIndex) {
    index = newIndex;
    delivered = newIndex;
    interrupted = false;
  }

  private void failed(long mine, RegistryException cause) {
    boolean refused = Watches.isRefusal(cause);
    Runnable again = () -> retry(mine);
    Duration pause;
    synchronized (this) {
      if (closed || mine != turn) {
        return;
      }
      cancel = null;
      index = 0;
      interrupted = true;
      pause = refusal;
      if (refused) {
        refusal = pause.plus(pause).compareTo(LAST_REFUSAL) < 0 ? pause.plus(pause) : LAST_REFUSAL;
      } else {
        waiting = again;
      }
      follower.failed(cause);
    }
    if (refused) {
      timer.schedule(() -> ask(mine), RetryBackoff.spread(pause));
    } else {
      reconnection.failed(again);
    }
    follower.flush();
  }

  private void retry(long mine) {
    boolean mineStill;
    synchronized (this) {
      mineStill = !closed && mine == turn;
    }
    if (mineStill) {
      ask(mine);
    } else {
      reconnection.abandoned();
    }
  }
}
