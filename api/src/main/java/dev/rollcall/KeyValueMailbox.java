package dev.rollcall;

import com.google.common.collect.ImmutableSortedMap;
import java.util.function.Consumer;

/** The mailbox of a {@link KeyValueListener}. What was given is the running worker's alone. */
final class KeyValueMailbox extends Mailbox {
  private final WatchedKeys watched;
  private final KeyValueListener listener;
  private final Consumer<KeyValueMailbox> leaving;
  private ImmutableSortedMap<String, KeyValue> given = ImmutableSortedMap.of();
  private Freshness givenFreshness = Freshness.Loading.FIRST;
  private boolean first = true;

  KeyValueMailbox(
      Dispatcher dispatcher,
      WatchedKeys watched,
      KeyValueListener listener,
      Consumer<KeyValueMailbox> leaving) {
    super(dispatcher);
    this.watched = watched;
    this.listener = listener;
    this.leaving = leaving;
  }

  WatchedKeys watched() {
    return watched;
  }

  @Override
  void deliver() {
    WatchedKeys.State latest = watched.state();
    Freshness before = givenFreshness;
    givenFreshness = latest.freshness();
    boolean calm = false;
    try {
      if (latest.loaded()) {
        KeyValueChange change =
            new KeyValueChange(given, latest.entries(), latest.revision(), latest.freshness());
        if (first || !change.isEmpty()) {
          calm = first && ServiceMailbox.isCalm(before, latest.freshness());
          first = false;
          given = latest.entries();
          listener.changed(change);
        }
      }
    } finally {
      if (!calm && ServiceMailbox.isNews(before, latest.freshness()) && !isClosed()) {
        listener.freshnessChanged(latest.freshness());
      }
    }
  }

  @Override
  void detach() {
    leaving.accept(this);
  }
}
