package dev.rollcall.memory;

import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** What the tests of the store say often. */
final class Fixture {
  static final Duration TTL = Duration.ofSeconds(10);
  static final Liveness HEARTBEAT = Liveness.heartbeat(TTL);
  static final Duration TICK = Duration.ofNanos(LeaseWheel.TICK_NANOS);

  private Fixture() {}

  static ServiceInstance instance(String service, String id) {
    return ServiceInstance.builder(service).id(id).address("10.0.0.7", 8080).build();
  }

  static Owner owner(String id) {
    return new Owner(id, 1);
  }

  static RegisterRequest request(ServiceInstance instance, Liveness liveness, Owner owner) {
    return new RegisterRequest(instance, liveness, owner, Claim.TAKE_OVER);
  }

  static Lease register(
      RegistryBackend backend, ServiceInstance instance, Liveness liveness, Owner owner) {
    return register(backend, instance, liveness, owner, end -> {});
  }

  static Lease register(
      RegistryBackend backend,
      ServiceInstance instance,
      Liveness liveness,
      Owner owner,
      LeaseListener listener) {
    return get(backend.register(request(instance, liveness, owner), listener));
  }

  static List<ServiceInstance> snapshot(RegistryBackend backend, String service) {
    List<ServiceInstance> instances =
        new ArrayList<>(get(backend.snapshot(Selector.service(service))).instances());
    instances.sort(Comparator.comparing(ServiceInstance::key));
    return instances;
  }

  static long passing(RegistryBackend backend) {
    return get(backend.snapshot(Selector.everything())).instances().stream()
        .filter(instance -> instance.health() == Health.PASSING)
        .count();
  }

  static InstanceKey key(String service, String id) {
    return new InstanceKey(service, id);
  }

  static <T> T get(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  static RegistryException failure(CompletionStage<?> stage) {
    try {
      stage.toCompletableFuture().join();
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof RegistryException cause) {
        return cause;
      }
      throw failed;
    }
    throw new AssertionError("completed normally (expected: a failure)");
  }
}
