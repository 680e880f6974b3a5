package dev.rollcall.engine;

import dev.rollcall.Arguments;
import dev.rollcall.Change;
import dev.rollcall.Freshness;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceListener;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The subscriber of a {@link ServiceListener}. Its fields are the running worker's alone; the name
 * of the service, which is the same in all states, is anybody's.
 */
final class ServiceSubscriber extends Subscriber {
  private final Supplier<ViewSnapshot> states;
  private final Comparison changes;
  private final ServiceListener listener;
  private final List<Subscriber> among;
  private final WatchedService watched;
  private ViewSnapshot given;
  private Freshness givenFreshness = Timestamp.LOADING;
  private boolean first = true;
  private long seen; // of what was published, by the last delivery

  /** Compares two states. */
  @FunctionalInterface
  interface Comparison {
    Change between(ViewSnapshot before, ViewSnapshot now);
  }

  ServiceSubscriber(
      Dispatcher dispatcher,
      Supplier<ViewSnapshot> states,
      Comparison changes,
      ServiceListener listener,
      List<Subscriber> among,
      WatchedService watched) {
    super(dispatcher);
    this.watched = watched;
    this.states = states;
    this.changes = changes;
    this.listener = Arguments.notNull("listener", listener, "");
    this.among = among;
    this.given = InstanceCache.nothing(states.get().service());
  }

  @Override
  void deliver() {
    long published = watched.published(); // first, so that none is counted before it is read
    long between = Math.max(0, published - seen - 1);
    seen = published;
    ViewSnapshot latest = states.get();
    Freshness before = givenFreshness;
    givenFreshness = latest.freshness();
    if (latest.version() > 0 && (first || !latest.all().isSame(given.all()))) {
      Change change = changes.between(given, latest);
      if (first || !change.all().isEmpty()) {
        boolean calm = first && isCalm(before, latest.freshness());
        if (first) {
          calling();
        } else {
          calling(between);
        }
        first = false;
        given = latest;
        try {
          listener.changed(change);
        } finally {
          if (!calm) {
            tellFreshness(before, latest.freshness());
          }
        }
        return;
      }
    }
    tellFreshness(before, latest.freshness());
  }

  private void tellFreshness(Freshness before, Freshness now) {
    if (isNews(before, now) && !isClosed()) {
      calling();
      listener.freshnessChanged(now);
    }
  }

  /** Whether a freshness is of another sort, or has a cause of another kind: a retry is no news. */
  static boolean isNews(Freshness before, Freshness now) {
    return before.getClass() != now.getClass() || causeKind(before) != causeKind(now);
  }

  /** Whether all went well from the beginning, so that of a first state nothing more is to say. */
  static boolean isCalm(Freshness before, Freshness now) {
    return now instanceof Freshness.Live && before == Timestamp.LOADING;
  }

  private static RegistryException.@Nullable Kind causeKind(Freshness freshness) {
    if (freshness instanceof Freshness.Stale stale) {
      return stale.cause().kind();
    }
    return freshness instanceof Freshness.Loading loading
        ? loading.cause().map(RegistryException::kind).orElse(null)
        : null;
  }

  @Override
  String service() {
    return given.service();
  }

  @Override
  long arrivedNanos() {
    return watched.arrivedNanos();
  }

  @Override
  String what() {
    return "service " + given.service();
  }

  @Override
  void detach() {
    among.remove(this);
  }
}
