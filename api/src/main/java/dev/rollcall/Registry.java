package dev.rollcall;

import dev.rollcall.spi.RegistryBackend;
import java.util.concurrent.CompletableFuture;

/**
 * A store of instances, as an application sees it: it registers what this process offers, keeps it
 * registered, and shows who else is there. Thread-safe; one a process and store is enough.
 *
 * <pre>{@code
 * try (Registry registry = Registry.open("memory:")) {
 *   registry.register(
 *       ServiceInstance.builder("orders").address("10.0.0.7", 8080).build(),
 *       Liveness.heartbeat(Duration.ofSeconds(10))).join();
 *   ServiceView payments = registry.service("payments");
 *   ServiceInstance target = payments.pick();
 * }
 * }</pre>
 *
 * <p>Futures end by the registry's deadline. What is made to follow on one may block: it runs on
 * the thread that adds it where the future is done, and else on one of the registry's that is there
 * for this.
 *
 * @since 0.1.0
 */
public interface Registry extends AutoCloseable {

  /**
   * Opens a registry with the usual settings. Does not wait for the store.
   *
   * @param uri {@code memory:}, {@code memory:name}, or what another backend on the class path says
   * @return an open registry, the caller's to close
   * @throws RegistryException of kind {@code INVALID} where the URI has a fault or no backend on
   *     the class path knows its scheme
   */
  static Registry open(String uri) {
    return builder(uri).build();
  }

  /**
   * Starts a registry on a store named by a URI.
   *
   * @param uri as for {@link #open(String)}
   * @return a builder
   */
  static RegistryBuilder builder(String uri) {
    return new RegistryBuilder(uri, null);
  }

  /**
   * Starts a registry on a backend.
   *
   * @param backend an open backend; the registry closes it
   * @return a builder
   */
  static RegistryBuilder builder(RegistryBackend backend) {
    return new RegistryBuilder(null, backend);
  }

  /**
   * Registers an instance and keeps it registered until it is closed, or this registry is. A
   * newcomer with the key of an instance that is there takes over at once.
   *
   * @param instance what to register
   * @param liveness how the store learns that it is alive
   * @return completes when the store holds the instance. Attempts that fail as unavailable are
   *     repeated until the registry's deadline, then the future fails and the registration is
   *     closed; the store may have taken the instance all the same, and that is undone in the
   *     background until the store confirms or this registry is closed.
   */
  CompletableFuture<Registration> register(ServiceInstance instance, Liveness liveness);

  /**
   * Registers an instance as {@link #register} does, unless another owner has its key and lives.
   *
   * @param instance what to register
   * @param liveness how the store learns that it is alive
   * @return completes when the store holds the instance; with {@code CONFLICT} where another owner
   *     has the key. Consul lets the last writer win: there the loser is fenced within a heartbeat.
   */
  CompletableFuture<Registration> registerExclusive(ServiceInstance instance, Liveness liveness);

  /**
   * Registers an instance without waiting for the store, and does not give up while it is
   * unavailable: for a process that must start although its store is down.
   *
   * @param instance what to register
   * @param liveness how the store learns that it is alive
   * @return the registration, {@link Registration.State#PENDING} until the store holds the
   *     instance, {@link Registration.State#CLOSED} where the store refuses it
   */
  Registration announce(ServiceInstance instance, Liveness liveness);

  /**
   * Removes an instance of any owner: for operators. Where its owner lives, that one registers it
   * again; it is a {@link Registration} that is closed for good.
   *
   * @param key which instance
   * @return completes when the instance is gone, also where it was not there
   */
  CompletableFuture<Void> deregister(InstanceKey key);

  /**
   * Returns the live view of a service. The first call starts its watch; later ones return the same
   * view for one hash look-up, without lock or allocation. A view that nobody holds or listens to
   * is dropped after a while, its watch with it.
   *
   * @param name the service's name
   * @return its view, perhaps still loading
   * @throws RegistryException of kind {@code INVALID} where the name breaks the rule of {@link
   *     ServiceName}
   */
  ServiceView service(String name);

  /**
   * Returns the live view of every service. The first call starts its watch.
   *
   * @return the catalog, perhaps still loading
   */
  Catalog catalog();

  /**
   * Reads a service's present state from the store, past every cache.
   *
   * @param name the service's name
   * @return completes with what the store holds
   */
  CompletableFuture<Snapshot> snapshot(String name);

  /**
   * Tells what this registry knows of its store, its watches and its registrations. Asks the store
   * nothing and waits for nothing; the cost is in proportion to what is watched and registered.
   * Works after {@link #close()}, too.
   *
   * @return the present status
   */
  RegistryStatus status();

  /**
   * Deregisters all that this registry has registered, in parallel, closes all subscriptions, and
   * stops. Views and the catalog keep returning the last state, and say that it is {@linkplain
   * Freshness.Stale stale}; callers that still wait for a first one are told. Idempotent, safe from
   * any thread, a shutdown hook and a listener's callback included. Every later call of another
   * method but {@link #status()} fails with {@link IllegalStateException}.
   *
   * <p>Waits until the store has confirmed: not at all where nothing of this registry's can stand
   * there; for at most the registry's deadline; and for some two seconds only where the store is
   * known not to answer and would remove the rest by itself. Permanent registrations are tried
   * until the deadline, since nothing else removes them.
   *
   * <p>On a thread that is interrupted this returns without waiting, and leaves the flag set. What
   * the store is owed is done all the same, within the deadline, by a thread that keeps the process
   * alive for so long.
   */
  @Override
  void close();

  /**
   * Closes as {@link #close()} does, on a thread of its own: for a thread that must not wait, as
   * that of an event loop. That thread keeps the process alive until it is done.
   *
   * @return completes on that thread when all is closed
   */
  CompletableFuture<Void> closeAsync();
}
