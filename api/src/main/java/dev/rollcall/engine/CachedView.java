package dev.rollcall.engine;

import dev.rollcall.Arguments;
import dev.rollcall.Balancer;
import dev.rollcall.Filter;
import dev.rollcall.Freshness;
import dev.rollcall.Pick;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceListener;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import dev.rollcall.Subscription;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Supplier;

/**
 * {@link ServiceView} on an {@link InstanceCache}: each read is one volatile read. {@code latest}
 * is written by the cache, under its lock, at each publication; it leads to the snapshot.
 */
final class CachedView implements ServiceView {
  private static final VarHandle LATEST;

  static {
    try {
      LATEST =
          MethodHandles.lookup().findVarHandle(CachedView.class, "latest", ShownInstances.class);
    } catch (ReflectiveOperationException impossible) {
      throw new ExceptionInInitializerError(impossible);
    }
  }

  private final String service;
  private final int hash;
  private final InstanceCache cache;
  private final WatchedService watched;
  private volatile ShownInstances latest;

  CachedView(String service, InstanceCache cache, WatchedService watched) {
    this.service = service;
    this.hash = service.hashCode();
    this.cache = cache;
    this.watched = watched;
    this.latest = InstanceCache.nothing(service).instances();
    cache.showTo(this);
  }

  /** Tells whether this is the view of a service, whose name's hash is given as well. */
  boolean isOf(String name, int nameHash) {
    return hash == nameHash && service.equals(name);
  }

  /** Returns the hash of the service's name: here, so that it is read with the view. */
  int hash() {
    return hash;
  }

  /**
   * Takes a newer state over; for the cache alone. The volatile write that follows there, of the
   * same state, orders this one as well.
   */
  void show(ViewSnapshot newer) {
    LATEST.setRelease(this, newer.instances());
  }

  @Override
  public String service() {
    return service;
  }

  @Override
  public List<ServiceInstance> instances() {
    return latest;
  }

  @Override
  public ServiceInstance pick() {
    ShownInstances now = latest;
    ServiceInstance[] from = now.picks();
    return from.length > 0 ? from[RandomChoice.below(from.length)] : pickOfMany(now.snapshot());
  }

  private ServiceInstance pickOfMany(ViewSnapshot now) {
    InstanceList eligible = now.eligible();
    if (eligible.isEmpty()) {
      throw watched.none(now.explain().orElseThrow());
    }
    return eligible.get(RandomChoice.below(eligible.size()));
  }

  @Override
  public ServiceInstance pick(Object key) {
    Arguments.notNull("key", key, "");
    return pick();
  }

  @Override
  public ServiceInstance pick(long key) {
    return pick();
  }

  @Override
  public Pick acquire() {
    ServiceInstance instance = pick();
    return acquired(instance);
  }

  private Pick acquired(ServiceInstance instance) {
    return new TargetPick(instance, watched.targets().of(instance.id()), watched);
  }

  @Override
  public Pick acquire(Collection<ServiceInstance> tried) {
    Untried untried = new Untried(service, tried);
    ViewSnapshot now = latest.snapshot();
    InstanceList eligible = now.eligible();
    for (int draws = eligible.isEmpty() ? 0 : Untried.DRAWS; draws > 0; draws--) {
      ServiceInstance drawn = eligible.get(RandomChoice.below(eligible.size()));
      if (untried.includes(drawn)) {
        return acquired(drawn);
      }
    }
    InstanceList left = untried.left(now, watched);
    return acquired(left.get(RandomChoice.below(left.size())));
  }

  @Override
  public Pick acquire(Object key, Collection<ServiceInstance> tried) {
    Arguments.notNull("key", key, "");
    return acquire(tried);
  }

  @Override
  public Pick acquire(long key, Collection<ServiceInstance> tried) {
    return acquire(tried);
  }

  @Override
  public void failed(ServiceInstance instance) {
    Arguments.notNull("instance", instance, "");
    if (!instance.service().equals(service)) {
      throw RegistryException.invalid(
          "instance: " + instance.key() + " (expected: one of service " + service + ")");
    }
    watched.failed(instance);
  }

  @Override
  public ServiceView where(Filter filter) {
    return watched.derive(this, Arguments.notNull("filter", filter, ""), Balancer.random());
  }

  @Override
  public ServiceView balancedBy(Balancer balancer) {
    return watched.derive(this, null, Arguments.notNull("balancer", balancer, ""));
  }

  @Override
  public ViewSnapshot snapshot() {
    return latest.snapshot();
  }

  @Override
  public ViewSnapshot await(Duration timeout) {
    return FirstState.await(
        cache.loadedOrHopeless(), "service " + service, timeout, this::freshness, this::snapshot);
  }

  @Override
  public CompletableFuture<Snapshot> ready() {
    return ready(this::snapshot);
  }

  /** Completes with a state that is to be read from this view when there is one. */
  CompletableFuture<Snapshot> ready(Supplier<Snapshot> state) {
    // What waits leads to this view, so that the view is held for as long.
    return FirstState.of(
        watched.answers(), cache.loadedOrHopeless(), "service " + service, this::freshness, state);
  }

  private Freshness freshness() {
    return latest.snapshot().freshness();
  }

  @Override
  public Subscription watch(ServiceListener listener) {
    return watched.watch(listener);
  }

  @Override
  public Flow.Publisher<Snapshot> publisher() {
    return subscriber -> watched.publish(subscriber, this::snapshot);
  }
}
