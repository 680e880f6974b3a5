package dev.rollcall.etcd;

import static org.awaitility.Awaitility.await;

import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Registry;
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
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.TestReporter;

/** What the tests on real servers share: backends, registries and sinks, closed in the end. */
final class Rig implements AutoCloseable {
  static final String SERVICE = "orders";

  static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Real times are held to in the long build only: elsewhere the machine may be busy. */
  private static final boolean IN_TIME =
      !System.getProperty("rollcall.excludedTags", "").contains("long");

  final Timer timer = SystemTimer.named("rig-timer");
  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  <T extends AutoCloseable> T closing(T opened) {
    open.push(opened);
    return opened;
  }

  EtcdBackend backend(String uri) {
    return closing(EtcdBackend.open(uri, timer));
  }

  /** A registry without mass-loss protection, so that a loss shows as what it is. */
  Registry registry(String uri) {
    return closing(
        Registry.builder(EtcdBackend.open(uri, timer))
            .timer(timer)
            .massLossProtection(1, Duration.ofMinutes(5))
            .build());
  }

  RecordingSink sink(RegistryBackend backend) {
    RecordingSink sink = new RecordingSink(Selector.service(SERVICE));
    closing(backend.watch(Selector.service(SERVICE), sink));
    return sink;
  }

  RecordingSink liveSink(RegistryBackend backend) {
    RecordingSink sink = sink(backend);
    within(Duration.ofSeconds(10), () -> check(sink.isLive(), "not live"));
    return sink;
  }

  Client jetcd(String... endpoints) {
    return closing(Client.builder().endpoints(endpoints).build());
  }

  static ServiceInstance instance(String id, int number) {
    return ServiceInstance.builder(SERVICE)
        .id(id)
        .address("127.0.0.1", 9)
        .metadata("number", Integer.toString(number))
        .build();
  }

  static InstanceKey key(String id) {
    return new InstanceKey(SERVICE, id);
  }

  static Lease put(RegistryBackend backend, ServiceInstance instance) {
    return done(putting(backend, instance, Liveness.permanent(), Claim.TAKE_OVER, end -> {}));
  }

  static CompletionStage<Lease> putting(
      RegistryBackend backend,
      ServiceInstance instance,
      Liveness liveness,
      Claim claim,
      LeaseListener listener) {
    Owner owner = new Owner(UUID.randomUUID().toString(), 1);
    return backend.register(new RegisterRequest(instance, liveness, owner, claim), listener);
  }

  static void remove(RegistryBackend backend, String id) {
    done(backend.deregister(key(id), Owner.ANY));
  }

  static List<ServiceInstance> stored(RegistryBackend backend) {
    return done(backend.snapshot(Selector.service(SERVICE))).instances().stream()
        .sorted((a, b) -> a.key().compareTo(b.key()))
        .toList();
  }

  static <T> T done(CompletionStage<T> stage) {
    CompletableFuture<T> future = stage.toCompletableFuture();
    try {
      return future.orTimeout(60, TimeUnit.SECONDS).join();
    } catch (CompletionException failed) {
      throw failed.getCause() instanceof RuntimeException known ? known : failed;
    }
  }

  /**
   * Repeats until it holds; what it throws counts as "not yet". Gives more time than it was told in
   * a build that does not hold to real times.
   */
  static void within(Duration most, ThrowingRunnable assertion) {
    await()
        .pollInSameThread()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(10))
        .timeout(IN_TIME || most.compareTo(PATIENCE) > 0 ? most : PATIENCE)
        .ignoreExceptions()
        .untilAsserted(assertion);
  }

  /** Lets real time pass. */
  static void pass(Duration time) {
    await().pollInSameThread().pollDelay(time).timeout(time.plusSeconds(30)).until(() -> true);
  }

  /** Publishes a figure, and prints it too, since not every runner shows what is published. */
  static void report(TestReporter reporter, String what, String figure) {
    reporter.publishEntry(what, figure);
    System.out.println(what + ": " + figure);
  }

  static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }

  static ByteSequence bytes(String text) {
    return ByteSequence.from(text, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception failed) {
        throw new IllegalStateException("closing what a test opened", failed);
      }
    }
    timer.close();
  }
}
