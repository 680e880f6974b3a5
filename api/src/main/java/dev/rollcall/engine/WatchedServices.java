package dev.rollcall.engine;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.Timer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The services that one registry looks at, by name: each is watched from its first resolution until
 * nobody has needed it for a while.
 *
 * <p>{@code services} is changed atomically for one name at a time, by the first resolution and by
 * the sweep; {@code recent}, the views that were resolved since the last sweep, is added to within
 * that and read without. {@code closed} is set before the services are closed, and read after one
 * was added.
 */
final class WatchedServices {
  private final Timer timer;
  private final LoggedWatches watches;
  private final RecentViews recent;
  private final Function<String, WatchedService> make;
  private final ConcurrentHashMap<String, WatchedService> services = new ConcurrentHashMap<>();
  private volatile boolean closed;

  /** Written once by the opener; null where no states are kept on disk. */
  private volatile @Nullable StateCache kept;

  /**
   * Creates one that watches nothing.
   *
   * @param recent the registry's, which looks there first
   * @param make makes a service that is not started
   */
  WatchedServices(
      Timer timer,
      LoggedWatches watches,
      RecentViews recent,
      Function<String, WatchedService> make) {
    this.timer = timer;
    this.watches = watches;
    this.recent = recent;
    this.make = make;
  }

  /** Keeps the last states on disk; called once, before anything is resolved. */
  void keepIn(StateCache states) {
    kept = states;
  }

  void forEach(BiConsumer<String, WatchedService> to) {
    services.forEach(to);
  }

  /** Finds or makes the view of a service; the first one opens its watch. */
  CachedView resolve(String name) {
    CachedView[] view = new CachedView[1];
    WatchedService watched =
        services.compute(
            name,
            (same, known) -> {
              WatchedService service = known != null ? known : make.apply(name);
              view[0] = service.resolve();
              recent.put(view[0]);
              return service;
            });
    try {
      watched.start(watches, kept);
    } catch (RegistryException broken) {
      recent.clear(); // so that the next call tries again
      throw broken;
    }
    if (closed) {
      recent.clear();
      services.remove(name, watched); // close() may have passed by before it was added
      watched.close();
      watched.end(Failures.atClose());
    }
    return view[0];
  }

  /** Drops the services that nobody has needed for a while. */
  void sweep(long idleNanos) {
    long now = timer.nanoTime();
    List<WatchedService> dropped = new ArrayList<>();
    recent.clear(); // first: what is resolved from now on is held, and so found not to be idle
    for (String name : services.keySet()) {
      services.computeIfPresent(
          name,
          (same, watched) -> {
            if (!watched.expired(now, idleNanos)) {
              return watched;
            }
            dropped.add(watched);
            return null;
          });
    }
    dropped.forEach(WatchedService::close);
  }

  /** Closes the watches of all, so that the next resolution finds this closed; returns them. */
  List<WatchedService> close() {
    closed = true;
    List<WatchedService> all = List.copyOf(services.values());
    all.forEach(WatchedService::close);
    recent.clear();
    services.clear();
    return all;
  }
}
