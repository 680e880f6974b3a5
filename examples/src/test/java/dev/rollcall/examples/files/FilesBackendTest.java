package dev.rollcall.examples.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.examples.ExampleProcess;
import dev.rollcall.examples.LogService;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.Listing;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.testkit.ManualTimer;
import dev.rollcall.testkit.RecordingSink;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the contract does not ask: processes, a disk that hangs, and what a URI may say. */
class FilesBackendTest {
  private static final Duration DAY = Duration.ofDays(1);

  @TempDir Path folder;

  @Test
  void anotherProcess_isSeenAndGoesWithItsLeaseWhenItIsKilled(@TempDir Path out) throws Exception {
    String store = "files:" + folder;
    try (Registry registry = Registry.open(store);
        ExampleProcess process =
            ExampleProcess.start(
                out, LogService.class, store, "0", out.resolve("a.log").toString())) {
      ServiceView services = registry.service("LogService");
      process.await("logging to");
      await().atMost(30, TimeUnit.SECONDS).until(() -> services.instances().size() == 1);

      process.kill();
      await().atMost(60, TimeUnit.SECONDS).until(() -> services.instances().isEmpty());
    }
  }

  @Test
  void aCall_givenUpByItsDeadline_isNeverDone() throws Exception {
    ManualTimer timer = new ManualTimer();
    try (RegistryBackend backend = FilesBackend.open(folder, DAY, timer)) {
      CountDownLatch hanging = new CountDownLatch(1);
      CompletableFuture<Boolean> disk = hang(hanging);
      CompletionStage<Listing> before = backend.snapshot(Selector.everything());
      CompletionStage<Lease> given = register(backend, "a", Liveness.permanent());

      timer.advance(Duration.ofSeconds(5));
      assertThat(failure(before).kind()).isEqualTo(Kind.UNAVAILABLE);
      assertThat(failure(given)).hasMessageContaining("no answer within PT5S");
      hanging.countDown();
      assertThat(disk.get(30, TimeUnit.SECONDS)).isTrue();

      assertThat(snapshot(backend).instances()).isEmpty();
    }
  }

  @Test
  void anOutage_isNoEmptyStoreAndCountsForNobodysAge() throws Exception {
    Path there = Files.createDirectory(folder.resolve("there"));
    Path away = folder.resolve("away");
    Duration poll = Duration.ofSeconds(1);
    Duration ttl = Duration.ofSeconds(2);
    ManualTimer timer = new ManualTimer();
    RecordingSink sink = new RecordingSink(Selector.everything());
    try (RegistryBackend dead = FilesBackend.open(there, DAY, timer)) {
      register(dead, "a", Liveness.heartbeat(ttl)).toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
    try (RegistryBackend backend = FilesBackend.open(there, poll, timer)) {
      RegistryBackend.Watch unused = backend.watch(Selector.everything(), sink);
      await().atMost(30, TimeUnit.SECONDS).until(() -> sink.state().size() == 1);

      Files.move(there, away);
      timer.advance(poll);
      await().atMost(30, TimeUnit.SECONDS).until(() -> !sink.interruptions().isEmpty());
      assertThat(failure(backend.snapshot(Selector.everything())).kind())
          .isEqualTo(Kind.UNAVAILABLE);
      timer.jump(ttl.multipliedBy(10));
      Files.move(away, there);

      assertThat(snapshot(backend).instances()).hasSize(1);
      timer.jump(ttl);
      assertThat(snapshot(backend).instances()).hasSize(1);
      timer.jump(Duration.ofMillis(1));
      assertThat(snapshot(backend).instances()).isEmpty();
      assertThat(sink.violations()).isEmpty();
    }
  }

  @Test
  void failure_isDeniedWhereTheSystemForbidsIt() {
    assertThat(FilesBackend.failure("a", new AccessDeniedException("b")).kind())
        .isEqualTo(Kind.DENIED);
    assertThat(FilesBackend.failure("a", new IOException("b")).kind()).isEqualTo(Kind.UNAVAILABLE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "files:",
        "files://host/path",
        "files:/a?poll=1ms",
        "files:/a?poll=1h",
        "files:/a?poll=often",
        "files:/a?pol=1s",
        "files:/a%00b"
      })
  void open_refusesAUriThatSaysSomethingElse(String uri) {
    assertThatThrownBy(() -> Registry.open(uri))
        .isInstanceOfSatisfying(
            RegistryException.class, refused -> assertThat(refused.kind()).isEqualTo(Kind.INVALID));
  }

  /** Keeps the folder locked, as a disk does that does not answer. */
  private CompletableFuture<Boolean> hang(CountDownLatch until) throws InterruptedException {
    CountDownLatch locked = new CountDownLatch(1);
    CompletableFuture<Boolean> done =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return new Folder(folder)
                    .locked(
                        held -> {
                          locked.countDown();
                          try {
                            return until.await(30, TimeUnit.SECONDS);
                          } catch (InterruptedException stop) {
                            throw new IOException(stop);
                          }
                        });
              } catch (IOException failed) {
                throw new AssertionError(failed);
              }
            });
    assertThat(locked.await(30, TimeUnit.SECONDS)).isTrue();
    return done;
  }

  private static CompletionStage<Lease> register(
      RegistryBackend backend, String id, Liveness liveness) {
    ServiceInstance instance =
        ServiceInstance.builder("orders").id(id).address("127.0.0.1", 80).build();
    return backend.register(
        new RegisterRequest(instance, liveness, new Owner("owner", 1), Claim.TAKE_OVER), end -> {});
  }

  private static Listing snapshot(RegistryBackend backend) throws Exception {
    return backend.snapshot(Selector.everything()).toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  private static RegistryException failure(CompletionStage<?> stage) throws Exception {
    try {
      throw new AssertionError(
          "completed with " + stage.toCompletableFuture().get(30, TimeUnit.SECONDS));
    } catch (ExecutionException failed) {
      return (RegistryException) failed.getCause();
    }
  }
}
