package dev.rollcall.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Liveness;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.InstanceEvent.Departure;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The backend's part of the watch clauses, through the SPI alone. */
abstract class StreamClauses extends Clauses {
  StreamClauses(RegistryContract store) {
    super(store);
  }

  @Test
  @DisplayName("W1 initial state: the stream begins with all that is there, which may be nothing")
  @IfItFails("is the first call a replace, with the complete state, and does synced follow?")
  void w1_initialState_isComplete() {
    RegistryBackend backend = client();
    RecordingSink empty = record(backend);
    eventually(() -> assertThat(empty.isLive()).isTrue());
    assertThat(empty.states()).first().isEqualTo(List.of());

    put(backend, instance("a"));
    put(backend, instance("b"));
    RecordingSink full = record(client());
    eventually(() -> assertThat(full.isLive()).isTrue());
    assertThat(full.states()).first().isEqualTo(List.of(instance("a"), instance("b")));
    assertThat(full.violations()).isEmpty();
    assertThat(empty.violations()).isEmpty();
  }

  @Test
  @DisplayName("W1 initial state: whatever the instances are called, and each change of them")
  @IfItFails("does the stream leave out names that the store has a use of its own for?")
  void w1_initialState_ofUnusualNames() {
    RegistryBackend writer = client();
    RecordingSink early = record(client());
    eventually(() -> assertThat(early.isLive()).isTrue());
    List<ServiceInstance> instances = sorted(unusualIds().stream().map(this::instance).toList());
    putAll(writer, instances, owner());
    RecordingSink late = record(client());

    eventually(() -> assertThat(early.state()).isEqualTo(instances));
    eventually(() -> assertThat(late.state()).isEqualTo(instances));
    assertThat(early.violations()).isEmpty();
    assertThat(late.violations()).isEmpty();
  }

  @Test
  @DisplayName("W1 initial state: of many instances too, none is left out")
  @IfItFails("is the state read in pages, and all of them put together before it is shown?")
  void w1_initialState_ofManyInstances() {
    RegistryBackend writer = client();
    List<ServiceInstance> all = many(260, 1);
    putAll(writer, all, owner());
    RecordingSink sink = record(client());
    RecordingSink everything = record(client(), Selector.everything());

    eventually(() -> assertThat(sink.isLive() && everything.isLive()).isTrue());
    assertThat(sink.states().get(0)).isEqualTo(all);
    assertThat(mine(everything.states().get(0))).isEqualTo(all);
    assertThat(stored(client())).isEqualTo(all);
    assertThat(mine(sorted(await(writer.snapshot(Selector.everything())).instances())))
        .isEqualTo(all);
    assertThat(sink.violations()).isEmpty();
  }

  @Test
  @DisplayName("W1 initial state: no gap between it and the changes, while others write")
  @IfItFails("does the watch begin at the very revision at which the list was read?")
  void w1_initialState_hasNoGap() {
    RegistryBackend writer = client();
    RegistryBackend watcher = client();
    List<RecordingSink> sinks = new ArrayList<>();
    for (int round = 0; round < 20; round++) {
      String name = "r" + round + "-";
      CompletableFuture<Boolean> writing =
          async(
              () -> {
                for (int n = 0; n < 6; n++) {
                  register(
                          writer,
                          instance(name + n),
                          Liveness.permanent(),
                          owner(),
                          Claim.TAKE_OVER,
                          end -> {})
                      .toCompletableFuture()
                      .get();
                }
                return writer
                    .deregister(key(name + 5), Owner.ANY)
                    .thenApply(gone -> true)
                    .toCompletableFuture()
                    .get();
              });
      sinks.add(record(watcher));
      await(writing);
    }
    put(writer, instance("last"));

    // No key was written twice: what one stream has missed is missing in its end.
    List<ServiceInstance> last = stored(writer);
    for (RecordingSink sink : sinks) {
      eventually(() -> assertThat(sink.state()).isEqualTo(last));
      assertThat(sink.violations()).isEmpty();
    }
  }

