package dev.rollcall.engine;

import dev.rollcall.Liveness;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.HealthChecker;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** Parts of the engine without threads of their own: listeners run where they are signalled. */
final class Parts {
  static final ServiceInstance A = instance("a");
  static final ServiceInstance B = instance("b");

  private Parts() {}

  private static ServiceInstance instance(String id) {
    return ServiceInstance.builder("orders").id(id).address("127.0.0.1", 8080).build();
  }

  static Dispatcher dispatcher(Timer timer) {
    return new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), Runnable::run);
  }

  static WatchedService watched(String name, InstanceCache cache, Timer timer) {
    Dispatcher dispatcher = dispatcher(timer);
    return new WatchedService(
        name, cache, guard(timer), dispatcher, new Answers(timer, dispatcher), () -> {});
  }

  static InstanceCache cache(Timer timer) {
    return new InstanceCache("orders", timer, guard(timer).window());
  }

  static LossGuard guard(Timer timer) {
    HealthChecker none = null; // an unprotected service asks nobody
    return new LossGuard(timer, none, 1, Duration.ofMinutes(5));
  }

  /** A registration that has begun. */
  static StoreRegistration registration(RegistryBackend store, Timer timer) {
    StoreRegistration registration = unstarted(store, timer);
    registration.start(null);
    return registration;
  }

  static StoreRegistration unstarted(RegistryBackend store, Timer timer) {
    return new StoreRegistration(
        new RegistrationContext(
            store,
            timer,
            RealMachine.INSTANCE,
            dispatcher(timer),
            new Answers(timer, dispatcher(timer)),
            new StoreContact(timer, () -> {}),
            Duration.ofSeconds(10),
            ConcurrentHashMap.newKeySet()),
        UUID.randomUUID().toString(),
        A,
        Liveness.heartbeat(Duration.ofSeconds(9)),
        Claim.TAKE_OVER,
        () -> {});
  }
}
