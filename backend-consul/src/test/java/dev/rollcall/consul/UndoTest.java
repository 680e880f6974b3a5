package dev.rollcall.consul;

import static dev.rollcall.consul.Bench.always;
import static dev.rollcall.consul.Bench.eventually;
import static dev.rollcall.consul.Bench.get;
import static dev.rollcall.consul.Bench.instance;
import static dev.rollcall.consul.Bench.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.Selector;
import dev.rollcall.testkit.server.ConsulServer;
import dev.rollcall.testkit.server.FaultProxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** R6 and R12 where the agent does later what was asked of it before. */
@Execution(ExecutionMode.CONCURRENT)
class UndoTest {
  private static final Liveness BEAT = Liveness.heartbeat(Duration.ofSeconds(10));
  private static final String SERVICE = "undone";

  private final Bench bench = new Bench();
  private ConsulServer server;
  private Registry registry;
  private ConsulBackend observer;

  @BeforeEach
  void open() {
    server = bench.closing(ConsulServer.launch());
    registry = bench.closing(Registry.open("consul://127.0.0.1:" + server.port()));
    observer = bench.open(server.port());
  }

  @AfterEach
  void close() {
    bench.close();
  }

  private Set<String> standing() {
    return get(observer.snapshot(Selector.service(SERVICE))).instances().stream()
        .map(ServiceInstance::id)
        .collect(Collectors.toCollection(HashSet::new));
  }

  @Test
  @DisplayName(
      "R6: what a suspended agent was asked to register does not outlive its deregistration")
  void suspendedAgent_bringsNothingBackThatIsConfirmedGone() {
    suspend(Duration.ofSeconds(8));
  }

  @RepeatedTest(20)
  @Tag("long")
  @DisplayName("R6: the same, watched for two minutes")
  void suspendedAgent_bringsNothingBackInTwoMinutes() {
    suspend(Duration.ofMinutes(2));
  }

  @RepeatedTest(20)
  @Tag("long")
  @DisplayName("R6: a line that swallows everything, and a restart before it is well again")
  void blackholeAndRestart_bringNothingBackInTwoMinutes() {
    ConsulServer kept = bench.closing(ConsulServer.builder().persistent().launch());
    FaultProxy proxy = bench.closing(FaultProxy.to(kept));
    Registry cutOff = bench.closing(Registry.open("consul://127.0.0.1:" + proxy.port()));
    observer = bench.open(kept.port());
    eventually(() -> assertThat(standing()).isEmpty()); // it has a leader
    proxy.stall();
    Map<String, CompletableFuture<Void>> gone = comeAndGo(cutOff);
    kept.kill();
    kept.start();
    proxy.heal();
    assertGone(gone, Duration.ofMinutes(2));
  }

  private void suspend(Duration watched) {
    server.pause();
    Map<String, CompletableFuture<Void>> gone = comeAndGo(registry);
    server.resume();
    assertGone(gone, watched);
  }

  /** Announces forty instances, deregisters them a second later, and lets five more pass. */
  private static Map<String, CompletableFuture<Void>> comeAndGo(Registry registry) {
    List<Registration> announced = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      announced.add(registry.announce(instance(SERVICE, "p" + i, i), Liveness.permanent()));
      announced.add(registry.announce(instance(SERVICE, "h" + i, i), BEAT));
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
    await().timeout(Bench.PATIENCE).until(all::isDone);
    Set<String> confirmed =
        gone.keySet().stream()
            .filter(id -> !gone.get(id).isCompletedExceptionally())
            .collect(Collectors.toSet());
    always(watched, () -> assertThat(standing()).filteredOn(confirmed::contains).isEmpty());
    eventually(() -> assertThat(standing()).isEmpty());
    always(Duration.ofSeconds(3), () -> assertThat(standing()).isEmpty());
  }

  @Test
  @DisplayName("R12: a registration that failed by its deadline is undone, and says so")
  void registrationThatFailed_isUndone() {
    Registry impatient =
        bench.closing(
            Registry.builder("consul://127.0.0.1:" + server.port())
                .deadline(Duration.ofSeconds(1))
                .build());
    server.pause();
    RegistryException late =
        refused(impatient.register(instance(SERVICE, "late", 1), Liveness.permanent()));
    assertThat(late).hasMessageContaining("may have arrived, being undone");
    server.resume();
    eventually(() -> assertThat(standing()).isEmpty());
    always(Duration.ofSeconds(8), () -> assertThat(standing()).isEmpty());
  }

