package dev.rollcall;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;

/**
 * The live instances of one service. Resolved once by {@link Registry#service(String)} and kept in
 * a field. Thread-safe. Every read is a read of one immutable state: it never blocks, locks or
 * allocates, and never fails because a store is down.
 *
 * @since 0.1.0
 */
public interface ServiceView {

  /**
   * Returns the service's name.
   *
   * @return the name
   */
  String service();

  /**
   * Returns the passing instances, by id.
   *
   * @return an immutable list that never changes; empty where there are none, or none is known yet
   */
  List<ServiceInstance> instances();

  /**
   * Returns one of the passing instances, chosen by this view's {@linkplain #balancedBy balancer},
   * without one each with the same chance. Those that are ejected, see {@link #failed}, are left
   * out.
   *
   * @return an instance
   * @throws NoInstanceException where there is none; it says why
   */
  ServiceInstance pick();

  /**
   * Returns the passing instance that a key belongs to, with {@link Balancer#consistentHash()};
   * with a balancer that knows no keys, as {@link #pick()}.
   *
   * @param key told from others by its text where it is a {@link String}, else by its {@link
   *     Object#hashCode()}
   * @return an instance
   * @throws NoInstanceException where there is none; it says why
   */
  ServiceInstance pick(Object key);

  /**
   * Returns the passing instance that a number belongs to, as {@link #pick(Object)}.
   *
   * @param key the number
   * @return an instance
   * @throws NoInstanceException where there is none; it says why
   */
  ServiceInstance pick(long key);

  /**
   * Picks an instance for a request that counts as in flight until the result is closed: what
   * {@link Balancer#leastLoaded()} goes by.
   *
   * @return the request, the caller's to close
   * @throws NoInstanceException where there is none; it says why
   */
  Pick acquire();

  /**
   * Picks another instance than some, as {@link #acquire()} does: for a request that those have
   * failed. This view's balancer chooses as if they were not there. Those that are ejected are
   * picked only where no other is left.
   *
   * @param tried which ones not, told by their ids; may be empty. Instances of other services are
   *     ignored.
   * @return the request, the caller's to close
   * @throws NoInstanceException where no other one passes; it says why
   */
  Pick acquire(Collection<ServiceInstance> tried);

  /**
   * Picks for a key another instance than some, as {@link #pick(Object)} does: for a request by key
   * that those have failed. With {@link Balancer#consistentHash()} that is the next one on the
   * circle: the same one for the same key and the same tried ones, in every process.
   *
   * @param key as for {@link #pick(Object)}
   * @param tried which ones not, as for {@link #acquire(Collection)}; empty for the one that {@link
   *     #pick(Object)} gives
   * @return the request, the caller's to close
   * @throws NoInstanceException where no other one passes; it says why
   */
  Pick acquire(Object key, Collection<ServiceInstance> tried);

  /**
   * Picks for a number another instance than some, as {@link #acquire(Object, Collection)}.
   *
   * @param key as for {@link #pick(long)}
   * @param tried as there
   * @return the request, the caller's to close
   * @throws NoInstanceException where no other one passes; it says why
   */
  Pick acquire(long key, Collection<ServiceInstance> tried);

  /**
   * Returns the attempts of one request: picks of distinct instances, one after the other, each as
   * {@link #acquire(Collection)} of those before. An attempt is picked when it is asked for, and
   * each is the caller's to close.
   *
   * <pre>{@code
   * for (Pick attempt : payments.attempts(3)) {
   *   try (attempt) {
   *     return call(attempt.instance().uri("/charge"));
   *   } catch (IOException failed) {
   *     attempt.failed();
   *   }
   * }
   * }</pre>
   *
   * @param most how many at most, 1 or more
   * @return attempts that begin anew with each iterator; an iterator is not thread-safe. It ends
   *     early where no other instance passes; where the last other one leaves at that very moment,
   *     the attempt throws {@link NoInstanceException}. The first attempt throws {@link
   *     NoInstanceException} where there is none at all, so that a loop over attempts never ends
   *     without one.
   */
  default Iterable<Pick> attempts(int most) {
    return new Attempts(this, most, this::acquire);
  }

