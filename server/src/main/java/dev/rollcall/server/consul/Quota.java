package dev.rollcall.server.consul;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How many registrations each client holds, with a bound. A registration is a service, or a node
 * that was registered as such ({@link InstanceId} with an empty ID); it belongs to the client that
 * registered it last, for as long as the {@link CatalogIndex} has it, however it goes:
 * deregistered, reaped, fenced.
 *
 * <p><b>Guards.</b> {@code lock} guards both maps. It is taken after the lock of the {@link
 * LocalAgent} and before the catalog's, never the other way round. What is held is always put right
 * by looking at the catalog, so that of a registration and a deregistration at the same time it
 * does not matter who tells first.
 */
final class Quota {
  private final CatalogIndex catalog;
  private final int most;

  private final Object lock = new Object();
  // Guarded by "lock".
  private final Map<InstanceId, String> holders = new HashMap<>();
  private final Map<String, Integer> held = new HashMap<>();

  Quota(CatalogIndex catalog, int maxByClient) {
    this.catalog = catalog;
    most = maxByClient;
    catalog.onChange(this::release);
  }

  /**
   * Makes a registration for a client, if it may hold it.
   *
   * @param ids what is registered by it; what it holds already does not count again
   * @throws RefusedException where it would hold too many; then nothing was registered
   */
  void register(Set<InstanceId> ids, String client, Runnable registration) {
    Map<InstanceId, @Nullable String> before = take(ids, client);
    try {
      registration.run();
    } catch (RuntimeException | Error refused) {
      ids.forEach(id -> giveBack(id, client, before.get(id)));
      throw refused;
    }
    ids.forEach(id -> settle(id, client));
  }

  /** Returns whose a registration is; empty where it is nobody's. */
  String holder(InstanceId id) {
    synchronized (lock) {
      return holders.getOrDefault(id, "");
    }
  }

  /** Has a registration of an earlier process be whose it was. */
  void restore(InstanceId id, String client) {
    synchronized (lock) {
      hold(id, client);
    }
  }

  /** Returns whose they were before. */
  private Map<InstanceId, @Nullable String> take(Set<InstanceId> ids, String client) {
    Map<InstanceId, @Nullable String> before = new HashMap<>();
    synchronized (lock) {
      long more = ids.stream().filter(id -> !client.equals(holders.get(id))).count();
      if (held.getOrDefault(client, 0) + more > most) {
        throw new RefusedException(
            429, "too many registrations of one client (expected: at most " + most + ")");
      }
      ids.forEach(id -> before.put(id, hold(id, client)));
    }
    return before;
  }

  /** The registration was refused: unless another client came in between, all is as it was. */
  private void giveBack(InstanceId id, String client, @Nullable String before) {
    synchronized (lock) {
      if (client.equals(holders.get(id))) {
        if (before != null && catalog.look(view -> view.has(id))) {
          hold(id, before);
        } else {
          drop(id);
        }
      }
    }
  }

  /** A deregistration may have come in between. */
  private void settle(InstanceId id, String client) {
    synchronized (lock) {
      if (!catalog.look(view -> view.has(id))) {
        drop(id);
      } else if (!holders.containsKey(id)) {
        hold(id, client);
      }
    }
  }

  private void release(Set<InstanceId> changed) {
    synchronized (lock) {
      for (InstanceId id : changed) {
        if (holders.containsKey(id) && !catalog.look(view -> view.has(id))) {
          drop(id);
        }
      }
    }
  }

  /** Returns whose it was before. */
  private @Nullable String hold(InstanceId id, String client) {
    String before = drop(id);
    holders.put(id, client);
    held.merge(client, 1, Integer::sum);
    return before;
  }

  private @Nullable String drop(InstanceId id) {
    String before = holders.remove(id);
    if (before != null) {
      held.computeIfPresent(before, (of, count) -> count == 1 ? null : count - 1);
    }
    return before;
  }
}
