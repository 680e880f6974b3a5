package dev.rollcall.etcd;

import static dev.rollcall.etcd.Rig.bytes;
import static dev.rollcall.etcd.Rig.done;
import static dev.rollcall.etcd.Rig.instance;
import static dev.rollcall.etcd.Rig.pass;
import static dev.rollcall.etcd.Rig.stored;
import static dev.rollcall.etcd.Rig.within;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.testkit.server.EtcdServer;
import dev.rollcall.testkit.server.FaultProxy;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** R6 and R12 where etcd does later what was asked of it before. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
@Execution(ExecutionMode.CONCURRENT)
final class EtcdUndoTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Liveness BEAT = Liveness.heartbeat(Duration.ofSeconds(60));

  private EtcdServer server;
  private Rig rig;
  private EtcdBackend observer;

  @BeforeEach
  void start() {
    server = EtcdServer.launch("3.5");
    rig = new Rig();
    observer = rig.backend(uri());
  }

  @AfterEach
  void stop() {
    rig.close();
    server.close();
  }

  private String uri() {
    return "etcd://127.0.0.1:" + server.port();
  }

  private List<String> standing() {
    return stored(observer).stream().map(ServiceInstance::id).toList();
  }

  /** Lets time pass in which something must hold at every look. */
  private static void always(Duration time, Runnable assertion) {
    await()
        .pollInSameThread()
        .pollInterval(time.dividedBy(200)) // of what lasts, or comes and stays
        .during(time)
        .timeout(time.plusSeconds(30))
        .untilAsserted(assertion::run);
  }

  @Test
  @DisplayName(
      "R6: what a suspended etcd was asked to register does not outlive its deregistration")
  void suspended_bringsNothingBackThatIsConfirmedGone() {
    suspend(Duration.ofSeconds(8));
  }

  @RepeatedTest(20)
  @Tag("long")
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  @DisplayName("R6: the same, watched for two minutes")
  void suspended_bringsNothingBackInTwoMinutes() {
    suspend(Duration.ofMinutes(2));
  }

  @RepeatedTest(20)
  @Tag("long")
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  @DisplayName("R6: a line that swallows everything, and a restart before it is well again")
  void blackholeAndRestart_bringNothingBackInTwoMinutes() {
    FaultProxy proxy = rig.closing(FaultProxy.to(server));
    Registry cutOff = rig.registry("etcd://127.0.0.1:" + proxy.port());
    proxy.stall();
    Map<String, CompletableFuture<Void>> gone = comeAndGo(cutOff);
    server.kill();
    server.start();
    proxy.heal();
    assertGone(gone, Duration.ofMinutes(2));
  }

  private void suspend(Duration watched) {
    Registry registry = rig.registry(uri());
    server.pause();
    Map<String, CompletableFuture<Void>> gone = comeAndGo(registry);
    server.resume();
    assertGone(gone, watched);
  }

  /** Announces forty instances, deregisters them a second later, and lets five more pass. */
  private static Map<String, CompletableFuture<Void>> comeAndGo(Registry registry) {
    List<Registration> announced = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      announced.add(registry.announce(instance("p" + i, i), Liveness.permanent()));
      announced.add(registry.announce(instance("h" + i, i), BEAT));
    }
    pass(Duration.ofSeconds(1));
    Map<String, CompletableFuture<Void>> gone = new HashMap<>();
    announced.forEach(one -> gone.put(one.instance().id(), one.deregister()));
    pass(Duration.ofSeconds(5));
    return gone;
  }

  private void assertGone(Map<String, CompletableFuture<Void>> gone, Duration watched) {
    CompletableFuture<?> all =
        CompletableFuture.allOf(gone.values().toArray(CompletableFuture[]::new));
    await().timeout(PATIENCE).until(all::isDone);
    Set<String> confirmed =
        gone.keySet().stream()
            .filter(id -> !gone.get(id).isCompletedExceptionally())
            .collect(Collectors.toSet());
    always(watched, () -> assertThat(standing()).filteredOn(confirmed::contains).isEmpty());
    within(PATIENCE, () -> assertThat(standing()).isEmpty());
    always(Duration.ofSeconds(3), () -> assertThat(standing()).isEmpty());
  }

  @Test
  @DisplayName("R12: a registration that failed by its deadline is undone, and says so")
  void registrationThatFailed_isUndone() {
    Registry impatient =
        rig.closing(Registry.builder(uri()).deadline(Duration.ofSeconds(1)).build());
    server.pause();
    CompletableFuture<Registration> late =
        impatient.register(instance("late", 1), Liveness.permanent());
    assertThat(catchThrowable(() -> done(late)))
        .hasMessageContaining("may have arrived, being undone");
    server.resume();
    within(PATIENCE, () -> assertThat(standing()).isEmpty());
    always(Duration.ofSeconds(8), () -> assertThat(standing()).isEmpty());
  }

  @Test
  @DisplayName("R12: a verb that was given up before its turn is never sent")
  void verbThatWasGivenUp_isNotSent() {
    FaultProxy proxy = rig.closing(FaultProxy.to(server));
    EtcdBackend impatient = rig.backend("etcd://127.0.0.1:" + proxy.port() + "?timeout=1s");
    proxy.stall();
    List<CompletionStage<Lease>> waiting = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Owner owner = new Owner("owner-" + i, 1);
      waiting.add(
          impatient.register(
              new RegisterRequest(
                  instance("same", i), Liveness.permanent(), owner, Claim.TAKE_OVER),
              end -> {}));
    }
    waiting.forEach(
        one -> assertThat(catchThrowable(() -> done(one))).hasMessageContaining("no answer from"));
    proxy.heal();
    always(Duration.ofSeconds(4), () -> assertThat(standing()).isEmpty());
  }

  @Test
  @DisplayName("a permanent instance is never written where a late write could not be fenced off")
  void permanent_isWrittenBehindAFence() {
    List<WatchEvent> seen = new CopyOnWriteArrayList<>();
    rig.closing(
        rig.jetcd(server.endpoint())
            .getWatchClient()
            .watch(
                bytes("/rollcall/"),
                WatchOption.builder().isPrefix(true).withRevision(1).build(),
                Watch.listener(reply -> seen.addAll(reply.getEvents()))));
    Registry registry = rig.registry(uri());
    Registration registration = done(registry.register(instance("p", 1), Liveness.permanent()));
    done(registration.update(instance("p", 2)));
    within(PATIENCE, () -> assertThat(seen).hasSize(3));
    assertThat(seen.get(0).getKeyValue().getLease()).isNotZero();
    assertThat(seen.get(1).getKeyValue().getLease()).isZero();
    assertThat(seen.get(2).getKeyValue().getLease()).isZero();
  }

  @Test
  @DisplayName("R8: where nothing could ever be sent nothing is owed, and close() returns at once")
  void storeThatWasNeverThere_isOwedNothing() {
    server.kill();
    Registry unheard = Registry.builder(uri()).deadline(Duration.ofMinutes(5)).build();
    Registration announced = unheard.announce(instance("never", 1), Liveness.permanent());
    Thread closer = new Thread(unheard::close);
    closer.start();
    await().timeout(PATIENCE).until(() -> !closer.isAlive());
    assertThat(announced.deregister()).isCompleted();
  }
}
