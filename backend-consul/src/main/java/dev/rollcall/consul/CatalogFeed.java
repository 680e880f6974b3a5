package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.WatchSink;
import dev.rollcall.spi.support.RetryBackoff;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Watches any number of services by two blocking queries: {@code health/state/any} and {@code
 * catalog/services}. The difference to the last answer names the services that have changed. These
 * are fetched, a few at a time; one that changes again meanwhile is fetched again.
 *
 * <p><b>Blind changes.</b> Each change wakes one of the two queries, but some changes leave both
 * answers as they were: new metadata of another tool's instance, or one more instance without a
 * check. All of these wake {@code catalog/services}, and one answer may cover several changes, of
 * which only some show. So each time that a change has woken that query, all services are fetched
 * ({@link FullRefreshSchedule}); those that the answer names come first. A sweep every ten minutes
 * is a safeguard. (Instances of this library carry a digest of their fields in their check's notes,
 * so that with a check their changes are not blind.)
 *
 * <p><b>Turns.</b> {@code turn} grows with each new beginning: after any error, when an index goes
 * back, and when a watch of everything is added. Answers of an earlier turn are dropped. A turn
 * begins with consistent reads of everything, and is complete when each service was fetched. A
 * watch of one service is told as soon as that service was fetched.
 *
 * <p>All fields that are not final, and {@code state} and {@code sweeps}, are guarded by {@code
 * this}. Mailboxes are filled under it; the gateway, the timer and sinks are called without it.
 */
final class CatalogFeed {
  static final int FETCHES = 4;

  private static final Duration HOLD = Duration.ofSeconds(1);
  private static final Duration REFUSED_PAUSE = Duration.ofSeconds(5);
  private static final Duration SPACING = Duration.ofMillis(20);

  /** After each answer the query rests ten times as long as reading it took. */
  private static final int SHARE = 10;

  private final ConsulGateway gateway;
  private final ConsulBackendSettings settings;
  private final InstanceCodec codec;
  private final Timer timer;
  private final SharedBackoff reconnection;
  private final Requests requests = new Requests();
  private final FullRefreshSchedule sweeps = new FullRefreshSchedule();
  private final CatalogState state = new CatalogState();
  private long turn;
  private @Nullable Runnable waiting; // for its step of the shared back-off
  private boolean running;

  CatalogFeed(
      ConsulGateway gateway,
      ConsulBackendSettings settings,
      InstanceCodec codec,
      Timer timer,
      SharedBackoff reconnection) {
    this.gateway = gateway;
    this.settings = settings;
    this.codec = codec;
    this.timer = timer;
    this.reconnection = reconnection;
  }

  void join(String service, SinkMailbox<WatchSink> sink) {
    boolean first;
    synchronized (this) {
      state.join(service, sink);
      first = !running;
      running = true;
    }
    if (first) {
      begin();
    } else {
      pump();
    }
  }

  void leave(String service, SinkMailbox<WatchSink> sink) {
    synchronized (this) {
      state.leave(service, sink);
    }
    stopIfUnused();
  }

  void joinEverything(SinkMailbox<WatchSink> sink) {
    synchronized (this) {
      state.joinEverything(sink);
      running = true;
    }
    begin();
  }

  void leaveEverything(SinkMailbox<WatchSink> sink) {
    synchronized (this) {
      state.leaveEverything(sink);
    }
    stopIfUnused();
  }

  private void stopIfUnused() {
    long next;
    synchronized (this) {
      if (!state.isUnused() || !running) {
        return;
      }
      running = false;
      next = nextTurn();
    }
    requests.cancelBefore(next);
    reconnection.abandoned();
  }

  /** Ends the turn, under the lock; the requests of earlier ones are to be cancelled. */
  private long nextTurn() {
    state.forget();
    sweeps.fulfilled(timer.nanoTime());
    reconnection.withdraw(waiting);
    waiting = null;
    return ++turn;
  }

  private void begin() {
    long mine;
    synchronized (this) {
      if (!running) {
        return;
      }
      mine = nextTurn();
    }
    requests.cancelBefore(mine);
    askNames(mine);
    askChecks(mine);
  }

  private void askNames(long mine) {
    ReadOptions read;
    synchronized (this) {
      read = settings.readAfter(state.namesIndex());
    }
    request(
        mine,
        () -> Pending.map(gateway.services(read), codec::services),
        answer -> answered(mine, read, answer, state::names, true, this::askNames));
  }

  private void askChecks(long mine) {
    ReadOptions read;
    synchronized (this) {
      read = settings.readAfter(state.checksIndex());
    }
    request(
        mine,
        () -> gateway.checks(read),
        answer -> answered(mine, read, answer, state::checks, false, this::askChecks));
  }

  /** Takes an answer of one of the two queries under the lock; returns what it touched. */
  private interface Taking<T> {
    Set<String> take(Indexed<T> answer);
  }

  /** Asks one of the two queries again. */
  private interface Asking {
    void ask(long turn);
  }

