package dev.rollcall.server.consul;

import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.server.CentreContext;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the catalog and the store in step. What is registered here is put into the store; what
 * others have put there is shown on a node that bears the store's name, or the one of the centre
 * that put it.
 *
 * <p><b>Design.</b> Nothing is fired off: the catalog says that an instance has changed, and what
 * it then is, is compared with what was put into the store. The {@link Registry} keeps it there, as
 * it does for any application. What the store shows is known for our own by its metadata ({@link
 * StoredEntry}), so that an echo is never taken for another client's.
 *
 * <p><b>Thread.</b> All fields that are not final are confined to one thread, to which the
 * catalog's and the store's callbacks only hand over.
 */
final class StoreLink implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StoreLink.class);
  private static final Duration LEASE = Duration.ofSeconds(15);

  private final CatalogIndex catalog;
  private final LocalAgent agent;
  private final RegistryBackend backend;
  private final Registry registry;
  private final String storeName;
  private final boolean isStoreInProcess;
  private final String self;
  private final Liveness liveness;
  private final ThreadPoolExecutor thread;

  // Confined to the thread.
  private final Map<InstanceId, Registration> published = new HashMap<>();
  private final Map<InstanceKey, InstanceId> foreign = new HashMap<>();
  private final Set<InstanceId> foreignIds = new HashSet<>();
  private final Map<InstanceKey, ServiceInstance> seen = new HashMap<>();

  private RegistryBackend.@Nullable Watch watch; // set by start(), before anything is served
  private volatile boolean synced; // written on the thread, read by probes

  StoreLink(CentreContext context, CatalogIndex catalog, LocalAgent agent) {
    this.catalog = catalog;
    this.agent = agent;
    backend = context.backend();
    registry = context.registry();
    storeName = context.storeName();
    isStoreInProcess = context.isStoreInProcess();
    self = agent.self().name();
    liveness = isStoreInProcess ? Liveness.permanent() : Liveness.heartbeat(LEASE);
    thread =
        new ThreadPoolExecutor(
            1,
            1,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread made = new Thread(task, "rollcall-centre-store");
              made.setDaemon(true);
              return made;
            });
    thread.allowCoreThreadTimeOut(true);
    catalog.onChange(changed -> hand(() -> changed.forEach(this::publish)));
  }

  void start() {
    watch = backend.watch(Selector.everything(), new Feed());
  }

  boolean isSynced() {
    return synced;
  }

  private void hand(Runnable task) {
    try {
      thread.execute(
          () -> {
            try {
              task.run();
            } catch (RuntimeException | LinkageError failed) {
              LOG.error("keeping the catalog and the store in step", failed);
            }
          });
    } catch (RejectedExecutionException closed) {
      LOG.debug("closed", closed);
    }
  }

  private void publish(InstanceId id) {
    HealthEntry entry = catalog.look(view -> view.instance(id));
    if (foreignIds.contains(id)) {
      return;
    }
    ServiceInstance instance =
        entry == null ? null : StoredEntry.toInstance(entry, !isStoreInProcess);
    Registration registration = published.get(id);
    if (registration != null
        && (instance == null || !registration.instance().key().equals(instance.key()))) {
      published.remove(id);
      deregister(registration);
      registration = null;
    }
    if (instance == null) {
      return;
    }
    if (registration == null) {
      Registration announced = registry.announce(instance, liveness);
      published.put(id, announced);
      announced.onState(state -> hand(() -> state(id, announced, state)));
    } else if (!registration.instance().equals(instance)) {
      InstanceKey key = instance.key();
      registration
          .update(instance)
          .exceptionally(
              failed -> {
                LOG.debug("updating {}", key, failed);
                return null;
              });
    }
  }

  private static void deregister(Registration registration) {
    InstanceKey key = registration.instance().key();
    registration
        .deregister()
        .exceptionally(
            failed -> {
              LOG.warn("deregistering {}: {}", key, failed.toString());
              return null;
            });
  }

  /** Gives up what another owner has taken over in the store. */
  private void state(InstanceId id, Registration registration, Registration.State state) {
    if (state != Registration.State.FENCED || published.get(id) != registration) {
      return;
    }
    published.remove(id);
    LOG.info("{} was taken over by another owner", registration.instance().key());
    if (id.node().equals(self)) {
      agent.deregister(id.id());
    } else {
      catalog.write(to -> to.removeService(id.node(), id.id()));
    }
    ServiceInstance successor = seen.get(registration.instance().key());
    if (successor != null) {
      show(List.of(successor));
    }
  }

  private void show(List<ServiceInstance> instances) {
    List<HealthEntry> entries = new ArrayList<>();
    for (ServiceInstance instance : instances) {
      seen.put(instance.key(), instance);
      HealthEntry entry = StoredEntry.toEntry(instance, storeName);
      InstanceId id = new InstanceId(entry.node().name(), entry.service().id());
      if (entry.node().name().equals(self) || published.containsKey(id)) {
        continue;
      }
      InstanceId before = foreign.put(instance.key(), id);
      if (before != null && !before.equals(id)) {
        hide(before);
      }
      foreignIds.add(id);
      entries.add(entry);
    }
    if (entries.isEmpty()) {
      return;
    }
    catalog.write(
        to -> {
          for (HealthEntry entry : entries) {
            if (to.node(entry.node().name()) == null) {
              to.putNode(entry.node());
            }
            to.putService(entry.service());
            Set<String> kept = new HashSet<>();
            for (CatalogCheck check : entry.checks()) {
              kept.add(check.id());
              to.putCheck(check);
            }
            for (String old : to.checksOf(entry.node().name(), entry.service().id())) {
              if (!kept.contains(old)) {
                to.removeCheck(entry.node().name(), old);
              }
            }
          }
        });
  }

  private void forget(InstanceKey key) {
    seen.remove(key);
    InstanceId id = foreign.remove(key);
    if (id != null) {
      hide(id);
    }
  }

  private void hide(InstanceId id) {
    foreignIds.remove(id);
    catalog.write(
        to -> {
          to.removeService(id.node(), id.id());
          if (!to.hasServices(id.node())) {
            to.removeNode(id.node());
          }
        });
  }

  /** What the store says, handed over; what it says after the close finds the thread shut. */
  private final class Feed implements WatchSink {
    @Override
    public void replace(Selector scope, List<ServiceInstance> instances, long revision) {
      List<ServiceInstance> copy = List.copyOf(instances);
      hand(
          () -> {
            Set<InstanceKey> gone = new HashSet<>();
            seen.keySet().stream().filter(key -> scope.selects(key.service())).forEach(gone::add);
            copy.forEach(instance -> gone.remove(instance.key()));
            gone.forEach(StoreLink.this::forget);
            show(copy);
          });
    }

    @Override
    public void apply(List<InstanceEvent> events, long revision) {
      List<InstanceEvent> copy = List.copyOf(events);
      hand(
          () -> {
            for (InstanceEvent event : copy) {
              if (event instanceof InstanceEvent.Put put) {
                show(List.of(put.instance()));
              } else {
                forget(event.key());
              }
            }
          });
    }

    @Override
    public void synced() {
      hand(() -> synced = true);
    }

    @Override
    public void interrupted(RegistryException cause) {
      LOG.info("the store is not heard of: {}", cause.getMessage());
      hand(() -> synced = false);
    }
  }

  @Override
  public void close() {
    RegistryBackend.Watch open = watch;
    if (open != null) {
      open.close();
    }
    thread.shutdown();
  }
}
