package dev.rollcall.engine;

import dev.rollcall.Registry;
import dev.rollcall.Snapshot;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The subscriber of a {@link Flow.Subscriber}, which it calls as listeners are called: a worker at
 * a time, never a publishing or requesting thread. What is not asked for is not kept: each request
 * is answered with the state that is the latest then.
 *
 * <p>{@code link} is emptied in one step by the thread that ends the subscription, so that one
 * thread signals the end and none anything after it. {@code requested} is added to by any thread
 * and taken from by the running worker. {@code begun} and {@code given} are the running worker's,
 * and after the last one those of the thread that has emptied {@code link}, which waits for that.
 */
final class SnapshotSubscriber extends Subscriber implements Flow.Subscription {
  private static final Logger LOG = LoggerFactory.getLogger(Registry.class);

  private final Dispatcher dispatcher;
  private final List<Subscriber> among;
  private final AtomicReference<@Nullable Link> link;
  private final AtomicLong requested = new AtomicLong();
  private volatile long badRequest = 1;
  private boolean begun;
  private ViewSnapshot given;

  /** From where to whom, as long as the subscription lasts. */
  private record Link(Supplier<ViewSnapshot> states, Flow.Subscriber<? super Snapshot> to) {}

  SnapshotSubscriber(
      Dispatcher dispatcher,
      Supplier<ViewSnapshot> states,
      Flow.Subscriber<? super Snapshot> to,
      List<Subscriber> among) {
    super(dispatcher);
    this.dispatcher = dispatcher;
    this.link = new AtomicReference<>(new Link(states, to));
    this.among = among;
    this.given = InstanceCache.nothing(states.get().service());
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
  String service() {
    return given.service();
  }

  @Override
  String what() {
    return "service " + given.service();
  }

  private void begin() {
    Link present = link.get();
    if (!begun && present != null) {
      begun = true;
      calling();
      present.to.onSubscribe(this);
    }
  }

  private void next() {
    Link present = link.get();
    if (present == null || requested.get() == 0) {
      return;
    }
    ViewSnapshot latest = present.states.get();
    if (isNews(latest)) {
      requested.updateAndGet(left -> left == Long.MAX_VALUE ? left : left - 1);
      given = latest;
      calling();
      present.to.onNext(latest);
    }
  }

  private boolean isNews(ViewSnapshot latest) {
    return latest.version() > 0
        && (given.version() == 0
            || ServiceSubscriber.isNews(given.freshness(), latest.freshness())
            || !(latest.all().isSame(given.all()) || latest.all().equals(given.all())));
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
    Link last = link.getAndSet(null);
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
      Link last = link.getAndSet(null);
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
