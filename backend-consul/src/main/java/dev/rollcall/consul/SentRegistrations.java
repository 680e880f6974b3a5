package dev.rollcall.consul;

import java.time.Duration;
import java.util.concurrent.CancellationException;

/**
 * What one owner has sent to the agent to register one instance, as far as that matters for taking
 * it out again.
 *
 * <p>The agent works on each connection by itself. A registration that this client has given up may
 * lie in a socket that nobody reads while the agent is stopped, or on its way, and run when the
 * agent goes on, after requests that were sent and answered later; nothing that is sent afterwards
 * can fence it. What is certain is that an agent that reads its sockets reads that one too. So such
 * a registration counts as run once the agent has answered for {@link #SETTLING} without a gap, or
 * {@value #ENOUGH} requests with none unanswered in between, as the renewals of one that lives on
 * are; then, and not before, "it is not there" is an answer.
 *
 * <p>All fields are guarded by {@code this}. Writers are OkHttp's thread, when it begins to send,
 * and the threads that hear the answers.
 */
final class SentRegistrations {
  /** Between two answers the agent may have been stopped for as long as they lie apart. */
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
