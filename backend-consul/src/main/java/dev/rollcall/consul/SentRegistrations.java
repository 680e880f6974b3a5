package dev.rollcall.consul;

import java.time.Duration;
import java.util.concurrent.CancellationException;

/**
 * The requests by which one owner has registered one instance, as far as a deregistration needs to
 * know them.
 *
 * <p>The agent serves each connection by itself. A registration that this client has given up may
 * lie in a socket of a stopped agent, or be on its way. It may then run after requests that were
 * sent and answered later, and no later request can fence it. But an agent that reads its sockets
 * reads that one too. So such a registration counts as run once the agent has answered for {@link
 * #SETTLING} without a gap, or has answered {@value #ENOUGH} requests in a row, as it does for the
 * renewals of a registration that goes on. Only then does "it is not there" hold for good.
 *
 * <p>All fields are guarded by {@code this}. Writers are OkHttp's thread, when it begins to send,
 * and the threads that hear the answers.
 */
final class SentRegistrations {
  /** In a gap between two answers the agent may have been stopped. */
  private static final long GAP_NANOS = Duration.ofSeconds(3).toNanos();

  private static final int ENOUGH = 12;

  /** Far above what a busy machine needs to read a socket. */
  static final Duration SETTLING = Duration.ofSeconds(5);

  private boolean ever;
  private int unanswered;
  private int answers;
  private long firstNanos;
  private long lastNanos;

  /** One request: run when it begins to be written to a socket, each time that it does. */
  final class Attempt implements Runnable {
    private boolean ended;

    /**
     * Notes that the agent may run it from now on.
     *
     * @throws CancellationException where it has ended: then it must not be sent any more
     */
    @Override
    public void run() {
      synchronized (SentRegistrations.this) {
        if (ended) {
          throw new CancellationException("given up before it was sent");
        }
        ever = true;
        unanswered++;
        answers = 0;
      }
    }

    /** It was answered, so that it has run; or was given up. */
    void end(boolean answered) {
      synchronized (SentRegistrations.this) {
        ended = true;
        if (answered && unanswered > 0) {
          unanswered--;
        }
      }
    }
  }

  /** Tells whether anything was ever sent. */
  synchronized boolean ever() {
    return ever;
  }

  /** Tells whether something may run yet that was sent. */
  synchronized boolean isInDoubt() {
    return unanswered > 0;
  }

  /** The agent has answered another request. */
  synchronized void heard(long beganNanos, long nowNanos) {
    if (answers == 0 || beganNanos - lastNanos > GAP_NANOS) {
      firstNanos = nowNanos;
    }
    answers++;
    lastNanos = nowNanos;
    if (answers >= ENOUGH || beganNanos - firstNanos >= SETTLING.toNanos()) {
      unanswered = 0;
    }
  }

  /** A request was not answered. */
  synchronized void silent() {
    answers = 0;
  }
}