  /**
   * Takes an answer of one of the two queries.
   *
   * @param hides whether a change that shows in the answer may hide one that does not
   */
  private <T> void answered(
      long mine,
      ReadOptions read,
      Indexed<T> answer,
      Taking<T> taking,
      boolean hides,
      Asking again) {
    long began = timer.nanoTime();
    boolean wentBack = read.blocks() && answer.index() < read.index();
    synchronized (this) {
      if (mine != turn) {
        return;
      }
      if (wentBack) {
        state.interrupt(Watches.reset(settings));
      } else {
        Set<String> touched = taking.take(answer);
        boolean woken = read.blocks() && answer.index() != read.index();
        if ((woken && (hides || touched.isEmpty())) || sweeps.isDue(began)) {
          sweeps.wish(state.isComplete(), began).ifPresent(this::sweepAfter);
        }
        sweepIfComplete();
      }
    }
    if (wentBack) {
      begin();
    } else {
      pump();
      long restNanos = Math.max(SPACING.toNanos(), (timer.nanoTime() - began) * SHARE);
      timer.schedule(() -> again.ask(mine), Duration.ofNanos(restNanos));
    }
    deliver();
  }

  private void sweepIfComplete() {
    if (state.isComplete()) {
      sweeps.possibleNow(timer.nanoTime()).ifPresent(this::sweepAfter);
    }
  }

  private void fetchEnded() {
    if (state.isIdle()) {
      sweeps.idle(timer.nanoTime()).ifPresent(this::sweepAfter);
    }
    sweepIfComplete();
  }

  private void sweepAfter(Duration pause) {
    timer.schedule(this::sweep, pause);
  }

  private void sweep() {
    synchronized (this) {
      boolean possible = running && state.isComplete() && !state.isUnused();
      if (!sweeps.begin(possible, timer.nanoTime())) {
        return;
      }
      state.touchAll();
    }
    pump();
  }

  /** Begins fetches, as many as may be. */
  private void pump() {
    while (true) {
      ServiceState track;
      long mine;
      ReadOptions read;
      synchronized (this) {
        track = state.poll(FETCHES);
        if (track == null) {
          return;
        }
        mine = turn;
        read =
            track.known ? ReadOptions.now(ReadOptions.Consistency.DEFAULT) : ReadOptions.CONSISTENT;
      }
      request(
          mine,
          () -> gateway.health(track.service, read),
          answer -> fetched(mine, track, answer),
          cause -> unreadable(mine, track, cause));
    }
  }

  private void fetched(long mine, ServiceState track, Indexed<List<ConsulServiceEntry>> answer) {
    List<ServiceInstance> instances = codec.instances(track.service, answer.value());
    boolean believed;
    synchronized (this) {
      if (mine != turn) {
        return;
      }
      believed = state.fetched(track, answer, instances);
      fetchEnded();
    }
    if (!believed) {
      timer.schedule(() -> lookAgain(mine, track), HOLD);
    }
    pump();
    deliver();
  }

  /** Leaves out a service whose name the agent refuses, while it answers other questions. */
  private void unreadable(long mine, ServiceState track, RegistryException cause) {
    if (cause.kind() != RegistryException.Kind.INVALID) {
      failed(mine, cause);
      return;
    }
    codec.unreadable(track.service, cause);
    boolean watched;
    synchronized (this) {
      if (mine != turn) {
        return;
      }
      watched = !track.sinks.isEmpty();
      state.unreadable(track, cause);
      fetchEnded();
    }
    if (watched) { // a watch of everything waits until it is touched or swept
      timer.schedule(() -> lookAgain(mine, track), REFUSED_PAUSE);
    }
    pump();
    deliver();
  }

  private void lookAgain(long mine, ServiceState track) {
    synchronized (this) {
      if (mine != turn) {
        return;
      }
      state.touch(track);
    }
    pump();
  }

  private <T> void request(long mine, Supplier<Pending<T>> send, Consumer<T> then) {
    request(mine, send, then, cause -> failed(mine, cause));
  }

  private <T> void request(
      long mine,
      Supplier<Pending<T>> send,
      Consumer<T> then,
      Consumer<RegistryException> otherwise) {
    synchronized (this) {
      if (mine != turn) {
        return;
      }
    }
    Pending<T> pending;
    try {
      pending = send.get();
    } catch (LinkageError broken) {
      failed(mine, Watches.cause(broken));
      return;
    }
    requests.add(mine, pending);
    var unused =
        pending
            .answer()
            .whenComplete(
                (answer, failed) -> {
                  try {
                    if (failed == null) {
                      then.accept(answer);
                    } else {
                      otherwise.accept(Watches.cause(failed));
                    }
                  } catch (Throwable broken) {
                    Watches.LOG.error("the watch of the catalog failed; it goes on", broken);
                    failed(mine, Watches.cause(broken));
                  }
                });
  }

  private void failed(long mine, RegistryException cause) {
    long next;
    Runnable again;
    boolean refused = Watches.isRefusal(cause);
    synchronized (this) {
      if (mine != turn) {
        return;
      }
      next = nextTurn();
      again = () -> retry(next);
      if (!refused) {
        waiting = again;
      }
      state.interrupt(cause);
    }
    requests.cancelBefore(next);
    if (refused) {
      timer.schedule(again, RetryBackoff.spread(REFUSED_PAUSE));
    } else {
      reconnection.failed(again);
    }
    deliver();
  }

  private void retry(long waiting) {
    boolean mine;
    synchronized (this) {
      mine = running && waiting == turn;
    }
    if (mine) {
      begin();
    } else {
      reconnection.abandoned();
    }
  }

  private void deliver() {
    List<SinkMailbox<WatchSink>> to;
    synchronized (this) {
      to = state.takeFilled();
    }
    to.forEach(SinkMailbox::drain);
  }
}
