package dev.rollcall.spring;

import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.discovery.ReactiveDiscoveryClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** As {@link RollcallDiscoveryClient}, and no thread waits: the first state is a future. */
final class RollcallReactiveDiscoveryClient implements ReactiveDiscoveryClient {
  private final Registry registry;
  private final RollcallProperties.Discovery settings;

  RollcallReactiveDiscoveryClient(Registry registry, RollcallProperties.Discovery settings) {
    this.registry = registry;
    this.settings = settings;
  }

  /** The future is the view's, and others may wait for it: cancelling must not reach it. */
  static <T> Mono<T> within(
      Duration limit, String what, Supplier<CompletableFuture<? extends T>> first) {
    return Mono.<T>fromFuture(first, true)
        .timeout(limit)
        .onErrorMap(
            TimeoutException.class,
            e -> RegistryException.unavailable(what + ": no state after " + limit, e));
  }

  @Override
  public String description() {
    return RollcallDiscoveryClient.DESCRIPTION;
  }

  @Override
  public Flux<ServiceInstance> getInstances(String serviceId) {
    if (!RollcallDiscoveryClient.isName(serviceId)) {
      return Flux.empty();
    }
    return within(settings.await(), serviceId, () -> registry.service(serviceId).ready())
        .flatMapIterable(snapshot -> RollcallServiceInstance.all(snapshot.instances()));
  }

  @Override
  public Flux<String> getServices() {
    return within(settings.await(), "services", () -> registry.catalog().ready())
        .flatMapIterable(catalog -> catalog.services());
  }

  @Override
  public int getOrder() {
    return settings.order();
  }
}
