package dev.rollcall.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.Registry;
import dev.rollcall.RegistryObserver;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** R1 to R5 and R9. */
abstract class RegistrationClauses extends Clauses {
  private static final Duration RARELY = Duration.ofMinutes(10);

  RegistrationClauses(RegistryContract store) {
    super(store);
  }

  @Test
  @DisplayName("R1 visible: a snapshot after the SPI's register shows the instance, all of it")
  @IfItFails("does register() complete before the store shows the instance to every client?")
  void r1_visible_throughTheSpi() {
    RegistryBackend writer = client();
    RegistryBackend reader = client();
    for (int i = 0; i < 10; i++) {
      put(writer, instance("i" + i, i));
      assertThat(stored(reader)).contains(instance("i" + i, i)).hasSize(i + 1);
    }
    assertThat(await(reader.snapshot(Selector.everything())).instances())
        .contains(instance("i0", 0), instance("i9", 9));
  }

  @Test
  @DisplayName("R1 visible: a snapshot after Registry.register shows the instance, from everywhere")
  @IfItFails("does the registry complete its future before the backend's stage has completed?")
  void r1_visible_throughTheRegistry() {
    Registry owner = process();
    Registration registration = await(owner.register(instance("a"), heartbeat()));

    assertThat(registration.state()).isEqualTo(State.ACTIVE);
    assertThat(registration.instance()).isEqualTo(instance("a"));
    assertThat(await(owner.snapshot(service)).instances()).containsExactly(instance("a"));
    assertThat(await(process().snapshot(service)).instances()).containsExactly(instance("a"));
  }

  @Test
  @DisplayName("R1 visible: with its health, whichever it is, and each later one")
  @IfItFails("is the health that was registered stored, or does the store begin with its own?")
  void r1_visible_withItsHealth() {
    Registry reader = process();
    ServiceInstance warning = instance("a").withHealth(Health.WARNING);
    Registration registration = await(process().register(warning, heartbeat()));
    assertThat(await(reader.snapshot(service)).all()).containsExactly(warning);

    for (Health health : List.of(Health.CRITICAL, Health.PASSING, Health.WARNING)) {
      await(registration.health(health));
      assertThat(await(reader.snapshot(service)).all())
          .containsExactly(instance("a").withHealth(health));
    }
  }

  @Test
  @DisplayName("R1 visible: whatever the instance and the service are called")
  @IfItFails("does the store keep entries of its own under such names, and hide what is like them?")
  void r1_visible_underUnusualNames() {
    RegistryBackend writer = client();
    List<ServiceInstance> instances = unusualIds().stream().map(this::instance).toList();
    putAll(writer, instances, owner());
    assertThat(stored(client())).containsExactlyInAnyOrderElementsOf(instances);

    String usual = service;
    for (String name : unusualServices()) {
      service = name;
      put(writer, instance("a"));
      assertThat(stored(client())).containsExactly(instance("a"));
    }
    service = usual;
    assertThat(mine(await(client().snapshot(Selector.everything())).instances()))
        .hasSize(instances.size() + unusualServices().size());
  }

