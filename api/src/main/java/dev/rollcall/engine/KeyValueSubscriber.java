package dev.rollcall.engine;

import com.google.common.collect.ImmutableSortedMap;
import dev.rollcall.Freshness;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueListener;
import java.util.function.Consumer;

/** The subscriber of a {@link KeyValueListener}. What was given is the running worker's alone. */
final class KeyValueSubscriber extends Subscriber {
  private final WatchedKeys watched;
  private final KeyValueListener listener;
  private final Consumer<KeyValueSubscriber> leaving;
  private ImmutableSortedMap<String, KeyValue> given = ImmutableSortedMap.of();
  private Freshness givenFreshness = Timestamp.LOADING;
  private boolean first = true;

  KeyValueSubscriber(
      Dispatcher dispatcher,
      WatchedKeys watched,
      KeyValueListener listener,
      Consumer<KeyValueSubscriber> leaving) {
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
        WatchedKeysChange change =
            new WatchedKeysChange(given, latest.entries(), latest.revision(), latest.freshness());
        if (first || !change.isEmpty()) {
          calm = first && ServiceSubscriber.isCalm(before, latest.freshness());
          first = false;
          given = latest.entries();
          listener.changed(change);
        }
      }
    } finally {
      if (!calm && ServiceSubscriber.isNews(before, latest.freshness()) && !isClosed()) {
        listener.freshnessChanged(latest.freshness());
      }
    }
  }

  @Override
  String what() {
    return watched.keys().toString();
  }

  @Override
  void detach() {
    leaving.accept(this);
  }
}
