package dev.rollcall.engine;

import dev.rollcall.Registry;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The subscriber of a {@link Flow.Subscriber} to the states of a view, of the catalog or of keys.
 * It calls that as listeners are called: a worker at a time, never a publishing or requesting
 * thread. What is not asked for is not kept: each request is answered with the state that is the
 * latest then.
 *
 * <p>{@code link} is emptied in one step by the thread that ends the subscription, so that one
 * thread signals the end and none anything after it. {@code requested} is added to by any thread
 * and taken from by the running worker. {@code begun} and {@code given} are the running worker's,
 * and after the last one those of the thread that has emptied {@code link}, which waits for that.
 */
final class FlowSubscriber<S> extends Subscriber implements Flow.Subscription {
  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);

  /** Tells which states are given. */
  @FunctionalInterface
  interface News<S> {
    /**
     * Tells whether a state is given after another one.
     *
     * @param given null before the first
     * @param latest which may be none yet
     */
    boolean after(@Nullable S given, S latest);
  }

  private final Dispatcher dispatcher;
  private final List<Subscriber> among;
  private final News<S> news;
  private final String what;
  private final @Nullable String service;
  private final AtomicReference<@Nullable Link<S>> link;
  private final AtomicLong requested = new AtomicLong();
  private volatile long badRequest = 1;
  private boolean begun;
  private @Nullable S given;

  /** From where to whom, as long as the subscription lasts. */
  private record Link<S>(Supplier<S> states, Flow.Subscriber<? super S> to) {}

  /**
   * Creates one that has given nothing; {@link #signal()} follows.
   *
   * @param states gives the latest one; kept as long as the subscription lasts
   * @param to null is refused, as Reactive Streams' rule 1.9 wants it
   * @param among those that are signalled with this one
   * @param what is published, for the log
   * @param service of which the observer is told; null where it is told nothing
   */
  FlowSubscriber(
      Dispatcher dispatcher,
      Supplier<S> states,
      News<S> news,
      Flow.Subscriber<? super S> to,
      List<Subscriber> among,
      String what,
      @Nullable String service) {
    super(dispatcher);
    this.dispatcher = dispatcher;
    this.link = new AtomicReference<>(new Link<>(states, Objects.requireNonNull(to, "subscriber")));
    this.news = news;
    this.among = among;
    this.what = what;
    this.service = service;
  }

  @Override
  void deliver() {
    try {
      begin();
      if (badRequest < 1) {
        refuse(new IllegalArgumentException("request: " + badRequest + " (expected: 1 or more)"));
      } else {
        next();
      }
    } catch (Throwable thrown) {
      threw(thrown);
      cancel();
      LOG.warn("a subscriber of {} has thrown; its subscription is cancelled", what(), thrown);
    }
  }

  @Override
  @Nullable String service() {
    return service;
  }

  @Override
  String what() {
    return what;
  }

  private void begin() {
    Link<S> present = link.get();
    if (!begun && present != null) {
      begun = true;
      calling();
      present.to.onSubscribe(this);
    }
  }

  private void next() {
    Link<S> present = link.get();
    if (present == null || requested.get() == 0) {
      return;
    }
    S latest = present.states.get();
    if (news.after(given, latest)) {
      requested.updateAndGet(left -> left == Long.MAX_VALUE ? left : left - 1);
      given = latest;
      calling();
      present.to.onNext(latest);
    }
  }

  @Override
  public void request(long n) {
    if (n < 1) {
      badRequest = n;
    } else {
      requested.updateAndGet(before -> before + n < 0 ? Long.MAX_VALUE : before + n);
    }
    signal();
  }

  @Override
  public void cancel() {
    link.set(null);
    shut();
  }

  /** Ends with a failure, on the calling thread, which may be the running worker's. */
  void refuse(Throwable why) {
    Link<S> last = link.getAndSet(null);
    shut();
    awaitQuiet(Long.MAX_VALUE);
    if (last != null) {
      if (!begun) {
        begun = true;
        last.to.onSubscribe(this);
      }
      last.to.onError(why);
    }
  }

  /** Where it was not the subscriber that ended this, it was the registry. */
  @Override
  void detach() {
    among.remove(this);
    if (link.get() != null) {
      dispatcher.run(this::complete);
    }
  }

  private void complete() {
    awaitQuiet(Long.MAX_VALUE); // a subscriber hears one thing at a time
    try {
      Link<S> last = link.getAndSet(null);
      if (last != null) {
        if (!begun) {
          begun = true;
          last.to.onSubscribe(this);
        }
        last.to.onComplete();
      }
    } catch (Throwable thrown) {
      LOG.warn("a subscriber of {} has thrown when told of the end", what(), thrown);
    }
  }
}