  @Test
  @DisplayName("R12: a verb that was given up before its turn is never sent")
  void verbThatWasGivenUp_isNotSent() {
    FaultProxy proxy = bench.closing(FaultProxy.to(server));
    ConsulBackend impatient =
        bench.open("consul://127.0.0.1:" + proxy.port() + "?timeout=1s&wait=1s");
    proxy.stall();
    List<CompletableFuture<?>> waiting = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      waiting.add(impatient.register(permanent(i), end -> {}).toCompletableFuture());
    }
    waiting.forEach(one -> assertThat(refused(one).kind()).isEqualTo(Kind.UNAVAILABLE));
    proxy.heal();
    // The second one's turn may come in the instant of its deadline.
    always(Duration.ofSeconds(4), () -> assertThat(numbers()).doesNotContain("2", "3"));
  }

  @Test
  @DisplayName("R2: what was given up and runs late does not stay in place of what was confirmed")
  void registrationThatRunsLate_doesNotStay() {
    FaultProxy proxy = bench.closing(FaultProxy.to(server));
    ConsulBackend impatient =
        bench.open("consul://127.0.0.1:" + proxy.port() + "?timeout=1s&wait=1s");
    proxy.delay(Duration.ofSeconds(4), Duration.ZERO);
    for (Liveness liveness : List.of(Liveness.permanent(), BEAT)) {
      String id = liveness instanceof Liveness.Permanent ? "permanent" : "beating";
      assertThat(refused(impatient.register(written(id, 0, liveness), end -> {})).kind())
          .isEqualTo(Kind.UNAVAILABLE);
    }
    proxy.delay(Duration.ZERO, Duration.ZERO); // for what is sent from now on
    for (Liveness liveness : List.of(Liveness.permanent(), BEAT)) {
      String id = liveness instanceof Liveness.Permanent ? "permanent" : "beating";
      get(impatient.register(written(id, 1, liveness), end -> {}));
    }
    assertThat(numbers()).containsExactly("1", "1");
    pass(Duration.ofSeconds(5)); // in which the first ones run
    eventually(() -> assertThat(numbers()).containsExactly("1", "1"));
    always(Duration.ofSeconds(3), () -> assertThat(numbers()).containsExactly("1", "1"));
  }

  @Test
  @DisplayName("a deregistration that waits until nothing can arrive holds up no other owner")
  void deregistrationInDoubt_holdsUpNoOtherOwner() {
    FaultProxy proxy = bench.closing(FaultProxy.to(server));
    ConsulBackend backend =
        bench.open("consul://127.0.0.1:" + proxy.port() + "?timeout=4s&wait=1s");
    get(backend.snapshot(Selector.service(SERVICE))); // a cold client may send nothing in time
    RegisterRequest doubted = permanent(1);
    proxy.stall();
    assertThat(refused(backend.register(doubted, end -> {})).kind()).isEqualTo(Kind.UNAVAILABLE);
    proxy.heal();
    List<CompletableFuture<?>> leaving = new ArrayList<>();
    for (int i = 0; i < 3; i++) { // each waits for 5 s, in which the agent must answer
      leaving.add(
          backend.deregister(doubted.instance().key(), doubted.owner()).toCompletableFuture());
    }

    get(backend.register(permanent(2), end -> {}));

    assertThat(numbers()).containsExactly("2");
    leaving.forEach(one -> get(one));
    assertThat(numbers()).containsExactly("2");
  }

  private static RegisterRequest written(String id, int number, Liveness liveness) {
    Owner owner = new Owner("owner-of-" + id, 1);
    return new RegisterRequest(instance(SERVICE, id, number), liveness, owner, Claim.TAKE_OVER);
  }

  private List<String> numbers() {
    return get(observer.snapshot(Selector.service(SERVICE))).instances().stream()
        .map(one -> one.metadata().get("number"))
        .toList();
  }

  private static RegisterRequest permanent(int number) {
    ServiceInstance one = instance(SERVICE, "same", number);
    return new RegisterRequest(one, Liveness.permanent(), Bench.owner(), Claim.TAKE_OVER);
  }

  @Test
  @DisplayName("R8: where nothing could ever be sent nothing is owed, and close() returns at once")
  void storeThatWasNeverThere_isOwedNothing() {
    server.kill();
    Registry unheard =
        Registry.builder("consul://127.0.0.1:" + server.port())
            .deadline(Duration.ofMinutes(5))
            .build();
    Registration announced = unheard.announce(instance(SERVICE, "never", 1), Liveness.permanent());
    Thread closer = new Thread(unheard::close);
    closer.start();
    await().timeout(Bench.PATIENCE).until(() -> !closer.isAlive());
    assertThat(announced.deregister()).isCompleted();
  }

  private static void pass(Duration time) {
    await().pollDelay(time).timeout(time.plusSeconds(30)).until(() -> true);
  }
}