  @Test
  @DisplayName("R1 visible: where a check decides, the health follows the check")
  @IfItFails("who runs the check: the store (Capabilities.runsChecks) or the engine? Does it?")
  void r1_visible_healthFollowsACheck() throws Exception {
    Registry reader = process();
    ServerSocket socket = closing(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
    Liveness check =
        Liveness.tcpCheck("127.0.0.1", socket.getLocalPort(), Duration.ofSeconds(1))
            .timeout(Duration.ofMillis(500));
    Registration registration = await(process().register(instance("a"), check));
    ServiceView view = reader.service(service);

    eventually(() -> assertThat(ids(view.instances())).containsExactly("a"));
    socket.close();
    eventually(() -> assertThat(view.instances()).isEmpty());
    assertThat(registration.state()).isNotIn(State.CLOSED, State.FENCED);
  }

  @Test
  @DisplayName("R1 visible: with several checks, the health is the worst of what they find")
  @IfItFails(
      "does one of the checks decide alone: the first, the last, the one that answered last?")
  void r1_visible_healthIsTheWorstOfSeveralChecks() throws Exception {
    Registry reader = process();
    CheckedServer first = closing(new CheckedServer(request -> true));
    CheckedServer second = closing(new CheckedServer(request -> true));
    Liveness both = Liveness.all(often(first), often(second));
    await(process().register(instance("a"), both));
    // The network takes real time: what follows from its answers is given time of its own.
    eventually(() -> assertThat(Math.min(first.calls(), second.calls())).isPositive());
    ServiceView view = reader.service(service);
    AtomicInteger shown = new AtomicInteger();
    closing(view.watch(change -> shown.addAndGet(change.now().instances().size())));

    eventually(() -> assertThat(ids(view.instances())).containsExactly("a"));
    for (CheckedServer ill : List.of(first, second)) {
      ill.isWell(false);
      checkAgain(first, second);
      eventually(() -> assertThat(view.instances()).isEmpty());
      int before = shown.get();
      checkAgain(first, second);
      checkAgain(first, second);
      assertThat(shown).as("shown while one of its checks fails").hasValue(before);
      ill.isWell(true);
      checkAgain(first, second);
      eventually(() -> assertThat(ids(view.instances())).containsExactly("a"));
    }
  }

  @Test
  @DisplayName("R1 visible: an HTTP check asks with its method, headers and body")
  @IfItFails("are they sent, each value of a header, and by whom: the store, or the engine?")
  void r1_visible_anHttpCheckAsksAsItIsTold() throws Exception {
    Registry reader = process();
    CheckedServer server =
        closing(
            new CheckedServer(
                request ->
                    request.method().equals("POST")
                        && request.body().equals("{\"ask\": \"well?\"}")
                        && request.header("X-Token").equals(List.of("one", "two"))
                        && request.header("Accept").equals(List.of("application/health+json"))));
    Liveness check =
        often(server)
            .method("POST")
            .header("X-Token", "one")
            .header("X-Token", "two")
            .header("Accept", "application/health+json")
            .body("{\"ask\": \"well?\"}");
    await(process().register(instance("a"), check));
    // The network takes real time: what follows from its answer is given time of its own.
    eventually(() -> assertThat(server.calls()).isPositive());
    ServiceView view = reader.service(service);
    eventually(
        () ->
            assertThat(ids(view.instances()))
                .as("what was sent instead: %s", server.unexpected())
                .containsExactly("a"));
  }

  /** A check once a second; where time is manual, so seldom that it does not outrun the network. */
  private Liveness.HttpCheck often(CheckedServer server) {
    Duration interval = time.manualTimer().isPresent() ? RARELY : Duration.ofSeconds(1);
    return Liveness.httpCheck(server.uri(), interval)
        .timeout(interval)
        .deregisterAfter(Duration.ofDays(1));
  }

  /** Waits until each server was asked once more. */
  private void checkAgain(CheckedServer... servers) {
    int[] asked = Stream.of(servers).mapToInt(CheckedServer::calls).toArray();
    if (time.manualTimer().isPresent()) {
      time.pass(RARELY.plus(RARELY.dividedBy(8)));
    }
    for (int i = 0; i < servers.length; i++) {
      CheckedServer server = servers[i];
      int before = asked[i];
      eventually(() -> assertThat(server.calls()).isGreaterThan(before));
    }
  }

  @Test
  @DisplayName("R2 idempotent: the same again changes nothing; its owner's new fields replace all")
  @IfItFails("are fields merged (old tags or metadata left), or is a second entry made?")
  void r2_idempotent_replacesEveryField() {
    RegistryBackend writer = client();
    RegistryBackend reader = client();
    Owner owner = owner();
    ServiceInstance rich =
        instance("a", 3).toBuilder()
            .tag("more")
            .metadata("extra", "x")
            .address("wan", "b.example", 7)
            .build();
    put(writer, rich, owner);
    put(writer, rich, owner);
    assertThat(stored(reader)).containsExactly(rich);

    ServiceInstance bare =
        ServiceInstance.builder(service).id("a").address("10.1.2.3", 80).scheme("grpc").build();
    put(writer, bare, owner);
    assertThat(stored(reader)).containsExactly(bare);
  }

  @Test
  @DisplayName("R2 idempotent: a change of any single field is written")
  @IfItFails("is a field missing from the comparison by which the write is spared, or merged?")
  void r2_idempotent_eachFieldAlone() {
    RegistryBackend writer = client();
    RegistryBackend reader = client();
    Owner owner = owner();
    for (ServiceInstance next : fieldByField("a")) {
      put(writer, next, owner);
      assertThat(stored(reader)).containsExactly(next);
    }
  }

  @Test
  @DisplayName("R2 idempotent: a replacement is one update in the stream, by whomever it is")
  @IfItFails("is a replacement done as a removal and an addition, so that watchers see a gap?")
  void r2_idempotent_replacementIsOneUpdateInTheStream() {
    RegistryBackend writer = client();
    Owner owner = owner();
    put(writer, instance("a", 0), owner);
    RecordingSink sink = record(client());
    eventually(() -> assertThat(sink.state()).containsExactly(instance("a", 0)));

    for (int n = 1; n <= 20; n++) {
      put(writer, instance("a", n), n % 2 == 0 ? owner : owner());
    }

    eventually(() -> assertThat(sink.state()).containsExactly(instance("a", 20)));
    assertThat(sink.removals()).isEmpty();
    assertThat(sink.states()).allSatisfy(state -> assertThat(ids(state)).containsExactly("a"));
    assertThat(sink.violations()).isEmpty();
  }

  @Test
  @DisplayName("R2 idempotent: listeners see one updated, never a removal and an addition")
  @IfItFails("does the engine deregister before it registers again, or match by something but id?")
  void r2_idempotent_listenersSeeOneUpdated() {
    Registration registration = await(process().register(instance("a", 0), heartbeat()));
    ChangeChecker checker = new ChangeChecker();
    closing(process().service(service).watch(checker));
    eventually(() -> assertThat(checker.instances()).containsExactly(instance("a", 0)));

    await(registration.update(instance("a", 1)));
    eventually(() -> assertThat(checker.instances()).containsExactly(instance("a", 1)));
    await(process().register(instance("a", 2), heartbeat())); // a newcomer takes over
    eventually(() -> assertThat(checker.instances()).containsExactly(instance("a", 2)));
    settle();

    assertThat(checker.violations()).isEmpty();
    assertThat(checker.changes().stream().skip(1))
        .hasSize(2)
        .allSatisfy(
            change -> {
              assertThat(ids(change.updated())).containsExactly("a");
              assertThat(change.all().added()).isEmpty();
              assertThat(change.all().removed()).isEmpty();
            });
  }

  @Test
  @DisplayName(
      "R3 kept alive: the store keeps what is renewed in time, whatever the TTL adds up to")
  @IfItFails("does renew() extend the lease by a whole TTL from now?")
  void r3_keptAlive_byRenewals() {
    RegistryBackend writer = client();
    List<LeaseEnd> ends = new CopyOnWriteArrayList<>();
    Lease lease = put(writer, instance("a"), heartbeat(), owner(), Claim.TAKE_OVER, ends::add);
    assertThat(lease.ttl()).isGreaterThanOrEqualTo(Duration.ofSeconds(1));

    for (int i = 0; i < 6; i++) {
      time.pass(lease.ttl().multipliedBy(6).dividedBy(10));
      assertThat(passing(writer)).as("after %s renewals", i).containsExactly(instance("a"));
      await(lease.renew());
    }
    assertThat(ends).isEmpty();
  }

  @Test
  @DisplayName("R3 kept alive: an owner that registers again has a whole TTL from then")
  @IfItFails("does register() with the lease that there is extend it by a whole TTL from now?")
  void r3_keptAlive_byRegisteringAgain() {
    RegistryBackend writer = client();
    Owner owner = owner();
    List<LeaseEnd> ends = new CopyOnWriteArrayList<>();
    Lease lease = put(writer, instance("a", 0), heartbeat(), owner, Claim.TAKE_OVER, ends::add);

    for (int n = 1; n <= 5; n++) {
      time.pass(lease.ttl().multipliedBy(6).dividedBy(10));
      assertThat(passing(writer)).as("before time %s", n).containsExactly(instance("a", n - 1));
      lease = put(writer, instance("a", n), heartbeat(), owner, Claim.CONTINUE, ends::add);
    }
    assertThat(ends).isEmpty();
  }

  @Test
  @DisplayName("R3 kept alive: while it is updated more often than it would be renewed")
  @IfItFails("does an update put off the renewal without extending the lease?")
  void r3_keptAlive_whileItIsUpdated() {
    List<State> states = new CopyOnWriteArrayList<>();
    Registration registration = await(process().register(instance("a", 0), heartbeat()));
    closing(registration.onState(states::add));
    RecordingSink sink = record(client());
    eventually(() -> assertThat(sink.state()).containsExactly(instance("a", 0)));

    for (int n = 1; n <= 12; n++) {
      time.pass(store.ttl().dividedBy(4));
      await(registration.update(instance("a", n)));
    }

    eventually(() -> assertThat(sink.state()).containsExactly(instance("a", 12)));
    assertThat(sink.removals()).isEmpty();
    assertThat(states).containsExactly(State.ACTIVE);
  }

  @Test
  @DisplayName("R3 kept alive: the application does nothing, and nobody sees a flicker")
  @IfItFails("are renewals sent at least twice a TTL, and does a renewal count as a change?")
  void r3_keptAlive_withoutTheApplication() {
    List<State> states = new CopyOnWriteArrayList<>();
    Registration registration = await(process().register(instance("a"), heartbeat()));
    closing(registration.onState(states::add));
    ChangeChecker checker = new ChangeChecker();
    closing(process().service(service).watch(checker));
    eventually(() -> assertThat(checker.instances()).containsExactly(instance("a")));

    time.pass(store.ttl().multipliedBy(4));

    assertThat(checker.changes()).hasSize(1);
    assertThat(stored(client())).containsExactly(instance("a"));
    assertThat(states).containsExactly(State.ACTIVE);
  }

  @Test
  @DisplayName("R3 kept alive: through a stop of its process shorter than the TTL")
  @IfItFails("does the first renewal after a pause come at once, or only an interval later?")
  void r3_keptAlive_throughAShortPause() {
    ManualTimer paused = new ManualTimer();
    AtomicInteger renewals = new AtomicInteger();
    RegistryObserver counting =
        new RegistryObserver() {
          @Override
          public void storeCalled(StoreCall call) {
            if (call.verb() == Verb.RENEW && call.failure().isEmpty()) {
              renewals.incrementAndGet();
            }
          }
        };
    Registry owner =
        process(store.open(time.timer()), settings -> settings.timer(paused).observer(counting));
    // Long enough for what a busy machine adds to a pause of six tenths of it.
    Duration ttl = store.ttl().multipliedBy(3);
    Liveness lasting = Liveness.heartbeat(ttl).deregisterAfter(store.deregisterAfter());
    Registration registration = await(owner.register(instance("a"), lasting));
    RecordingSink sink = record(client());
    eventually(() -> assertThat(ids(sink.state())).containsExactly("a"));

    for (int pause = 0; pause < 3; pause++) {
      Duration length = ttl.multipliedBy(6).dividedBy(10);
      int before = renewals.get();
      time.pass(length);
      paused.jump(length);
      // The next pause begins at the renewal: the store counts from there.
      eventually(() -> assertThat(renewals).hasValueGreaterThan(before));
      assertThat(registration.state()).isEqualTo(State.ACTIVE);
    }

    assertThat(sink.states())
        .isNotEmpty()
        .allSatisfy(state -> assertThat(state).containsExactly(instance("a")));
  }

  @Test
  @DisplayName("R3 kept alive: a probe that says no shows critical and keeps the lease")
  @IfItFails("is the probe asked before each renewal, and the lease renewed whatever it says?")
  void r3_keptAlive_whileAProbeSaysNo() {
    AtomicBoolean well = new AtomicBoolean(true);
    Registration registration =
        await(process().register(instance("a"), heartbeat().onlyWhile(well::get)));
    ServiceView view = process().service(service);
    eventually(() -> assertThat(ids(view.instances())).containsExactly("a"));

    well.set(false);
    eventually(() -> assertThat(view.instances()).isEmpty());
    time.pass(store.ttl().multipliedBy(3));
    assertThat(view.snapshot().find("a").map(ServiceInstance::health)).contains(Health.CRITICAL);
    assertThat(registration.state()).isEqualTo(State.ACTIVE);

    well.set(true);
    eventually(() -> assertThat(ids(view.instances())).containsExactly("a"));
  }

  @Test
  @DisplayName(
      "R4 restored: what another hand removed comes back by itself, with its latest fields")
  @IfItFails("does the backend tell the LeaseListener, and does the engine register the latest?")
  void r4_restored_afterARemoval() {
    RegistryBackend operator = client();
    Registration registration = await(process().register(instance("a", 0), heartbeat()));
    List<State> states = new CopyOnWriteArrayList<>();
    closing(registration.onState(states::add));
    eventually(() -> assertThat(states).containsExactly(State.ACTIVE));
    await(registration.update(instance("a", 1)));

    remove(operator, "a");

    // A process that gets no core for its TTL is lost and restored once more.
    eventually(() -> assertThat(states).startsWith(State.ACTIVE, State.LOST, State.ACTIVE));
    eventually(() -> assertThat(stored(operator)).containsExactly(instance("a", 1)));
    time.pass(store.ttl().multipliedBy(2));
    eventually(() -> assertThat(passing(operator)).containsExactly(instance("a", 1)));
    eventually(() -> assertThat(registration.state()).isEqualTo(State.ACTIVE));
  }

  @Test
  @DisplayName("R4 restored: a permanent one too, though nobody renews it")
  @IfItFails("who tells the LeaseListener of an instance without renewals that it was removed?")
  void r4_restored_aPermanentOne() {
    RegistryBackend operator = client();
    Registration registration = await(process().register(instance("a", 1), Liveness.permanent()));
    List<State> states = new CopyOnWriteArrayList<>();
    closing(registration.onState(states::add));
    eventually(() -> assertThat(states).containsExactly(State.ACTIVE));

    remove(operator, "a");

    within(
        store.patience().multipliedBy(2),
        () -> assertThat(states).containsExactly(State.ACTIVE, State.LOST, State.ACTIVE));
    assertThat(stored(operator)).containsExactly(instance("a", 1));
  }

  @Test
  @DisplayName("R4 restored: after a stop of its process longer than the TTL")
  @IfItFails("after a pause, is the lease looked at before it is taken for good?")
  void r4_restored_afterALongPause() {
    RegistryBackend observer = client();
    ManualTimer paused = new ManualTimer();
    Registry owner = process(store.open(time.timer()), settings -> settings.timer(paused));
    Registration registration = await(owner.register(instance("a", 1), heartbeat()));

    Duration pause = store.ttl().multipliedBy(2).plus(observer.capabilities().expirySlack());
    time.pass(pause);
    paused.jump(pause);

    eventually(
        () -> {
          paused.advance(Duration.ofMillis(20));
          assertThat(passing(observer)).containsExactly(instance("a", 1));
          assertThat(registration.state()).isEqualTo(State.ACTIVE);
        });
  }

  @Test
  @DisplayName("R5 expiry: out of every reader's list by TTL and slack, not before; gone later")
  @IfItFails("is expiry counted from the last renewal, and is Capabilities.expirySlack true?")
  void r5_expiry_ofADeadOwner() {
    Registry living = process();
    for (int i = 0; i < 4; i++) {
      await(living.register(instance("living" + i), heartbeat()));
    }
    RegistryBackend dying = client();
    ServiceView view = process().service(service);
    RecordingSink sink = record(client());
    List<LeaseEnd> ends = new CopyOnWriteArrayList<>();
    Lease lease = put(dying, instance("dead"), heartbeat(), owner(), Claim.TAKE_OVER, ends::add);
    Duration ttl = lease.ttl();
    Duration slack = dying.capabilities().expirySlack();

    eventually(() -> assertThat(ids(view.instances())).contains("dead").hasSize(5));
    time.pass(ttl.multipliedBy(6).dividedBy(10));
    assertThat(ids(passing(dying))).as("before the TTL is over").contains("dead");
    assertThat(ids(view.instances())).as("before the TTL is over").contains("dead");

    Duration rest = ttl.multipliedBy(4).dividedBy(10).plus(slack).plusMillis(500);
    within(rest, () -> assertThat(ids(view.instances())).doesNotContain("dead").hasSize(4));
    assertThat(ids(passing(dying))).doesNotContain("dead").hasSize(4);

    within(
        store.deregisterAfter().plus(slack).plusSeconds(1),
        () -> assertThat(ids(stored(dying))).doesNotContain("dead").hasSize(4));
    eventually(() -> assertThat(sink.state()).hasSize(4));
    boolean shownCritical =
        sink.states().stream()
            .flatMap(List::stream)
            .anyMatch(i -> i.id().equals("dead") && i.health() == Health.CRITICAL);
    assertThat(shownCritical)
        .as("kept as critical, as the capabilities say")
        .isEqualTo(dying.capabilities().keepsCritical());

    assertThat(refused(lease.renew()).kind()).isEqualTo(CONFLICT);
    eventually(() -> assertThat(ends).hasSize(1).doesNotContain(LeaseEnd.SUPERSEDED));
    assertThat(sink.violations()).isEmpty();
  }

  @Test
  @DisplayName("R5 expiry: a client that only closes leaves its instances to their liveness")
  @IfItFails("does the backend's close() deregister? That is the registry's decision.")
  void r5_expiry_ofAClosedClient() {
    RegistryBackend observer = client();
    RegistryBackend closed = store.open(time.timer());
    Lease lease = put(closed, instance("a"), heartbeat(), owner(), Claim.TAKE_OVER, end -> {});
    put(closed, instance("permanent"));
    closed.close();
    closed.close();

    assertThat(ids(stored(observer))).containsExactly("a", "permanent");
    within(
        lease
            .ttl()
            .plus(observer.capabilities().expirySlack())
            .plus(store.deregisterAfter())
            .plusSeconds(1),
        () -> assertThat(ids(stored(observer))).containsExactly("permanent"));
  }

  @Test
  @DisplayName("R5 expiry: by the liveness with which its owner registered last")
  @IfItFails("does a second registration keep the lease, the TTL or the check of the first one?")
  void r5_expiry_byTheOwnersNewTtl() {
    RegistryBackend backend = client();
    Liveness small = heartbeat();
    Liveness large =
        Liveness.heartbeat(store.ttl().multipliedBy(5)).deregisterAfter(store.deregisterAfter());
    Lease longer = again(backend, "longer", small, large);
    Lease shorter = again(backend, "shorter", large, small);
    again(backend, "kept", small, Liveness.permanent());
    Lease ended = again(backend, "ended", Liveness.permanent(), small);
    assertThat(ids(passing(backend))).containsExactly("ended", "kept", "longer", "shorter");
    assertThat(longer.ttl()).isGreaterThan(shorter.ttl()).isGreaterThan(ended.ttl());

    Duration slack = backend.capabilities().expirySlack();
    time.pass(shorter.ttl().plus(slack).plusMillis(500));
    assertThat(ids(passing(backend))).containsExactly("kept", "longer");
    time.pass(longer.ttl().minus(shorter.ttl()));
    assertThat(ids(passing(backend))).containsExactly("kept");
  }

  private Lease again(RegistryBackend backend, String id, Liveness first, Liveness second) {
    Owner owner = owner();
    put(backend, instance(id), first, owner, Claim.TAKE_OVER, end -> {});
    return put(backend, instance(id), second, owner, Claim.CONTINUE, end -> {});
  }

  @Test
  @DisplayName("R5 expiry: never of a permanent one, and nobody sees it flicker")
  @IfItFails("is a permanent instance kept by a lease that nobody renews?")
  void r5_expiry_neverOfAPermanentOne() {
    RegistryBackend backend = store.open(time.timer());
    put(backend, instance("a"));
    backend.close(); // nobody is left who could renew what is not to be renewed
    RecordingSink sink = record(client());
    eventually(() -> assertThat(sink.state()).containsExactly(instance("a")));

    time.pass(time.manualTimer().isPresent() ? Duration.ofHours(2) : Duration.ofSeconds(65));

    assertThat(passing(client())).containsExactly(instance("a"));
    assertThat(sink.states()).allSatisfy(state -> assertThat(state).containsExactly(instance("a")));
  }

  @TestFactory
  @DisplayName("R9 clocks")
  @IfItFails("who reads System.currentTimeMillis(), or a clock that is not the given timer's?")
  Stream<DynamicTest> r9_clocks_onlyTheTimerDecides() {
    if (time.manualTimer().isEmpty()) {
      reporter.publishEntry("not applicable", "R9 clocks: the store has a clock of its own");
      return Stream.of();
    }
    return Stream.of(
        DynamicTest.dynamicTest(
            "R9 clocks: no time but the timer's makes anything expire",
            () -> {
              RegistryBackend backend = client();
              Duration ttl = Duration.ofSeconds(1);
              List<LeaseEnd> ends = new ArrayList<>();
              Lease lease =
                  put(
                      backend,
                      instance("a"),
                      Liveness.heartbeat(ttl),
                      owner(),
                      Claim.TAKE_OVER,
                      ends::add);
              realPause(ttl.plusMillis(200));
              assertThat(passing(backend)).containsExactly(instance("a"));
              assertThat(ends).isEmpty();
              await(lease.renew());

              time.pass(ttl.plus(backend.capabilities().expirySlack()).plusMillis(100));
              assertThat(passing(backend)).isEmpty();
            }));
  }
}
