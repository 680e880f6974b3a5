package dev.rollcall.engine;

import com.google.common.collect.ImmutableSortedMap;
import dev.rollcall.Arguments;
import dev.rollcall.Freshness;
import dev.rollcall.RegistryException;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueChange;
import dev.rollcall.kv.KeyValueListener;
import dev.rollcall.kv.KeyValueSnapshot;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link LiveView} shows. A listener feeds it, so that the application's function runs where
 * listeners do and delays nobody; it is asked once for each new value, under no lock.
 *
 * <p>{@code state} is written under {@code this}, by the worker that calls the listener and by
 * {@link #end}, after which it is not written any more; it is read by anybody without. Those to
 * whom it is published are signalled after that, under no lock.
 */
final class LiveValues<T> implements KeyValueListener {

  /** A published state. */
  record State<T>(
      ImmutableSortedMap<String, T> values,
      ImmutableSortedMap<String, RegistryException> failures,
      long revision,
      Freshness freshness)
      implements KeyValueSnapshot<T> {

    /** Tells whether a state is to be published after another one. */
    static <T> boolean isNews(@Nullable State<T> given, State<T> latest) {
      return !(latest.freshness instanceof Freshness.Loading)
          && (given == null
              || ServiceSubscriber.isNews(given.freshness, latest.freshness)
              || !latest.values.equals(given.values)
              || !latest.failures.equals(given.failures));
    }

    State<T> as(Freshness now) {
      return new State<>(values, failures, revision, now);
    }

    /** Returns the keys, and no value. */
    @Override
    public String toString() {
      return values.keySet() + ", refused " + failures.keySet() + ", " + freshness;
    }
  }

  /** Held by the view: the application's function may lead to the view, and this is the watch's. */
  private final WeakReference<Function<? super KeyValue, ? extends T>> reader;

  private final Dispatcher dispatcher;
  private final List<Subscriber> subscribers = new CopyOnWriteArrayList<>();
  private final SubscriberGroup fanout;
  private final CompletableFuture<@Nullable Void> loaded = new CompletableFuture<>();
  private volatile State<T> state =
      new State<>(ImmutableSortedMap.of(), ImmutableSortedMap.of(), 0, Timestamp.LOADING);
  private boolean ended; // guarded by this

  LiveValues(Function<? super KeyValue, ? extends T> reader, Dispatcher dispatcher) {
    this.reader = new WeakReference<>(reader);
    this.dispatcher = dispatcher;
    this.fanout = new SubscriberGroup(dispatcher, subscribers);
  }

  State<T> state() {
    return state;
  }

  /** Completes with the first state, or fails where the store is closed before. */
  CompletableFuture<@Nullable Void> loaded() {
    return loaded;
  }

  @Override
  public void changed(KeyValueChange change) {
    Function<? super KeyValue, ? extends T> read = reader.get();
    if (read == null) {
      return; // the view is gone
    }
    State<T> before = state;
    TreeMap<String, T> values = new TreeMap<>(before.values());
    TreeMap<String, RegistryException> failures = new TreeMap<>(before.failures());
    for (KeyValue gone : change.removed()) {
      values.remove(gone.key());
      failures.remove(gone.key());
    }
    change.added().forEach(pair -> take(read, pair, values, failures));
    change.updated().forEach(pair -> take(read, pair, values, failures));
    publish(
        new State<>(
            ImmutableSortedMap.copyOfSorted(values),
            ImmutableSortedMap.copyOfSorted(failures),
            change.revision(),
            change.freshness()));
    loaded.complete(null);
  }

  private void take(
      Function<? super KeyValue, ? extends T> read,
      KeyValue pair,
      Map<String, T> values,
      Map<String, RegistryException> failures) {
    try {
      values.put(pair.key(), Arguments.notNull("result", read.apply(pair), ""));
      failures.remove(pair.key());
    } catch (Throwable refused) {
      failures.put(
          pair.key(),
          new RegistryException(
              RegistryException.Kind.INVALID,
              "key "
                  + Arguments.shown(pair.key())
                  + ": its value is refused by a "
                  + refused.getClass().getName(),
              refused));
    }
  }

  @Override
  public void freshnessChanged(Freshness now) {
    publish(state.as(now));
  }

  private void publish(State<T> next) {
    synchronized (this) {
      if (!ended) {
        state = next;
      }
    }
    fanout.signal();
  }

  /** Gives a subscriber the states of a view. */
  void publish(
      Flow.Subscriber<? super KeyValueSnapshot<T>> to, Supplier<State<T>> states, String what) {
    FlowSubscriber<State<T>> subscriber =
        new FlowSubscriber<>(dispatcher, states, State::isNews, to, subscribers, what, null);
    subscribers.add(subscriber);
    boolean late;
    synchronized (this) {
      late = ended;
    }
    if (late) {
      subscriber.refuse(BackedKeyValueStore.closed());
    } else {
      subscriber.signal();
    }
  }

  /** Returns those to whom the states are published. */
  List<Subscriber> subscribers() {
    return subscribers;
  }

  /**
   * Nothing feeds this any more: the last state stays, stale since it was, no caller waits for a
   * first one, and subscribers hear of the end.
   */
  void end(Freshness.Stale why) {
    synchronized (this) {
      ended = true;
      Freshness before = state.freshness();
      if (before instanceof Freshness.Loading) {
        state = state.as(new Freshness.Loading(Optional.of(why.cause())));
      } else {
        state = state.as(before instanceof Freshness.Stale old ? old.because(why.cause()) : why);
      }
    }
    loaded.completeExceptionally(why.cause());
    subscribers.forEach(Subscriber::shut);
  }
}