  @Test
  @DisplayName("W2 order: one call at a time, in the store's order, though many write")
  @IfItFails("which thread calls the sink, and can a second one overtake it?")
  void w2_order_isSerialAndRising() {
    RecordingSink sink = record(client());
    RecordingSink everything = record(client(), Selector.everything());
    eventually(() -> assertThat(sink.isLive() && everything.isLive()).isTrue());
    List<CompletableFuture<Boolean>> writers = new ArrayList<>();
    int changes = 50;
    for (String id : List.of("a", "b", "c", "d")) {
      RegistryBackend writer = client();
      Owner owner = owner();
      writers.add(
          async(
              () -> {
                for (int n = 1; n <= changes; n++) {
                  register(
                          writer,
                          instance(id, n),
                          Liveness.permanent(),
                          owner,
                          Claim.TAKE_OVER,
                          end -> {})
                      .toCompletableFuture()
                      .get();
                }
                return true;
              }));
    }
    writers.forEach(this::await);
    List<ServiceInstance> last =
        List.of(
            instance("a", changes),
            instance("b", changes),
            instance("c", changes),
            instance("d", changes));
    eventually(() -> assertThat(sink.state()).isEqualTo(last));
    eventually(() -> assertThat(mine(everything.state())).isEqualTo(last));

    assertThat(sink.violations()).isEmpty();
    assertThat(everything.violations()).isEmpty();
    for (RecordingSink one : List.of(sink, everything)) {
      for (String id : List.of("a", "b", "c", "d")) {
        assertThat(
                one.states().stream()
                    .flatMap(List::stream)
                    .filter(i -> i.service().equals(service) && i.id().equals(id))
                    .map(ServiceInstance::weight))
            .as("the numbers of %s, which only grew", id)
            .isSorted();
      }
    }
  }

