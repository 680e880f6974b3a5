package dev.rollcall;

import dev.rollcall.engine.StoreRegistry;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Collects the settings of a {@link Registry}. Not thread-safe.
 *
 * @since 0.1.0
 */
public final class RegistryBuilder {
  private final @Nullable String uri;
  private final @Nullable RegistryBackend backend;
  private @Nullable Timer timer;
  private @Nullable Executor listenerExecutor;
  private Duration deadline = Duration.ofSeconds(10);
  private Duration idleViewsAfter = Duration.ofMinutes(1);
  private double massLossShare = 0.5;
  private Duration massLossBound = Duration.ofMinutes(5);
  private double maxEjected = 0.5;
  private @Nullable RegistryObserver observer;
  private boolean closeOnShutdown;
  private StoreRegistry.@Nullable CacheSettings cache;

  RegistryBuilder(@Nullable String uri, @Nullable RegistryBackend backend) {
    if (backend == null) {
      Arguments.notNull("uri or backend", uri, "");
    }
    this.uri = uri;
    this.backend = backend;
  }

  /**
   * Sets the clock and scheduler; without it the registry has one of its own.
   *
   * @param timer stays the caller's to close
   * @return this
   */
  public RegistryBuilder timer(Timer timer) {
    this.timer = Arguments.notNull("timer", timer, "");
    return this;
  }

  /**
   * Sets where listeners are called; without it the registry has a small pool of daemon threads,
   * which grows by one thread for each listener that blocks. That pool also helps out where the
   * given executor refuses a task, has not begun it within a second, or is blocked by a listener:
   * no change is lost for that.
   *
   * @param executor stays the caller's to close; one that runs tasks on the calling thread makes
   *     listeners run on the thread that brings the change
   * @return this
   */
  public RegistryBuilder listenerExecutor(Executor executor) {
    this.listenerExecutor = Arguments.notNull("listenerExecutor", executor, "");
    return this;
  }

  /**
   * Sets how long {@link Registry#register}, a deregistration and {@link Registry#close()} may
   * take; 10 s without this call.
   *
   * @param deadline 100 ms to 1 hour
   * @return this
   */
  public RegistryBuilder deadline(Duration deadline) {
    this.deadline =
        Arguments.between("deadline", deadline, Duration.ofMillis(100), Duration.ofHours(1));
    return this;
  }

  /**
   * Sets after how long a view that nobody holds or listens to is dropped; 1 minute without this
   * call.
   *
   * @param idle 100 ms to 1 day
   * @return this
   */
  public RegistryBuilder dropIdleViewsAfter(Duration idle) {
    this.idleViewsAfter =
        Arguments.between("dropIdleViewsAfter", idle, Duration.ofMillis(100), Arguments.MAX_TTL);
    return this;
  }

  /**
   * Sets the mass-loss protection: when a service loses more than a share of its passing instances
   * within 10 s, or the last one, and they were not deregistered, then those of them that still
   * accept a connection stay readable until they no longer do, or a bound has passed. 0.5 and 5
   * minutes without this call.
   *
   * @param share more than 0; 1 or more switches the protection off
   * @param bound 1 s to 1 day
   * @return this
   */
  public RegistryBuilder massLossProtection(double share, Duration bound) {
    if (!(share > 0)) {
      throw RegistryException.invalid("share: " + share + " (expected: more than 0)");
    }
    this.massLossShare = share;
    this.massLossBound = Arguments.between("bound", bound, Arguments.MIN_TTL, Arguments.MAX_TTL);
    return this;
  }

  /**
   * Sets how many of a service's passing instances may be ejected at a time because they have
   * failed their callers (see {@link ServiceView#failed}); 0.5 without this call.
   *
   * @param share 0, which ejects nobody, to 1
   * @return this
   */
  public RegistryBuilder ejectAtMost(double share) {
    if (!(share >= 0 && share <= 1)) {
      throw RegistryException.invalid("share: " + share + " (expected: 0 to 1)");
    }
    this.maxEjected = share;
    return this;
  }

  /**
   * Sets who is told what the registry does, as metrics need it; nobody without this call.
   *
   * @param observer one for each registry; called on the threads of listeners, one call at a time
   * @return this
   */
  public RegistryBuilder observer(RegistryObserver observer) {
    this.observer = Arguments.notNull("observer", observer, "");
    return this;
  }

