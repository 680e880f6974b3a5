package dev.rollcall.engine;

import dev.rollcall.Arguments;
import dev.rollcall.Freshness;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueSnapshot;
import dev.rollcall.kv.KeyValueView;
import dev.rollcall.kv.Keys;
import java.time.Duration;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Function;

/**
 * {@link KeyValueView} on {@link LiveValues}. The two are apart so that the watch, which leads to
 * the values, does not keep the view: by that the store finds that it is held no longer.
 */
final class LiveView<T> implements KeyValueView<T> {
  private final Keys keys;
  private final LiveValues<T> live;

  /** Held for {@code live}, which must not lead to this view. */
  @SuppressWarnings("unused")
  private final Function<? super KeyValue, ? extends T> reader;

  private final Answers answers;

  LiveView(
      Keys keys,
      LiveValues<T> live,
      Function<? super KeyValue, ? extends T> reader,
      Answers answers) {
    this.keys = keys;
    this.live = live;
    this.reader = reader;
    this.answers = answers;
  }

  @Override
  public Keys keys() {
    return keys;
  }

  @Override
  public SortedMap<String, T> values() {
    return live.state().values();
  }

  @Override
  public Optional<T> get(String key) {
    return Optional.ofNullable(live.state().values().get(Arguments.notNull("key", key, "")));
  }

  @Override
  public KeyValueSnapshot<T> snapshot() {
    return live.state();
  }

  @Override
  public CompletableFuture<KeyValueSnapshot<T>> ready() {
    // What waits leads to this view, so that the view is held for as long.
    return FirstState.of(answers, live.loaded(), what(), this::freshness, this::snapshot);
  }

  @Override
  public KeyValueSnapshot<T> await(Duration timeout) {
    return FirstState.await(live.loaded(), what(), timeout, this::freshness, this::snapshot);
  }

  @Override
  public Flow.Publisher<KeyValueSnapshot<T>> publisher() {
    // A subscription leads to this view, so that the view is held for as long.
    return subscriber -> live.publish(subscriber, this::state, what());
  }

  private LiveValues.State<T> state() {
    return live.state();
  }

  private Freshness freshness() {
    return live.state().freshness();
  }

  private String what() {
    return keys instanceof Keys.OfKey one
        ? "key " + Arguments.shown(one.key())
        : "keys " + Arguments.shown(((Keys.OfPrefix) keys).prefix());
  }

  @Override
  public String toString() {
    return "view of " + what() + ": " + live.state();
  }
}
