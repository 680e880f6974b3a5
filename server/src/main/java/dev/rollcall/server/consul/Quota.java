package dev.rollcall.server.consul;

import dev.rollcall.server.MemoryBudget;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How many registrations each client holds, and how many bytes of memory they take, with a bound
 * for both. A registration is a service with its checks, or a node that was registered as such
 * ({@link InstanceId} with an empty ID); it belongs to the client that registered it last, for as
 * long as the {@link CatalogIndex} has it, however it goes: deregistered, reaped, fenced.
 *
 * <p>What is about to be registered is weighed beforehand, and refused where there is no room; what
 * then stands in the catalog is weighed again at each of its changes.
 *
 * <p><b>Guards.</b> {@code lock} guards both maps. It is taken after the lock of the {@link
 * LocalAgent} and before the catalog's, never the other way round. What is held is always put right
 * by looking at the catalog, so that of a registration and a deregistration at the same time it
 * does not matter which of them reports first.
 */
final class Quota {
  private final CatalogIndex catalog;
  private final int most;
  private final MemoryBudget memory;

  private final Object lock = new Object();
  // Guarded by "lock".
  private final Map<InstanceId, MemoryBudget.Hold> holds = new HashMap<>();
  private final Map<String, Integer> held = new HashMap<>();

  Quota(CatalogIndex catalog, int maxByClient, MemoryBudget memory) {
    this.catalog = catalog;
    most = maxByClient;
    this.memory = memory;
    catalog.onChange(this::weighAgain);
  }

  /**
   * Makes a registration for a client, if it may hold it.
   *
   * @param ids what is registered by it; what it holds already does not count again
   * @param bytes what all of that weighs then
   * @throws RefusedException where it would hold too many; then nothing was registered
   * @throws dev.rollcall.server.BudgetException where it would hold too much; likewise
   */
  void register(Set<InstanceId> ids, String client, long bytes, Runnable registration) {
    MemoryBudget.Hold room = room(ids, client, bytes);
    try {
      Map<InstanceId, @Nullable String> before = take(ids, client);
      try {
        registration.run();
      } catch (RuntimeException | Error refused) {
        ids.forEach(id -> giveBack(id, client, before.get(id)));
        throw refused;
      }
    } finally {
      room.close();
    }
    ids.forEach(id -> settle(id, client));
  }

  /** Returns whose a registration is; empty where it is nobody's. */
  String holder(InstanceId id) {
    synchronized (lock) {
      String client = holderOf(id);
      return client == null ? "" : client;
    }
  }

  /** Has a registration of an earlier process be whose it was. */
  void restore(InstanceId id, String client) {
    synchronized (lock) {
      hold(id, client);
      weigh(id);
    }
  }

  /**
   * Makes a change that adds to a registration, which counts for its holder, or else for the client
   * that makes the change.
   *
   * @param bytes by how much it weighs more then
   * @throws dev.rollcall.server.BudgetException where that is too much; then nothing was changed
   */
  void add(InstanceId id, String client, long bytes, Runnable change) {
    String payer = holder(id);
    MemoryBudget.Hold room = memory.take(payer.isEmpty() ? client : payer, Math.max(0, bytes));
    try {
      change.run();
    } finally {
      room.close();
    }
    settle(id, client);
  }

  /** Returns a hold on what is needed in addition, while the registration is made. */
  private MemoryBudget.Hold room(Set<InstanceId> ids, String client, long bytes) {
    long has = 0;
    synchronized (lock) {
      for (InstanceId id : ids) {
        MemoryBudget.Hold hold = holds.get(id);
        has += hold != null && hold.client().equals(client) ? hold.bytes() : 0;
      }
    }
    return memory.take(client, Math.max(0, bytes - has));
  }

  /** Returns whose they were before. */
  private Map<InstanceId, @Nullable String> take(Set<InstanceId> ids, String client) {
    Map<InstanceId, @Nullable String> before = new HashMap<>();
    synchronized (lock) {
      long more = ids.stream().filter(id -> !client.equals(holderOf(id))).count();
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
      if (client.equals(holderOf(id))) {
        if (before != null && catalog.look(view -> view.has(id))) {
          hold(id, before);
          weigh(id);
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
      } else {
        if (!holds.containsKey(id)) {
          hold(id, client);
        }
        weigh(id);
      }
    }
  }

  private void weighAgain(Set<InstanceId> changed) {
    synchronized (lock) {
      for (InstanceId id : changed) {
        if (holds.containsKey(id)) {
          if (catalog.look(view -> view.has(id))) {
            weigh(id);
          } else {
            drop(id);
          }
        }
      }
    }
  }

  /** Under the lock. */
  private void weigh(InstanceId id) {
    MemoryBudget.Hold hold = holds.get(id);
    if (hold != null) {
      hold.correct(catalog.look(view -> Weight.of(id, view)));
    }
  }

  private @Nullable String holderOf(InstanceId id) {
    MemoryBudget.Hold hold = holds.get(id);
    return hold == null ? null : hold.client();
  }

  /** Returns whose it was before. */
  private @Nullable String hold(InstanceId id, String client) {
    String before = holderOf(id);
    if (!client.equals(before)) {
      drop(id);
      holds.put(id, memory.take(client, 0));
      held.merge(client, 1, Integer::sum);
    }
    return before;
  }

  private void drop(InstanceId id) {
    MemoryBudget.Hold before = holds.remove(id);
    if (before != null) {
      before.close();
      held.computeIfPresent(before.client(), (of, count) -> count == 1 ? null : count - 1);
    }
  }
}
