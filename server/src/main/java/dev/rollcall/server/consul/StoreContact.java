package dev.rollcall.server.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.Futures;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Whether the store behind the centre is heard of, and when it last was. A store in this process
 * always is. Another one is asked once a second, since a watch may take long to notice that nothing
 * arrives any more; one that has not answered for {@link #SILENCE} is not heard of.
 *
 * <p><b>Guards.</b> All fields that change are volatile. {@code live}, {@code known} and {@code
 * heardNanos} of a stream are written by the store's callbacks, and {@code heardNanos} by the
 * answers to questions too: each writes a moment at which the store was heard, so that whichever is
 * last is as good as the other.
 */
final class StoreContact implements AutoCloseable {
  /** How long a store may be silent until it counts as lost. */
  static final Duration SILENCE = Duration.ofSeconds(3);

  private static final Duration BEAT = Duration.ofSeconds(1);

  /** What is asked for: a service that nobody has, so that the answer is short. */
  private static final String ASKED = "rollcall-centre-asks";

  private final RegistryBackend backend;
  private final Timer timer;
  private final boolean isStoreInProcess;
  private final Stream catalog = new Stream();
  private final Stream keys = new Stream();
  private volatile boolean failing;
  private volatile boolean closed;

  StoreContact(RegistryBackend backend, Timer timer, boolean isStoreInProcess) {
    this.backend = backend;
    this.timer = timer;
    this.isStoreInProcess = isStoreInProcess;
  }

  void start() {
    if (!isStoreInProcess) {
      beat();
    }
  }

  /** Returns the stream of instances. */
  Stream catalog() {
    return catalog;
  }

  /** Returns the stream of keys. */
  Stream keys() {
    return keys;
  }

  boolean isStoreInProcess() {
    return isStoreInProcess;
  }

  /** Asks the store now; completes with whether it has answered in time. */
  CompletableFuture<Boolean> ask() {
    if (isStoreInProcess) {
      return CompletableFuture.completedFuture(true);
    }
    long asked = timer.nanoTime();
    return asking()
        .handle(
            (answer, failed) -> {
              boolean answered = failed == null || isRefusal(failed);
              failing = !answered;
              if (answered) {
                catalog.heard(asked);
                keys.heard(asked);
              }
              return answered;
            });
  }

  private CompletableFuture<Object> asking() {
    CompletableFuture<Object> asking = new CompletableFuture<>();
    try {
      backend
          .snapshot(Selector.service(ASKED))
          .whenComplete(
              (listing, failed) -> {
                if (failed == null) {
                  asking.complete(listing);
                } else {
                  asking.completeExceptionally(failed);
                }
              });
    } catch (RegistryException closing) {
      asking.completeExceptionally(closing);
    }
    return asking.orTimeout(SILENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static boolean isRefusal(Throwable failed) {
    return Futures.cause(failed) instanceof RegistryException refused
        && refused.kind() != RegistryException.Kind.UNAVAILABLE;
  }

  private void beat() {
    if (!closed) {
      ask().whenComplete((answered, failed) -> timer.schedule(this::beat, BEAT));
    }
  }

  @Override
  public void close() {
    closed = true;
  }

  /** What the store tells of one kind of thing. */
  final class Stream {
    private volatile boolean known;
    private volatile boolean live;
    private volatile long heardNanos;

    private Stream() {}

    /** The first state is here, or the lost one is again. */
    void synced() {
      heardNanos = timer.nanoTime();
      known = true;
      live = true;
    }

    void interrupted() {
      live = false;
    }

    private void heard(long atNanos) {
      if (live) {
        heardNanos = atNanos;
      }
    }

    /** Tells whether the store's first state has been here. */
    boolean isKnown() {
      return known;
    }

    /** Tells whether the store's first state is here, and it is heard of. */
    boolean isSynced() {
      return live && isHeard();
    }

    /** Tells whether what is shown is the store's present state. */
    boolean isHeard() {
      return isStoreInProcess
          || (live && !failing && timer.nanoTime() - heardNanos <= SILENCE.toNanos());
    }

    /** Returns how old what is shown may be. */
    Duration age() {
      return isHeard()
          ? Duration.ZERO
          : Duration.ofNanos(Math.max(1_000_000, timer.nanoTime() - heardNanos));
    }

    /**
     * Refuses to answer before there is a state to answer with.
     *
     * @throws RefusedException as Consul does without a leader
     */
    void requireKnown() {
      if (!isStoreInProcess && !known) {
        throw noLeader();
      }
    }

    /**
     * Refuses what only the store's present state can answer.
     *
     * @throws RefusedException as Consul does without a leader
     */
    void requireHeard() {
      if (!isHeard()) {
        throw noLeader();
      }
    }

    /**
     * Refuses to write where that is known to fail. A store that was not heard of yet may be there
     * all the same.
     *
     * @throws RefusedException as Consul does without a leader
     */
    void requireWritable() {
      if (known ? !isHeard() : failing) {
        throw noLeader();
      }
    }

    /** Says in an answer's headers how old it is. */
    Answer aged(Answer answer) {
      return isHeard()
          ? answer
          : answer
              .with(Answer.KNOWN_LEADER, "false")
              .with(Answer.LAST_CONTACT, Long.toString(age().toMillis()));
    }
  }

  static RefusedException noLeader() {
    return RefusedException.query("No cluster leader");
  }
}
