package dev.rollcall.testkit;

import dev.rollcall.Balancer;
import dev.rollcall.Catalog;
import dev.rollcall.CatalogListener;
import dev.rollcall.CatalogSnapshot;
import dev.rollcall.Filter;
import dev.rollcall.Freshness;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Pick;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryStatus;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceListener;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import dev.rollcall.Subscription;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;

/** Passes every call on: what the registries with a fault extend. */
class ForwardingRegistry implements Registry {
  private final Registry to;

  ForwardingRegistry(Registry to) {
    this.to = to;
  }

  @Override
  public CompletableFuture<Registration> register(ServiceInstance instance, Liveness liveness) {
    return to.register(instance, liveness);
  }

  @Override
  public CompletableFuture<Registration> registerExclusive(
      ServiceInstance instance, Liveness liveness) {
    return to.registerExclusive(instance, liveness);
  }

  @Override
  public Registration announce(ServiceInstance instance, Liveness liveness) {
    return to.announce(instance, liveness);
  }

  @Override
  public CompletableFuture<Void> deregister(InstanceKey key) {
    return to.deregister(key);
  }

  @Override
  public ServiceView service(String name) {
    return to.service(name);
  }

  @Override
  public Catalog catalog() {
    return to.catalog();
  }

  @Override
  public CompletableFuture<Snapshot> snapshot(String name) {
    return to.snapshot(name);
  }

  @Override
  public RegistryStatus status() {
    return to.status();
  }

  @Override
  public void close() {
    to.close();
  }

  @Override
  public CompletableFuture<Void> closeAsync() {
    return to.closeAsync();
  }

  /** Passes every call on to a view. */
  static class View implements ServiceView {
    private final ServiceView to;

    View(ServiceView to) {
      this.to = to;
    }

    @Override
    public String service() {
      return to.service();
    }

    @Override
    public List<ServiceInstance> instances() {
      return to.instances();
    }

    @Override
    public ServiceInstance pick() {
      return to.pick();
    }

    @Override
    public ServiceInstance pick(Object key) {
      return to.pick(key);
    }

    @Override
    public ServiceInstance pick(long key) {
      return to.pick(key);
    }

    @Override
    public Pick acquire() {
      return to.acquire();
    }

    @Override
    public Pick acquire(Collection<ServiceInstance> tried) {
      return to.acquire(tried);
    }

    @Override
    public Pick acquire(Object key, Collection<ServiceInstance> tried) {
      return to.acquire(key, tried);
    }

    @Override
    public Pick acquire(long key, Collection<ServiceInstance> tried) {
      return to.acquire(key, tried);
    }

    @Override
    public void failed(ServiceInstance instance) {
      to.failed(instance);
    }

    @Override
    public ServiceView where(Filter filter) {
      return to.where(filter);
    }

    @Override
    public ServiceView balancedBy(Balancer balancer) {
      return to.balancedBy(balancer);
    }

    @Override
    public Snapshot snapshot() {
      return to.snapshot();
    }

    @Override
    public CompletableFuture<Snapshot> ready() {
      return to.ready();
    }

    @Override
    public Flow.Publisher<Snapshot> publisher() {
      return to.publisher();
    }

    @Override
    public Snapshot await(Duration timeout) {
      return to.await(timeout);
    }

    @Override
    public Subscription watch(ServiceListener listener) {
      return to.watch(listener);
    }
  }

  /** Passes every call on to a catalog. */
  static class Everything implements Catalog {
    private final Catalog to;

    Everything(Catalog to) {
      this.to = to;
    }

    @Override
    public SortedSet<String> services() {
      return to.services();
    }

    @Override
    public Snapshot snapshot(String service) {
      return to.snapshot(service);
    }

    @Override
    public CatalogSnapshot snapshot() {
      return to.snapshot();
    }

    @Override
    public Freshness freshness() {
      return to.freshness();
    }

    @Override
    public CompletableFuture<Catalog> ready() {
      return to.ready();
    }

    @Override
    public Catalog await(Duration timeout) {
      return to.await(timeout);
    }

    @Override
    public Subscription watch(CatalogListener listener) {
      return to.watch(listener);
    }

    @Override
    public Flow.Publisher<CatalogSnapshot> publisher() {
      return to.publisher();
    }
  }
}
