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
import dev.rollcall.spi.support.Futures;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
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
 * it does for any application. What the store shows is known for our own by the centre's mark in
 * its metadata ({@link StoredEntry}), so that an echo is never taken for another client's, nor
 * another's for an echo. An entry of another's that a client of ours registers anew is taken over;
 * one that it deregisters is removed from the store, for good unless its owner lives.
 *
 * <p>What an earlier process of this centre has kept is put into the store again when the store's
 * first state is known: an entry that still stands there is taken over, its lease with it, and one
 * that has moved to another owner meanwhile is given up.
 *
 * <p><b>Thread.</b> All collections but {@code told}, {@code restored} and {@code keepers} are
 * confined to one thread, to which the catalog's and the store's callbacks only hand over; so are
 * {@code feeding} and {@code order}. {@code told} is a concurrent set: what clients have changed
 * and is not looked at yet. So is {@code restored}, what waits for the store's first state, or for
 * a client that speaks of it earlier; {@code restoring} is volatile, and written by the thread that
 * starts the centre. {@code keepers} is written by the thread and read by all.
 */
final class StoreLink implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StoreLink.class);
  private static final Duration LEASE = Duration.ofSeconds(15);

  /** How long a write may wait for the store, well within a request's time. */
  private static final Duration KEPT_WITHIN = Duration.ofSeconds(5);

  private final CatalogIndex catalog;
  private final LocalAgent agent;
  private final RegistryBackend backend;
  private final Registry registry;
  private final String storeName;
  private final boolean isStoreInProcess;
  private final String self;
  private final Liveness liveness;
  private final StoreContact.Stream contact;
  private final Changes changes;
  private final ThreadPoolExecutor thread;

  // Confined to the thread.
  private final Map<InstanceId, Registration> published = new HashMap<>();
  private final Map<InstanceKey, InstanceId> foreign = new HashMap<>();
  private final Map<InstanceId, InstanceKey> foreignIds = new HashMap<>();
  private final Map<InstanceKey, ServiceInstance> seen = new HashMap<>();
  private final Map<InstanceId, CompletableFuture<Void>> underWay = new HashMap<>();
  private final Set<InstanceId> passedOver = new HashSet<>();
  private final StoreOrder order = new StoreOrder();
  private boolean feeding;

  private final Set<InstanceId> told = ConcurrentHashMap.newKeySet();
  private final Map<InstanceId, String> keepers = new ConcurrentHashMap<>();
  private final SharedQuestion everything =
      new SharedQuestion(() -> caughtUp(Selector.everything()));
  private final Set<InstanceId> restored = ConcurrentHashMap.newKeySet();
  private final String mark;
  private volatile boolean restoring;

  private volatile @Nullable Thread ours; // the thread of the moment
  private RegistryBackend.@Nullable Watch watch; // set by start(), before anything is served

  /**
   * Creates a link that is not begun.
   *
   * @param mark tells this centre's entries in the store from all others'
   */
  StoreLink(
      CentreContext context,
      CatalogIndex catalog,
      LocalAgent agent,
      StoreContact.Stream contact,
      Changes changes,
      String mark) {
    this.changes = changes;
    this.mark = mark;
    this.contact = contact;
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
              ours = made;
              return made;
            });
    thread.allowCoreThreadTimeOut(true);
    catalog.onChange(this::changed);
  }

  /** Has the catalog say again what an earlier process has kept. Before anything is served. */
  void restore(Runnable restore) {
    restoring = !isStoreInProcess;
    restore.run();
    restoring = false;
  }

  void start() {
    watch = backend.watch(Selector.everything(), new Feed());
  }

  /**
   * Completes when the store has taken the latest of what the catalog said of some instances: with
   * false where it refuses, or does not within some seconds. Then it may take it later.
   */
  CompletableFuture<Boolean> kept(Set<InstanceId> ids) {
    CompletableFuture<Boolean> kept = new CompletableFuture<>();
    hand(
        () -> {
          ids.stream().filter(restored::contains).forEach(this::publish);
          CompletableFuture.allOf(
                  ids.stream()
                      .map(underWay::get)
                      .filter(Objects::nonNull)
                      .toArray(CompletableFuture<?>[]::new))
              .whenComplete((done, failed) -> kept.complete(failed == null));
        });
    return kept.completeOnTimeout(false, KEPT_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * Completes when what a topic is about is shown as the store has it by now, or later; with false
   * where the store does not say so in time.
   */
  CompletableFuture<Boolean> caughtUp(String topic) {
    return Topics.isService(topic)
        ? caughtUp(Selector.service(topic.substring(Topics.service("").length())))
        : everything.answer();
  }

  private CompletableFuture<Boolean> caughtUp(Selector scope) {
    CompletableFuture<Boolean> caughtUp = new CompletableFuture<>();
    try {
      backend
          .snapshot(scope)
          .whenComplete(
              (listing, failed) -> {
                if (failed == null) {
                  hand(() -> order.await(scope, listing, seen, caughtUp));
                } else {
                  caughtUp.complete(isRefusedName(failed));
                }
              });
    } catch (RegistryException refused) {
      caughtUp.complete(isRefusedName(refused));
    }
    return caughtUp.completeOnTimeout(
        false, StoreContact.SILENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** What the store takes for no name of a service has no instances, here and there. */
  private static boolean isRefusedName(Throwable failed) {
    return Futures.cause(failed) instanceof RegistryException refused
        && refused.kind() == RegistryException.Kind.INVALID;
  }

  /**
   * Returns the node of the centre that keeps an instance in the store, if that is another one's;
   * empty text where a program keeps it itself, or nobody any more.
   */
  Optional<String> keeperOf(InstanceId id) {
    return Optional.ofNullable(keepers.get(id));
  }

  private CompletableFuture<Void> begun(InstanceId id) {
    CompletableFuture<Void> began = new CompletableFuture<>();
    underWay.put(id, began);
    began.whenComplete((done, failed) -> hand(() -> underWay.remove(id, began)));
    return began;
  }

  private static void end(CompletableFuture<Void> began, @Nullable Throwable failed) {
    if (failed == null) {
      began.complete(null);
    } else {
      began.completeExceptionally(failed);
    }
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

  /** On the thread of whoever made the change; on ours where it was {@link #feed}. */
  private void changed(Set<InstanceId> ids) {
    if (Thread.currentThread() == ours && feeding) {
      return;
    }
    if (restoring) {
      restored.addAll(ids);
      return;
    }
    Set<InstanceId> due = new HashSet<>(ids);
    due.removeAll(restored); // a check has run; the store's first state is waited for all the same
    told.addAll(due);
    hand(() -> due.forEach(this::publish));
  }

  /** The store's first state is known: what was kept is as it was, or another's by now. */
  private void settle() {
    for (InstanceId id : Set.copyOf(restored)) {
      HealthEntry entry = catalog.look(view -> view.instance(id));
      ServiceInstance kept = entry == null ? null : StoredEntry.toInstance(entry, true, self, mark);
      ServiceInstance there = kept == null ? null : seen.get(kept.key());
      if (there == null || StoredEntry.isMarked(there, mark)) {
        publish(id);
      } else if (restored.remove(id)) {
        LOG.info("{} is another owner's by now", there.key());
        giveUp(id, there);
      }
    }
  }

  /** Another owner has an instance in the store: so it is not ours to keep. */
  private void giveUp(InstanceId id, @Nullable ServiceInstance successor) {
    changes.registered(id, Changes.By.OTHERS);
    if (id.node().equals(self)) {
      agent.deregister(id.id());
    } else {
      feed(to -> to.removeService(id.node(), id.id()));
    }
    if (successor != null) {
      show(List.of(successor));
    }
  }

  /** Makes a change that the store has told of. */
  private void feed(Consumer<CatalogWriter> change) {
    feeding = true;
    try {
      catalog.write(change);
    } finally {
      feeding = false;
    }
  }

  private void publish(InstanceId id) {
    told.remove(id);
    restored.remove(id);
    HealthEntry entry = catalog.look(view -> view.instance(id));
    boolean hasPassedOver = passedOver.remove(id);
    InstanceKey foreignKey = foreignIds.get(id);
    if (foreignKey != null) {
      if (entry == null) {
        forgetForeign(id, foreignKey);
        remove(id, foreignKey);
        return;
      }
      ServiceInstance shown = seen.get(foreignKey);
      if (shown != null && StoredEntry.toEntry(shown, storeName).service().says(entry.service())) {
        if (hasPassedOver) {
          show(List.of(shown));
        }
        return;
      }
      forgetForeign(id, foreignKey);
    }
    ServiceInstance instance =
        entry == null ? null : StoredEntry.toInstance(entry, !isStoreInProcess, self, mark);
    Registration registration = published.get(id);
    if (registration != null
        && (instance == null || !registration.instance().key().equals(instance.key()))) {
      published.remove(id);
      deregister(registration, begun(id));
      registration = null;
    }
    if (instance == null) {
      return;
    }
    if (registration == null) {
      Registration announced = registry.announce(instance, liveness);
      published.put(id, announced);
      CompletableFuture<Void> began = begun(id);
      announced.onState(
          state -> {
            switch (state) {
              case ACTIVE, FENCED -> began.complete(null);
              case CLOSED -> began.cancel(false);
              case PENDING, LOST -> {}
            }
            hand(() -> state(id, announced, state));
          });
    } else if (!registration.instance().equals(instance)) {
      InstanceKey key = instance.key();
      CompletableFuture<Void> began = begun(id);
      registration
          .update(instance)
          .whenComplete(
              (done, failed) -> {
                if (failed != null) {
                  LOG.debug("updating {}", key, failed);
                }
                end(began, failed);
              });
    }
  }

  private void forgetForeign(InstanceId id, InstanceKey key) {
    foreignIds.remove(id);
    keepers.remove(id);
    foreign.remove(key);
  }

  /** Removes what another owner has put into the store. */
  private void remove(InstanceId id, InstanceKey key) {
    CompletableFuture<Void> began = begun(id);
    registry
        .deregister(key)
        .whenComplete(
            (done, failed) -> {
              if (failed != null) {
                LOG.warn("removing {}: {}", key, failed.toString());
              }
              end(began, failed);
            });
  }

  private static void deregister(Registration registration, CompletableFuture<Void> began) {
    InstanceKey key = registration.instance().key();
    registration
        .deregister()
        .whenComplete(
            (done, failed) -> {
              if (failed != null) {
                LOG.warn("deregistering {}: {}", key, failed.toString());
              }
              end(began, failed);
            });
  }

  /** Gives up what another owner has taken over in the store. */
  private void state(InstanceId id, Registration registration, Registration.State state) {
    if (state != Registration.State.FENCED || published.get(id) != registration) {
      return;
    }
    published.remove(id);
    LOG.info("{} was taken over by another owner", registration.instance().key());
    // What was seen last may still be our own; then the successor comes by the watch.
    giveUp(id, seen.get(registration.instance().key()));
  }

  private void show(List<ServiceInstance> instances) {
    List<HealthEntry> entries = new ArrayList<>();
    for (ServiceInstance instance : instances) {
      seen.put(instance.key(), instance);
      HealthEntry entry = StoredEntry.toEntry(instance, storeName);
      InstanceId id = new InstanceId(entry.node().name(), entry.service().id());
      boolean isTold = told.contains(id);
      if (isTold && id.equals(foreign.get(instance.key()))) {
        passedOver.add(id); // until it is clear what a client of ours has changed of it
        continue;
      }
      boolean isOwn =
          isTold
              || StoredEntry.isMarked(instance, mark)
              || entry.node().name().equals(self)
              || published.containsKey(id);
      InstanceId before = isOwn ? foreign.remove(instance.key()) : foreign.put(instance.key(), id);
      if (before != null && !before.equals(id)) {
        hide(before);
      }
      if (isOwn) {
        continue;
      }
      foreignIds.put(id, instance.key());
      String keeper = StoredEntry.keeper(instance);
      keepers.put(id, keeper.equals(self) ? "" : keeper); // nobody keeps what an earlier life put
      entries.add(entry);
    }
    if (entries.isEmpty()) {
      return;
    }
    feed(
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
    keepers.remove(id);
    feed(
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
            order.replaced(scope, revision, seen);
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
            order.applied(revision, seen);
          });
    }

    @Override
    public void synced() {
      hand(
          () -> {
            contact.synced();
            settle();
          });
    }

    @Override
    public void interrupted(RegistryException cause) {
      LOG.info("the store is not heard of: {}", cause.getMessage());
      hand(contact::interrupted);
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
