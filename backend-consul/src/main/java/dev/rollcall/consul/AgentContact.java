package dev.rollcall.consul;

import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Whether the agent answers, as all calls of a client know it together. What one call finds out,
 * the others need not find out each at the end of its own deadline.
 *
 * <p>A network that drops packets, or a router that has forgotten a connection, tells the client
 * nothing. A call on such a connection waits for its whole deadline, and a blocking query may have
 * one of minutes, although the agent answers on any new connection.
 *
 * <p><b>Algorithm.</b> A <em>silence</em> is a second or more without an answer, in which a call
 * has failed, or has waited for a second that should have been answered at once. The first answer
 * after a silence proves that the agent works. So the idle connections, which are older, are
 * dropped with that answer, and each call that was waiting then and still waits {@link #GRACE}
 * later is interrupted, to be sent again on a new connection. An agent that was only stopped
 * answers what is in its sockets within the grace. A slow agent under load has no silence: it
 * answers some call every second. Where a call has failed in the silence, what this client has
 * registered may be gone, which {@code returned} is for.
 *
 * <p>The monitor of this object guards all fields. The interruptions, {@code dropIdle} and {@code
 * returned} are called outside it, by the threads that read answers and by the timer's.
 */
final class AgentContact {
  private static final long SILENCE_NANOS = Duration.ofSeconds(1).toNanos();

  /** How long an agent that answers again has for what it was asked before. */
  static final Duration GRACE = Duration.ofMillis(500);

  private final Timer timer;
  private final Runnable dropIdle;
  private final Runnable returned;
  private final Set<Waiting> waiting = new LinkedHashSet<>();
  private long answeredNanos;
  private boolean failed; // since the last answer

  /** One attempt of a call, of whose answer no byte has come. */
  final class Waiting {
    private final boolean prompt;
    private final Runnable interrupt;
    private final long sentNanos = timer.nanoTime();
    private boolean stalled; // guarded by the monitor of AgentContact

    private Waiting(boolean prompt, Runnable interrupt) {
      this.prompt = prompt;
      this.interrupt = interrupt;
    }

    private boolean isOverdue(long now) {
      return prompt && now - sentNanos >= SILENCE_NANOS;
    }

    /** The answer has begun to come. */
    void answered() {
      AgentContact.this.answered(this);
    }

    /** The connection has failed. */
    void failed() {
      synchronized (AgentContact.this) {
        failed |= waiting.contains(this);
      }
    }

    /** Tells whether it was interrupted here, and is to be sent again. */
    boolean isStalled() {
      synchronized (AgentContact.this) {
        return stalled;
      }
    }

    /** The attempt is over, answered or not. */
    void end() {
      AgentContact.this.end(this);
    }
  }

  /**
   * Creates one without calls.
   *
   * @param dropIdle closes the connections that no call uses
   * @param returned run with the first answer after a silence in which a call has failed
   */
  AgentContact(Timer timer, Runnable dropIdle, Runnable returned) {
    this.timer = timer;
    this.dropIdle = dropIdle;
    this.returned = returned;
    answeredNanos = timer.nanoTime();
  }

  /**
   * Takes note of an attempt that begins.
   *
   * @param prompt whether the agent answers it at once: not so a blocking query
   * @param interrupt ends the attempt; does not block
   */
  synchronized Waiting begin(boolean prompt, Runnable interrupt) {
    Waiting call = new Waiting(prompt, interrupt);
    waiting.add(call);
    return call;
  }

  /** Tells whether a call has failed since the last answer. */
  synchronized boolean isLost() {
    return failed;
  }

  private void answered(Waiting call) {
    List<Waiting> suspects;
    boolean hadFailed;
    synchronized (this) {
      waiting.remove(call);
      long now = timer.nanoTime();
      boolean quiet = now - answeredNanos >= SILENCE_NANOS;
      boolean silence =
          quiet && (failed || waiting.stream().anyMatch(other -> other.isOverdue(now)));
      hadFailed = failed;
      answeredNanos = now;
      failed = false;
      if (!silence) {
        return;
      }
      suspects = List.copyOf(waiting);
    }
    dropIdle.run();
    if (!suspects.isEmpty()) {
      timer.schedule(() -> interrupt(suspects), GRACE);
    }
    if (hadFailed) {
      returned.run();
    }
  }

  private void end(Waiting call) {
    boolean inVain;
    synchronized (this) {
      inVain = waiting.remove(call) && !call.stalled && call.isOverdue(timer.nanoTime());
      failed |= inVain;
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
