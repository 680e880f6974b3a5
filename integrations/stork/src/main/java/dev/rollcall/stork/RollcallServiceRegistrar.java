package dev.rollcall.stork;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import io.smallrye.mutiny.Uni;
import io.smallrye.stork.api.Metadata;
import io.smallrye.stork.api.ServiceRegistrar;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;

/**
 * Registers, and remembers what it has registered, as Stork deregisters by a service's name. The
 * queue is written by whoever completes a registration or deregisters.
 */
final class RollcallServiceRegistrar implements ServiceRegistrar<RollcallMetadataKey> {
  private final Registry registry;
  private final Liveness liveness;
  private final String scheme;
  private final String zone;
  private final int weight;
  private final Queue<Registration> registrations = new ConcurrentLinkedQueue<>();

  RollcallServiceRegistrar(Registry registry, RollcallAttributes attributes) {
    this.registry = registry;
    String url = attributes.text("health-check-url", "");
    liveness =
        url.isEmpty()
            ? Liveness.heartbeat(attributes.duration("ttl", "10s"))
            : Liveness.httpCheck(
                URI.create(url), attributes.duration("health-check-interval", "10s"));
    scheme = Boolean.parseBoolean(attributes.text("secure", "false")) ? "https" : "http";
    zone = attributes.text("zone", "");
    String share = attributes.text("weight", "1");
    try {
      weight = Integer.parseInt(share);
    } catch (NumberFormatException refused) {
      throw new IllegalArgumentException("weight: " + share + " (expected: a number)", refused);
    }
  }

  @Override
  public Uni<Void> registerServiceInstance(
      String service, Metadata<RollcallMetadataKey> metadata, String host, int port) {
    return register(
        () -> {
          ServiceInstance.Builder instance = instance(service, host, port);
          Object id = metadata.getMetadata().get(RollcallMetadataKey.META_ROLLCALL_ID);
          return id == null ? instance : instance.id(id.toString());
        });
  }

  @Override
  public Uni<Void> registerServiceInstance(RegistrarOptions options) {
    checkRegistrarOptionsNotNull(options);
    return register(
        () ->
            instance(options.serviceName(), options.ipAddress(), options.defaultPort())
                .tags(options.tags())
                .metadata(options.metadata()));
  }

  /**
   * Removes what this registrar has registered for the service; completes when all of it is gone.
   */
  @Override
  public Uni<Void> deregisterServiceInstance(String service) {
    return Uni.createFrom()
        .completionStage(
            () -> {
              List<CompletableFuture<Void>> gone = new ArrayList<>();
              for (Registration registration : List.copyOf(registrations)) {
                if (registration.instance().service().equals(service)
                    && registrations.remove(registration)) {
                  gone.add(registration.deregister());
                }
              }
              return CompletableFuture.allOf(gone.toArray(CompletableFuture<?>[]::new));
            });
  }

  private ServiceInstance.Builder instance(String service, String host, int port) {
    return ServiceInstance.builder(service)
        .address(host, port)
        .scheme(scheme)
        .zone(zone)
        .weight(weight);
  }

  private Uni<Void> register(Supplier<ServiceInstance.Builder> instance) {
    return Uni.createFrom()
        .completionStage(
            () -> {
              CompletableFuture<Void> remembered =
                  registry
                      .register(instance.get().build(), liveness)
                      .thenAccept(registrations::add);
              return remembered.copy(); // a cancelled Uni cancels what it was given
            });
  }
}
