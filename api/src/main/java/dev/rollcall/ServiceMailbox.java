package dev.rollcall;

import java.util.List;

/** The mailbox of a {@link ServiceListener}. Its fields are the running worker's alone. */
final class ServiceMailbox extends Mailbox {
  private final InstanceCache cache;
  private final ServiceListener listener;
  private final List<Mailbox> among;
  private Snapshot given;
  private Freshness givenFreshness = Freshness.Loading.FIRST;
  private boolean first = true;

  ServiceMailbox(
      Dispatcher dispatcher, InstanceCache cache, ServiceListener listener, List<Mailbox> among) {
    super(dispatcher);
    this.cache = cache;
    this.listener = Checks.notNull("listener", listener, "");
    this.among = among;
    this.given = InstanceCache.nothing(cache.snapshot().service());
  }

  @Override
  void deliver() {
    Snapshot latest = cache.snapshot();
    Freshness before = givenFreshness;
    givenFreshness = latest.freshness();
    if (latest.version() > 0 && (first || !latest.allArray().isSame(given.allArray()))) {
      Change change = Change.between(given, latest);
      if (first || !change.all().isEmpty()) {
        boolean calm = first && latest.freshness() instanceof Freshness.Live;
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
    if (before != now && !(before.getClass() == now.getClass() && isCalm(now)) && !isClosed()) {
      listener.freshnessChanged(now);
    }
  }

  /** Live and protected states do not change within themselves in a way that is worth a call. */
  private static boolean isCalm(Freshness now) {
    return now instanceof Freshness.Live || now instanceof Freshness.Protected;
  }

  @Override
  void detach() {
    among.remove(this);
  }
}