  /**
   * Closes the registry when the JVM shuts down: on SIGTERM, on SIGINT (Ctrl-C), on {@link
   * System#exit}, and when the last thread that is no daemon ends. Without this call only {@link
   * Registry#close()} does, which a signal does not run: the instances then stay in look-ups until
   * their leases run out.
   *
   * <p>A shutdown hook calls {@link Registry#close()}, which takes at most the {@linkplain
   * #deadline deadline} and some seconds. Where the registry is being closed already, by another
   * hook or thread, it waits for that. Once the registry is closed, the hook is removed. Several
   * registries close at the same time.
   *
   * <p>Hooks run at the same time and in no order. An application that has to finish work while it
   * is still registered closes the registry in a hook of its own instead. {@link Runtime#halt} and
   * SIGKILL run no hook.
   *
   * @return this
   */
  public RegistryBuilder closeOnShutdown() {
    this.closeOnShutdown = true;
    return this;
  }

  /**
   * Keeps the last known states of services on disk, as {@link #cache(Path, Duration)} does, and
   * shows those that are at most 1 day old. After a day, so the thought behind it, most instances
   * were replaced, and their addresses may be others'; an outage of the store is mostly over.
   *
   * @param folder a folder on a local disk
   * @return this
   * @throws RegistryException of kind {@code INVALID} where the folder is none of the default file
   *     system
   */
  public RegistryBuilder cache(Path folder) {
    return cache(folder, Duration.ofDays(1));
  }

  /**
   * Keeps the last known states of services on disk, so that a process can start while its store is
   * down. Without this call nothing is written.
   *
   * <p>{@link Registry#service} then reads the file of a service that is not watched yet, on the
   * calling thread. Where there is one, the view shows its state at once, as {@linkplain
   * Freshness.Stale stale}, with its age: look-ups work. As soon as the store has shown the present
   * state, that takes its place, and listeners are told the exact difference, under {@linkplain
   * #massLossProtection mass-loss protection}. {@link ServiceView#await} and {@link
   * ServiceView#ready} wait for the store all the same, and take the state from disk only when the
   * store is known not to answer. Catalogs are not kept.
   *
   * <p>States are written by a daemon thread, {@code rollcall-cache}, some seconds after they have
   * changed, and by {@link Registry#close()}, which may take up to 2 s more for it. After a kill
   * the age that is told may be too high by up to a minute, and by more where hundreds of services
   * are watched; it is never too low, unless the machine's clock was set back meanwhile. A file is
   * replaced in one step, has a checksum, and is not used where it is damaged, of another store or
   * version, too old, or from the future.
   *
   * <p>In the folder, which is made where it is not there, each store has one of its own, for this
   * process's user alone; one that others can write to is not used. It holds what instances say of
   * themselves, and neither a URI of a store nor a token. Several processes and registries may
   * share a folder. A registry that was given an open backend takes the backend's class for the
   * store's name: give each such store a folder of its own.
   *
   * <p>Whatever is wrong with the folder or the disk is logged, once until it is over, and keeps
   * the registry from nothing else.
   *
   * @param folder a folder on a local disk
   * @param maxAge what is older when it is read is not shown: 1 s to 30 days
   * @return this
   * @throws RegistryException of kind {@code INVALID} where the folder is none of the default file
   *     system, or the age is out of bounds
   */
  public RegistryBuilder cache(Path folder, Duration maxAge) {
    if (!Arguments.notNull("cache", folder, "").getFileSystem().equals(FileSystems.getDefault())) {
      throw RegistryException.invalid(
          "cache: " + folder + " (expected: a folder of the default file system)");
    }
    cache =
        new StoreRegistry.CacheSettings(
            folder.toAbsolutePath(),
            Arguments.between("maxAge", maxAge, Arguments.MIN_TTL, Duration.ofDays(30)));
    return this;
  }

  /**
   * Opens the registry.
   *
   * @return an open registry, the caller's to close
   * @throws RegistryException of kind {@code INVALID} where the URI has a fault, or no backend on
   *     the class path knows its scheme, or the class path does not fit: the message says what is
   *     missing, in which jar, and what to do
   * @throws IllegalStateException where it is to {@linkplain #closeOnShutdown() close on shutdown},
   *     and the JVM is shutting down already
   */
  public Registry build() {
    return StoreRegistry.open(
        uri,
        backend,
        timer,
        listenerExecutor,
        observer,
        closeOnShutdown,
        cache,
        new StoreRegistry.Settings(
            deadline, idleViewsAfter, massLossShare, massLossBound, maxEjected));
  }
}