  @Test
  @DisplayName("W4 nothing lost: after a burst every stream ends at the last state")
  @IfItFails("does a change that comes while another is being delivered wake the stream again?")
  void w4_nothingLost_afterABurst() {
    RegistryBackend writer = client();
    List<RecordingSink> sinks = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      sinks.add(record(client()));
    }
    for (int burst = 1; burst <= 10; burst++) {
      List<CompletableFuture<?>> sent = new ArrayList<>();
      for (int n = 0; n < 30; n++) {
        sent.add(
            register(
                    writer,
                    instance("i" + n % 5, burst * 100 + n),
                    Liveness.permanent(),
                    owner(),
                    Claim.TAKE_OVER,
                    end -> {})
                .toCompletableFuture());
      }
      sent.forEach(this::await);
      remove(writer, "i" + burst % 5);
      List<ServiceInstance> last = stored(writer);
      for (RecordingSink sink : sinks) {
        eventually(() -> assertThat(sink.state()).isEqualTo(last));
      }
    }
    sinks.forEach(sink -> assertThat(sink.violations()).isEmpty());
  }

  @Test
  @DisplayName("W4 nothing lost: a change of any single field is shown")
  @IfItFails("is a field missing from the comparison by which a change is spared?")
  void w4_nothingLost_ofASingleField() {
    RegistryBackend writer = client();
    RecordingSink sink = record(client());
    RecordingSink everything = record(client(), Selector.everything());
    Owner owner = owner();
    for (ServiceInstance next : fieldByField("a")) {
      put(writer, next, owner);
      eventually(() -> assertThat(sink.state()).containsExactly(next));
      eventually(() -> assertThat(mine(everything.state())).containsExactly(next));
    }
    assertThat(sink.violations()).isEmpty();
    assertThat(everything.violations()).isEmpty();
  }

  @Test
  @DisplayName("W4 nothing lost: of more than a thousand changes each one is accounted for")
  @IfItFails("is a change left out now and then: at the end of a page, a buffer, a batch?")
  void w4_nothingLost_ofAThousandChanges() {
    RegistryBackend writer = client();
    RecordingSink sink = record(client());
    RecordingSink everything = record(client(), Selector.everything());
    eventually(() -> assertThat(sink.isLive() && everything.isLive()).isTrue());
    Owner owner = owner();
    for (int round = 0; round < 10; round++) {
      // Each change is the last one of its instance for a while: if it is lost, that is seen.
      List<ServiceInstance> all = many(110, round);
      putAll(writer, all, owner);
      eventually(() -> assertThat(sink.state()).isEqualTo(all));
      eventually(() -> assertThat(mine(everything.state())).isEqualTo(all));
    }
    assertThat(sink.violations()).isEmpty();
    assertThat(everything.violations()).isEmpty();
  }

  @Test
  @DisplayName("W5 nothing invented: each state of the stream was a state of the store, in order")
  @IfItFails("does the stream pass through a state that nobody wrote (half a list, an empty one)?")
  void w5_nothingInvented_inTheStream() {
    RegistryBackend writer = client();
    List<List<ServiceInstance>> path = new ArrayList<>();
    path.add(List.of());
    RecordingSink sink = record(client());
    eventually(() -> assertThat(sink.isLive()).isTrue());
    for (int n = 0; n < 30; n++) {
      String id = "i" + n % 7;
      if (n % 4 == 3) {
        remove(writer, id);
      } else {
        put(writer, instance(id, n));
      }
      path.add(stored(writer));
    }
    eventually(() -> assertThat(sink.state()).isEqualTo(path.get(path.size() - 1)));

    int at = 0;
    for (List<ServiceInstance> state : sink.states()) {
      int found = path.subList(at, path.size()).indexOf(state);
      assertThat(found).as("the place on the path after %s of %s", at, state).isNotNegative();
      at += found;
    }
    assertThat(sink.violations()).isEmpty();
  }

  @Test
  @DisplayName("W5 nothing invented: renewals and other services' changes do not show")
  @IfItFails("does a renewal write what watchers watch, or a service watch cover too much?")
  void w5_nothingInvented_byOthers() {
    RegistryBackend writer = client();
    var lease = put(writer, instance("a"), heartbeat(), owner(), Claim.TAKE_OVER, end -> {});
    ServiceInstance other =
        ServiceInstance.builder(service + "x").id("a").address("127.0.0.1", 9).build();
    RecordingSink sink = record(client());
    eventually(() -> assertThat(sink.isLive()).isTrue());

    for (int i = 0; i < 5; i++) {
      await(lease.renew());
      put(writer, other.toBuilder().weight(i).build());
    }
    settle();

    assertThat(sink.states()).allSatisfy(s -> assertThat(s).containsExactly(instance("a")));
    assertThat(sink.violations()).isEmpty();
    assertThat(ids(stored(writer))).containsExactly("a");
  }

  @Test
  @DisplayName("W9 close: what the store does after close() is not delivered")
  @IfItFails("does close() leave the stream open, or take no sink off it?")
  void w9_close_endsTheStream() {
    RegistryBackend writer = client();
    RegistryBackend watcher = client();
    RecordingSink open = record(watcher);
    List<RecordingSink> closed = new ArrayList<>();
    Owner owner = owner();
    for (int round = 0; round < 50; round++) {
      RecordingSink sink = new RecordingSink(Selector.service(service));
      closed.add(sink);
      RegistryBackend.Watch watch = watcher.watch(Selector.service(service), sink);
      CompletableFuture<?> last = new CompletableFuture<>();
      for (int n = 0; n < 3; n++) {
        last =
            register(
                    writer,
                    instance("a", round * 3 + n),
                    Liveness.permanent(),
                    owner,
                    Claim.TAKE_OVER,
                    end -> {})
                .toCompletableFuture();
      }
      watch.close(); // while changes are under way
      watch.close();
      await(last);
      put(writer, instance("later", round), owner);
    }
    eventually(() -> assertThat(open.state()).contains(instance("later", 49)));
    settle();
    for (int round = 0; round < 50; round++) {
      List<ServiceInstance> later = new ArrayList<>();
      for (int n = round; n < 50; n++) {
        later.add(instance("later", n));
      }
      RecordingSink sink = closed.get(round);
      assertThat(sink.state())
          .as("after the close in round %s", round)
          .doesNotContainAnyElementsOf(later);
      assertThat(sink.violations()).isEmpty();
    }
    assertThat(open.violations()).isEmpty();
  }

  @Test
  @DisplayName("W9 close: from within the sink")
  @IfItFails("does close() wait for itself, or does the stream go on after the running call?")
  void w9_close_fromWithinTheSink() {
    RegistryBackend writer = client();
    RegistryBackend watcher = client();
    put(writer, instance("a", 0));
    CompletableFuture<RegistryBackend.Watch> watch = new CompletableFuture<>();
    AtomicBoolean closed = new AtomicBoolean();
    RecordingSink sink =
        new RecordingSink(
            Selector.service(service),
            () -> {
              if (watch.isDone()) {
                watch.join().close();
                closed.set(true);
              }
            });
    watch.complete(watcher.watch(Selector.service(service), sink));
    put(writer, instance("a", 1));
    eventually(() -> assertThat(closed).isTrue());

    RecordingSink open = record(watcher);
    put(writer, instance("a", 2));
    put(writer, instance("later"));
    eventually(() -> assertThat(open.state()).contains(instance("a", 2), instance("later")));
    settle();
    assertThat(sink.state()).doesNotContain(instance("a", 2), instance("later"));
    assertThat(sink.violations()).isEmpty();
    assertThat(open.violations()).isEmpty();
  }

  @Test
  @DisplayName("W9 close: closing one watch leaves the others of the same client alone")
  @IfItFails("do watches share a stream that goes with the first of them, not with the last?")
  void w9_close_leavesItsSiblings() {
    RegistryBackend backend = client();
    String other = service + "x";
    RecordingSink gone = new RecordingSink(Selector.service(service));
    RegistryBackend.Watch closing = backend.watch(Selector.service(service), gone);
    RecordingSink same = record(backend);
    RecordingSink everything = record(backend, Selector.everything());
    RecordingSink ofOther = record(backend, Selector.service(other));
    for (RecordingSink sink : List.of(gone, same, everything, ofOther)) {
      eventually(() -> assertThat(sink.isLive()).isTrue());
    }

    closing.close();
    closing.close();
    RegistryBackend writer = client();
    put(writer, instance("a"));
    ServiceInstance others =
        ServiceInstance.builder(other).id("x").address("127.0.0.1", CLOSED_PORT).build();
    put(writer, others);

    eventually(() -> assertThat(same.state()).containsExactly(instance("a")));
    eventually(() -> assertThat(ofOther.state()).containsExactly(others));
    eventually(() -> assertThat(mine(everything.state())).containsExactly(instance("a"), others));
    assertThat(gone.state()).isEmpty();
    for (RecordingSink sink : List.of(gone, same, everything, ofOther)) {
      assertThat(sink.violations()).isEmpty();
      assertThat(sink.interruptions()).isEmpty();
    }
  }

  @Test
  @DisplayName("W9 close: closing the client ends all its streams, without a word")
  @IfItFails("does close() of the backend close its watches before it returns?")
  void w9_close_ofTheBackendEndsAllStreams() {
    RegistryBackend backend = store.open(time.timer());
    List<RecordingSink> sinks = new ArrayList<>();
    for (Selector selector :
        List.of(Selector.service(service), Selector.service(service), Selector.everything())) {
      RecordingSink sink = new RecordingSink(selector);
      RegistryBackend.Watch unused = backend.watch(selector, sink);
      sinks.add(sink);
      eventually(() -> assertThat(sink.isLive()).isTrue());
    }

    backend.close();
    RegistryBackend writer = client();
    put(writer, instance("a"));
    RecordingSink open = record(writer);
    eventually(() -> assertThat(open.state()).containsExactly(instance("a")));
    realPause(Duration.ofMillis(100)); // a thread of the client's own needs no time but the real

    for (RecordingSink sink : sinks) {
      assertThat(mine(sink.state())).isEmpty();
      assertThat(sink.interruptions()).isEmpty();
      assertThat(sink.violations()).isEmpty();
    }
  }

  @Test
  @DisplayName("W11 everything: services with unusual names too")
  @IfItFails("does the stream leave out names that the store has a use of its own for?")
  void w11_everything_ofUnusualNames() {
    RegistryBackend writer = client();
    RecordingSink early = record(client(), Selector.everything());
    eventually(() -> assertThat(early.isLive()).isTrue());
    List<ServiceInstance> instances = new ArrayList<>();
    for (String name : unusualServices()) {
      instances.add(
          ServiceInstance.builder(name).id("x").address("127.0.0.1", CLOSED_PORT).build());
    }
    putAll(writer, instances, owner());
    RecordingSink late = record(client(), Selector.everything());

    for (RecordingSink sink : List.of(early, late)) {
      eventually(
          () -> assertThat(mine(sink.state())).containsExactlyInAnyOrderElementsOf(instances));
      assertThat(sink.violations()).isEmpty();
    }
  }

  @Test
  @DisplayName("W11 everything: one stream shows every service, appearing and vanishing")
  @IfItFails("does the watch of everything see a service that did not exist when it began?")
  void w11_everything_inOneStream() {
    RegistryBackend writer = client();
    put(writer, instance("a"));
    RecordingSink sink = record(client(), Selector.everything());
    eventually(() -> assertThat(sink.isLive()).isTrue());
    assertThat(mine(sink.states().get(0))).containsExactly(instance("a"));

    List<ServiceInstance> more = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      more.add(ServiceInstance.builder(service + "-" + i).id("x").address("127.0.0.1", 9).build());
      put(writer, more.get(i));
    }
    eventually(() -> assertThat(mine(sink.state())).hasSize(6).containsAll(more));
    remove(writer, "a");
    await(writer.deregister(more.get(0).key(), Owner.ANY));
    eventually(() -> assertThat(mine(sink.state())).isEqualTo(more.subList(1, 5)));
    assertThat(sink.violations()).isEmpty();
  }

  @Test
  @DisplayName("W14 mass loss: the stream tells a clean departure, where the store can")
  @IfItFails("is Capabilities.tellsDepartures true, and the mark put before the removal?")
  void w14_massLoss_departuresAreTold() {
    RegistryBackend backend = client();
    put(backend, instance("left"));
    put(backend, instance("dies"), heartbeat(), owner(), Claim.TAKE_OVER, end -> {});
    RecordingSink sink = record(client());
    eventually(() -> assertThat(sink.state()).hasSize(2));

    remove(backend, "left");
    eventually(() -> assertThat(ids(sink.state())).isEqualTo(List.of("dies")));
    within(
        store
            .ttl()
            .plus(backend.capabilities().expirySlack())
            .plus(store.deregisterAfter())
            .plusSeconds(2),
        () -> assertThat(sink.state()).isEmpty());

    Map<String, Departure> told =
        sink.removals().stream()
            .collect(
                Collectors.toMap(
                    removal -> removal.key().id(), InstanceEvent.Remove::departure, (a, b) -> b));
    if (backend.capabilities().tellsDepartures()) {
      assertThat(told).containsEntry("left", Departure.DEREGISTERED);
      assertThat(told).containsEntry("dies", Departure.EXPIRED);
    } else {
      assertThat(told.values()).as("told, though it cannot be").isSubsetOf(Departure.UNKNOWN);
    }
  }

  @Test
  @DisplayName("W15 atomic: the fields of an instance change as one in the stream")
  @IfItFails("is an instance stored in several keys, and shown before all of them are written?")
  void w15_atomic_fieldsChangeAsOne() {
    RegistryBackend writer = client();
    RecordingSink sink = record(client());
    Owner owner = owner();
    for (int n = 1; n <= 50; n++) {
      put(writer, instance("a", n), owner);
    }
    eventually(() -> assertThat(sink.state()).containsExactly(instance("a", 50)));
    assertThat(sink.states().stream().flatMap(List::stream))
        .allSatisfy(i -> assertThat(i).isEqualTo(instance("a", i.weight() - 1)));
  }
}