  /**
   * Returns the attempts of one request by key, as {@link #attempts(int)}, each as {@link
   * #acquire(Object, Collection)} of those before.
   *
   * @param key as for {@link #pick(Object)}
   * @param most how many at most, 1 or more
   * @return attempts as those of {@link #attempts(int)}
   */
  default Iterable<Pick> attempts(Object key, int most) {
    Arguments.notNull("key", key, "");
    return new Attempts(this, most, tried -> acquire(key, tried));
  }

  /**
   * Returns the attempts of one request for a number, as {@link #attempts(Object, int)}.
   *
   * @param key as for {@link #pick(long)}
   * @param most how many at most, 1 or more
   * @return attempts as those of {@link #attempts(int)}
   */
  default Iterable<Pick> attempts(long key, int most) {
    return new Attempts(this, most, tried -> acquire(key, tried));
  }

  /**
   * Says that an instance has failed this caller, whatever the store thinks of it. All views of
   * this registry leave it out of what they pick, and of nothing else, for 1 s, and for twice the
   * last time, up to 32 s, when it fails again before a request to it ended well. Never more than a
   * set share of the passing instances is ejected ({@link RegistryBuilder#ejectAtMost}); a failure
   * past that changes nothing. An instance that is shown by mass-loss protection alone is gone with
   * that.
   *
   * @param instance one of this view's
   */
  void failed(ServiceInstance instance);

  /**
   * Returns a view of some of the instances: {@link #instances()}, {@link #snapshot()}, listeners
   * and picks alike. What it shows is computed when something changes, never in a look-up. To be
   * kept in a field, as this one.
   *
   * @param filter which instances; besides those that this view leaves out
   * @return the narrower view, with this one's balancer
   */
  ServiceView where(Filter filter);

  /**
   * Returns a view that chooses otherwise. To be kept in a field, as this one.
   *
   * @param balancer how to choose
   * @return the view, with this one's filter
   */
  ServiceView balancedBy(Balancer balancer);

  /**
   * Returns the present state with all that is known of it.
   *
   * @return the latest state
   */
  Snapshot snapshot();

  /**
   * Completes with a first state, on a thread that the registry has for what follows on futures; no
   * thread waits for it. As long as it is awaited the service is watched, also where this view is
   * not held.
   *
   * @return completes with the latest state, at once where one was read already, and with one that
   *     was {@linkplain RegistryBuilder#cache kept on disk} when the store fails first; fails as
   *     {@code UNAVAILABLE} where the registry is closed before, and as {@code INVALID} where the
   *     class path stops every state from coming
   */
  CompletableFuture<Snapshot> ready();

  /**
   * Waits until a first state was read from the store. Blocks.
   *
   * @param timeout how long to wait at most: zero to 1 day
   * @return the latest state, at once where one was read already, and one that was {@linkplain
   *     RegistryBuilder#cache kept on disk} when the store fails first, or the time is over
   * @throws RegistryException of kind {@code UNAVAILABLE} when the time is over, with the reason
   *     why there is no state yet, or the registry is closed before; {@code DENIED} where the store
   *     refuses
   */
  Snapshot await(Duration timeout);

  /**
   * Hears of every change from now on, beginning with the complete present state as soon as one was
   * read.
   *
   * @param listener what to call
   * @return closes the subscription; as long as it is open the service is watched, whoever holds
   *     this view
   * @throws IllegalStateException if the registry is closed
   */
  Subscription watch(ServiceListener listener);

  /**
   * Returns the states of this view as a stream for a reactive library, or for anything that asks
   * for one state after the other. It begins with the present state as soon as one was read, and
   * goes on when instances or the sort of freshness change, with what is the latest when the
   * subscriber asks for more: what comes and goes in between is skipped, and nothing is queued.
   *
   * <p>Subscribers are called as listeners are, one call at a time, from {@code onSubscribe} on;
   * one that throws is cancelled. The end by a closed registry alone comes on a thread of the
   * registry's, or at once on the subscribing one. As long as one is subscribed the service is
   * watched, also where this view is not held. A subscription never fails because a store is down.
   * It completes when the registry is closed, and fails at once with {@link IllegalStateException}
   * where that is closed already.
   *
   * @return a publisher for any number of subscribers
   */
  Flow.Publisher<Snapshot> publisher();
}
