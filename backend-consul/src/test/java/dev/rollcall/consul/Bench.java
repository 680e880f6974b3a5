package dev.rollcall.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

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
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.SystemTimer;
import dev.rollcall.testkit.RecordingSink;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** What a test of one backend needs, closed in the end. */
final class Bench implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Real times are held to in the long build only: elsewhere the machine may be busy. */
  static final boolean IN_TIME = !System.getProperty("rollcall.excludedTags", "").contains("long");

  final Timer timer = SystemTimer.named("bench-timer");
  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  <T extends AutoCloseable> T closing(T opened) {
    open.push(opened);
    return opened;
  }

  ConsulBackend open(int port) {
    return open("consul://127.0.0.1:" + port + "?wait=1s&timeout=5s");
  }

  ConsulBackend open(String uri) {
    return closing(ConsulFaults.open(uri, timer));
  }

  RecordingSink watch(RegistryBackend backend, String service) {
    return watch(backend, Selector.service(service));
  }

  RecordingSink watch(RegistryBackend backend, Selector selector) {
    RecordingSink sink = new RecordingSink(selector);
    RegistryBackend.Watch watch = backend.watch(selector, sink);
    closing(
        () -> {
          watch.close();
          assertThat(sink.violations()).isEmpty();
        });
    return sink;
  }

  static ServiceInstance instance(String service, String id, int number) {
    return ServiceInstance.builder(service)
        .id(id)
        .address("127.0.0.1", 1 + number)
        .metadata("number", Integer.toString(number))
        .build();
  }

  static Owner owner() {
    return new Owner(UUID.randomUUID().toString(), 1);
  }

  static Lease put(RegistryBackend backend, ServiceInstance instance) {
    return put(backend, instance, Liveness.permanent(), owner(), end -> {});
  }

  static Lease put(
      RegistryBackend backend,
      ServiceInstance instance,
      Liveness liveness,
      Owner owner,
      LeaseListener listener) {
    return get(
        backend.register(
            new RegisterRequest(instance, liveness, owner, Claim.TAKE_OVER), listener));
  }

  static <T> T get(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof RegistryException known) {
        throw known;
      }
      throw failed;
    }
  }

  static RegistryException refused(CompletionStage<?> stage) {
    try {
      Object got = stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
      throw new AssertionError("completed with " + got);
    } catch (java.util.concurrent.ExecutionException failed) {
      return (RegistryException) failed.getCause();
    } catch (InterruptedException | TimeoutException late) {
      throw new AssertionError(late);
    }
  }

  static void eventually(Runnable assertion) {
    within(PATIENCE, assertion);
  }

  static void within(Duration most, Runnable assertion) {
    await()
        .pollInterval(Duration.ofMillis(5))
        .timeout(most)
        .ignoreExceptionsInstanceOf(RegistryException.class)
        .untilAsserted(assertion::run);
  }

  /** As {@link #within}, in the build that holds to real times; else as {@link #eventually}. */
  static void inTime(Duration most, Runnable assertion) {
    within(IN_TIME ? most : PATIENCE, assertion);
  }

  static void always(Duration during, Runnable assertion) {
    await()
        .pollInterval(during.dividedBy(200)) // of what lasts, or comes and stays
        .timeout(during.plusSeconds(5))
        .during(during)
        .untilAsserted(assertion::run);
  }

  /** Lets time pass. */
  static void pass(Duration time) {
    long until = System.nanoTime() + time.toNanos();
    await().timeout(time.plusSeconds(5)).until(() -> System.nanoTime() - until >= 0);
  }

  static List<String> ids(List<ServiceInstance> instances) {
    return instances.stream().map(ServiceInstance::id).sorted().toList();
  }

  @Override
  public void close() {
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception failed) {
        throw new AssertionError(failed);
      }
    }
    timer.close();
  }
}
