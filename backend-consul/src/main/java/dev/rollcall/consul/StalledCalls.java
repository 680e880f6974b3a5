package dev.rollcall.consul;

import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Finds the calls that wait on connections which have died without a word.
 *
 * <p>A network that drops packets, or a router that has forgotten a connection, tells the client
 * nothing. A call on such a connection waits for its whole deadline, and a blocking query may have
 * one of minutes, although the agent answers on any new connection.
 *
 * <p><b>Algorithm.</b> A <em>silence</em> is a second or more in which at least one call that
 * should have been answered at once waited, and none was answered. The first answer after a silence
 * proves that the agent works. So the idle connections, which are older than the silence, are
 * dropped with that answer; and each call that was waiting then and still waits {@link #GRACE}
 * later is interrupted, to be sent again on a new connection. An agent that was only stopped
 * answers what is in its sockets within the grace. A slow agent under load has no silence: it
 * answers some call every second.
 *
 * <p>The monitor of this object guards all fields. The interruptions and {@code dropIdle} are
 * called outside it, by the threads that read answers and by the timer's.
 */
final class StalledCalls {
  private static final long SILENCE_NANOS = Duration.ofSeconds(1).toNanos();

  /** How long an agent that answers again has for what it was asked before. */
  static final Duration GRACE = Duration.ofMillis(500);

  private final Timer timer;
  private final Runnable dropIdle;
  private final Set<Waiting> waiting = new LinkedHashSet<>();
  private long answeredNanos;
  private boolean givenUp; // a prompt call has waited for a second in vain, since the last answer

  /** A call of which no byte of the answer has come. */
  final class Waiting {
    private final boolean prompt;
    private final Runnable interrupt;
    private final long sentNanos = timer.nanoTime();
    private boolean stalled; // guarded by the monitor of StalledCalls

    private Waiting(boolean prompt, Runnable interrupt) {
      this.prompt = prompt;
      this.interrupt = interrupt;
    }

    /** The answer has begun to come. */
    void answered() {
      StalledCalls.this.answered(this);
    }

    /** Tells whether it was interrupted here, and is to be sent again. */
    boolean isStalled() {
      synchronized (StalledCalls.this) {
        return stalled;
      }
    }

    /** The attempt is over, answered or not. */
    void end() {
      StalledCalls.this.end(this);
    }
  }

  /**
   * Creates one without calls.
   *
   * @param dropIdle closes the connections that no call uses
   */
  StalledCalls(Timer timer, Runnable dropIdle) {
    this.timer = timer;
    this.dropIdle = dropIdle;
    answeredNanos = timer.nanoTime();
  }

  /**
   * Takes note of a call that begins.
   *
   * @param prompt whether the agent answers it at once: not so a blocking query
   * @param interrupt ends the attempt; does not block
   */
  synchronized Waiting begin(boolean prompt, Runnable interrupt) {
    Waiting call = new Waiting(prompt, interrupt);
    waiting.add(call);
    return call;
  }

  private void answered(Waiting call) {
    List<Waiting> suspects;
    synchronized (this) {
      long now = timer.nanoTime();
      boolean silence = now - answeredNanos >= SILENCE_NANOS && (givenUp || isOverdue(now));
      answeredNanos = now;
      givenUp = false;
      waiting.remove(call);
      if (!silence) {
        return;
      }
      suspects = List.copyOf(waiting);
    }
    dropIdle.run();
    if (!suspects.isEmpty()) {
      timer.schedule(() -> interrupt(suspects), GRACE);
    }
  }

  private boolean isOverdue(long now) {
    return waiting.stream().anyMatch(call -> call.prompt && now - call.sentNanos >= SILENCE_NANOS);
  }

  private void end(Waiting call) {
    boolean inVain;
    synchronized (this) {
      if (!waiting.remove(call) || call.stalled) {
        return;
      }
      inVain = call.prompt && timer.nanoTime() - call.sentNanos >= SILENCE_NANOS;
      givenUp |= inVain;
    }
    if (inVain) {
      dropIdle.run();
    }
  }

  private void interrupt(List<Waiting> suspects) {
    List<Waiting> stalled;
    synchronized (this) {
      stalled = suspects.stream().filter(waiting::contains).toList();
      stalled.forEach(call -> call.stalled = true);
    }
    stalled.forEach(call -> call.interrupt.run());
  }
}
