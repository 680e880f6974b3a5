package dev.rollcall;

import java.time.Duration;
import java.util.Optional;

/**
 * Is told what a registry does: of its watches, registrations, calls of the store, listeners and of
 * look-ups that found nothing. Metrics and alarms are made of that; the module {@code
 * rollcall-micrometer} has an observer for Micrometer. Set it by {@link RegistryBuilder#observer}.
 *
 * <p><b>Threads.</b> Calls come one at a time, each after the one before has ended, in the order in
 * which the engine has noted what they tell, on the threads that listeners are called on ({@link
 * RegistryBuilder#listenerExecutor}). So an observer needs no lock of its own for what only it
 * touches. No call is made under a lock of the engine, or on a thread of a store, a timer or a
 * look-up: an observer that is slow, blocks or throws delays nothing but what it is told next. All
 * durations were measured when the thing happened, not when it is told.
 *
 * <p>At most 10,000 calls wait for an observer. What comes while so many wait is left out, and
 * {@link #missed} says how much that was. What a method throws goes to the log, the first time as a
 * warning. After the registry's end the calls that still wait are made, and no more.
 *
 * <p><b>Cost.</b> A look-up that finds something tells nothing, so it costs the same with an
 * observer and without.
 *
 * <p>One observer for each registry: an observer of two hears of both without knowing which. All
 * methods do nothing where they are not implemented, and more may be added.
 *
 * @since 0.1.0
 */
public interface RegistryObserver {
  /** Stands for the watch of all services where a service's name is told; no service has it. */
  String CATALOG = "/catalog";

  /** How the stream of a watch is. */
  enum WatchState {
    /** It was opened, and has no first state yet. */
    LOADING,
    /** It works. */
    LIVE,
    /** It is lost, and is being resumed; what was read before stays readable. */
    INTERRUPTED,
    /** It was closed. */
    CLOSED
  }

  /** What the engine asks a store for. */
  enum Verb {
    /** To hold an instance, or its newer fields. */
    REGISTER,
    /** To remove an instance. */
    DEREGISTER,
    /** To keep an instance for another TTL: a heartbeat. */
    RENEW,
    /** To say what it holds, for {@link Registry#snapshot}. */
    SNAPSHOT
  }

  /**
   * A step from one state to another. Immutable.
   *
   * @param <S> the sort of states
   * @param from the state before
   * @param to the state after
   * @param after how long the state before has lasted
   * @param reason why, for a person; empty where there is nothing to say
   */
  record Transition<S extends Enum<S>>(S from, S to, Duration after, String reason) {
    /**
     * Checks that nothing is null.
     *
     * @param from as the record says
     * @param to as the record says
     * @param after as the record says
     * @param reason as the record says
     */
    public Transition {
      Arguments.notNull("from", from, "");
      Arguments.notNull("to", to, "");
      Arguments.notNull("after", after, "");
      Arguments.notNull("reason", reason, "");
    }
  }

  /**
   * A call that a store has answered, or that has failed. Immutable.
   *
   * @param verb what it was asked for
   * @param service the service that it was about
   * @param took from the call to its end
   * @param failure why it has failed; empty where the store has done what it was asked for
   */
  record StoreCall(Verb verb, String service, Duration took, Optional<RegistryException> failure) {
    /**
     * Checks that nothing is null.
     *
     * @param verb as the record says
     * @param service as the record says
     * @param took as the record says
     * @param failure as the record says
     */
    public StoreCall {
      Arguments.notNull("verb", verb, "");
      Arguments.notNull("service", service, "");
      Arguments.notNull("took", took, "");
      Arguments.notNull("failure", failure, "");
    }
  }

  /**
   * A watch of a service was opened, by its first look-up, or that of the catalog. It is {@link
   * WatchState#LOADING}.
   *
   * @param service the service, or {@link #CATALOG}
   */
  default void watchOpened(String service) {}

  /**
   * A watch has got on, was interrupted, works again, or was closed. Attempts to resume that fail
   * are not told: the next transition is.
   *
   * @param service the service, or {@link #CATALOG}
   * @param transition from which state to which; of an interruption, the reason is the store's
   */
  default void watchChanged(String service, Transition<WatchState> transition) {}

  /**
   * Mass-loss protection holds back instances of a service that are gone at once. What a store
   * holds back by itself is not told here.
   *
   * @param service the service
   */
  default void protectionBegan(String service) {}

  /**
   * Mass-loss protection holds back no instance of a service any more.
   *
   * @param service the service
   * @param after how long it has held some back
   */
  default void protectionEnded(String service, Duration after) {}

  /**
   * A listener is given a change of a service's instances, after the first state.
   *
   * @param service the service, or {@link #CATALOG}
   * @param lag from when the engine had the latest state to when the listener was called; what the
   *     store took before that is not in it
   * @param conflated how many states of the service since the last delivery to this listener were
   *     left out, as there was a later one; changes of the freshness count, too. For the catalog,
   *     how many services have changed more than once
   */
  default void changeDelivered(String service, Duration lag, long conflated) {}

  /**
   * A registration has begun. It is {@link Registration.State#PENDING}.
   *
   * @param key the instance
   */
  default void registrationOpened(InstanceKey key) {}

  /**
   * A registration is in another state: registered, lost, restored, fenced or closed.
   *
   * @param key the instance
   * @param transition from which state to which; of a loss with its reason
   */
  default void registrationChanged(InstanceKey key, Transition<Registration.State> transition) {}

  /**
   * The store has confirmed that an instance is gone which this registry had registered.
   *
   * @param key the instance
   */
  default void deregistered(InstanceKey key) {}

  /**
   * The store was called. The latency of heartbeats is that of {@link Verb#RENEW}.
   *
   * @param call which call, how long it took, and how it has ended
   */
  default void storeCalled(StoreCall call) {}

  /**
   * An instance is left out of what is picked, since it has failed a caller.
   *
   * @param key the instance
   * @param duration for how long, unless it leaves or does not pass any more meanwhile
   */
  default void ejected(InstanceKey key, Duration duration) {}

  /**
   * A {@link ServiceView#pick()}, or another choice of one instance, found none.
   *
   * @param service the service
   * @param reason why there is none
   */
  default void lookupFailed(String service, Absence.Reason reason) {}

  /**
   * A listener of the application has returned.
   *
   * @param service of which it is told, or {@link #CATALOG}; of a registration, its service
   * @param took how long it was called; of a change and a freshness that are told together, both
   */
  default void listenerReturned(String service, Duration took) {}

  /**
   * A listener of the application has thrown something, which is in the log as well.
   *
   * @param service of which it is told, or {@link #CATALOG}; of a registration, its service
   * @param took how long it was called
   * @param thrown what it has thrown
   */
  default void listenerThrew(String service, Duration took, Throwable thrown) {}

  /**
   * A listener of the application has kept others waiting for some milliseconds and has not
   * returned yet; another thread was taken for the others. It may never return.
   *
   * @param service of which it is told, or {@link #CATALOG}; of a registration, its service
   */
  default void listenerSlow(String service) {}

  /**
   * Calls of this observer were left out, as too many waited for it.
   *
   * @param count how many since the last time that this was told; 1 or more
   */
  default void missed(long count) {}
}
