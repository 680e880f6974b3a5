package dev.rollcall.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Freshness;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registration.State;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.testkit.Faults.Fault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What only a fault of the store itself shows. Each test exists where the fault is offered. */
abstract class FaultClauses extends Clauses {
  private @Nullable ServerSocket socket;

  FaultClauses(RegistryContract store) {
    super(store);
  }

  @TestFactory
  @DisplayName("R4 restored, after a fault")
  @IfItFails("is a lost lease noticed (renewals fail with CONFLICT) and the instance put again?")
  Stream<DynamicTest> r4_restored_afterAFault() {
    return each(
        "R4 restored: after ",
        fault -> {
          Registration registration = await(process().register(accepting("a", 0), heartbeat()));
          List<State> states = new CopyOnWriteArrayList<>();
          closing(registration.onState(states::add));
          ServiceView view = process().service(service);
          eventually(() -> assertThat(view.instances()).hasSize(1));
          await(registration.update(accepting("a", 1)));

          begin(fault);
          time.pass(store.ttl().multipliedBy(2));
          store.faults().heal();

          RegistryBackend observer = client();
          eventually(
              () -> assertThat(whenUp(() -> passing(observer))).containsExactly(accepting("a", 1)));
          eventually(() -> assertThat(registration.state()).isEqualTo(State.ACTIVE));
          eventually(() -> assertThat(view.instances()).containsExactly(accepting("a", 1)));
          assertThat(states).doesNotContain(State.CLOSED, State.FENCED);
        },
        Fault.STOP,
        Fault.CUT,
        Fault.SILENCE,
        Fault.WIPE);
  }

  @TestFactory
  @DisplayName("R6 final, although the store was down")
  @IfItFails("does anything that was sent before the close bring the instance back after it?")
  Stream<DynamicTest> r6_final_closedDuringAFault() {
    return each(
        "R6 final: closed during ",
        fault -> {
          Registry owner =
              process(
                  store.open(time.timer()), settings -> settings.deadline(Duration.ofSeconds(3)));
          Registration registration = await(owner.register(instance("a"), heartbeat()));
          begin(fault);
          var leaving = registration.deregister();
          within(Duration.ofSeconds(13), () -> assertThat(leaving).isDone());
          time.pass(store.ttl());
          store.faults().heal();

          RegistryBackend observer = client();
          eventually(() -> assertThat(whenUp(() -> passing(observer))).isEmpty());
          always(store.ttl().multipliedBy(2), () -> assertThat(passing(observer)).isEmpty());
          assertThat(registration.state()).isEqualTo(State.CLOSED);
        },
        Fault.STOP,
        Fault.CUT,
        Fault.SILENCE);
  }

  @TestFactory
  @DisplayName("R10 errors, of a store in trouble")
  @IfItFails("has each stage a deadline of the backend's own, and the failure the right kind?")
  Stream<DynamicTest> r10_errors_ofAStoreInTrouble() {
    return each(
        "R10 errors: ",
        fault -> {
          RegistryBackend backend = client();
          var lease = put(backend, instance("a"), heartbeat(), owner(), Claim.TAKE_OVER, end -> {});
          long confirmed = time.timer().nanoTime();
          begin(fault);
          var renewing = lease.renew();
          List<CompletionStage<?>> calls = new ArrayList<>();
          calls.add(backend.snapshot(Selector.service(service)));
          calls.add(
              register(
                  backend,
                  instance("b"),
                  Liveness.permanent(),
                  owner(),
                  Claim.TAKE_OVER,
                  end -> {}));
          calls.add(backend.deregister(key("a"), Owner.ANY));
          RegistryException.Kind kind = fault == Fault.DENY ? DENIED : UNAVAILABLE;
          for (CompletionStage<?> call : calls) {
            assertThat(refused(call).kind()).isEqualTo(kind);
          }
          RegistryException renewal = refused(renewing);
          if (time.timer().nanoTime() - confirmed < lease.ttl().toNanos()) {
            assertThat(renewal.kind()).isEqualTo(kind);
          } else { // by the client's own clock the lease may be over
            assertThat(renewal.kind()).isIn(kind, CONFLICT);
          }
          store.faults().heal();
        },
        Fault.STOP,
        Fault.CUT,
        Fault.SILENCE,
        Fault.DENY);
  }

  @TestFactory
  @DisplayName("W1 initial state, not waited for")
  @IfItFails("does watch() send something and wait for the answer?")
  Stream<DynamicTest> w1_initialState_isNotWaitedFor() {
    return each(
        "W1 initial state: watch() returns during ",
        fault -> {
          RegistryBackend backend = client();
          put(closing(store.faults().beside(time.timer())), instance("a"));
          begin(fault);
          RecordingSink sink = await(async(() -> record(backend))); // before the store answers
          store.faults().heal();
          eventually(() -> assertThat(sink.state()).containsExactly(instance("a")));
          assertThat(sink.violations()).isEmpty();
        },
        Fault.CUT,
        Fault.SILENCE);
  }

  @TestFactory
  @DisplayName("W6 outage, W13 honest")
  @IfItFails("does the backend call interrupted(), and never replace() with what it cannot know?")
  Stream<DynamicTest> w6_outage_removesNothing() {
    return each(
        "W6 outage: nothing is removed by ",
        fault -> {
          Registry owner = process();
          // Outlasts the fault: what the store itself lets go meanwhile is no outage's doing.
          Liveness lasting = Liveness.heartbeat(Duration.ofSeconds(30));
          await(owner.register(accepting("a", 0), lasting));
          await(owner.register(accepting("b", 0), lasting));
          // A store that forgets when it stops is empty once it is back, until the owner is: that
          // alone may be shown, and that protection holds back.
          boolean forgetful = fault == Fault.STOP;
          ServiceView view = (forgetful ? protectedProcess() : process()).service(service);
          ChangeChecker checker = new ChangeChecker();
          closing(view.watch(checker));
          List<RecordingSink> sinks =
              List.of(record(client()), record(client(), Selector.everything()));
          eventually(() -> assertThat(checker.instances()).hasSize(2));
          for (RecordingSink sink : sinks) {
            eventually(() -> assertThat(mine(sink.state())).hasSize(2));
          }

          begin(fault);
          eventually(
              () -> assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Stale.class));
          eventually(
              () -> assertThat(checker.freshness()).anyMatch(Freshness.Stale.class::isInstance));
          assertThat(view.instances()).hasSize(2);
          for (RecordingSink sink : sinks) {
            eventually(() -> assertThat(sink.interruptions()).isNotEmpty());
            nobodyMissing(sink);
          }
          store.faults().heal();
          eventually(
              () -> assertThat(view.snapshot().freshness()).isInstanceOf(Freshness.Live.class));
          for (RecordingSink sink : sinks) {
            eventually(() -> assertThat(sink.isLive()).isTrue());
            eventually(() -> assertThat(mine(sink.state())).hasSize(2));
            if (!forgetful) {
              nobodyMissing(sink);
            }
            assertThat(sink.violations()).isEmpty();
          }
          eventually(() -> assertThat(view.instances()).hasSize(2));

          assertThat(checker.changes())
              .as("nobody was gone at any time")
              .allSatisfy(change -> assertThat(change.all().removed()).isEmpty());
          assertThat(checker.violations()).isEmpty();
        },
        Fault.STOP,
        Fault.CUT,
        Fault.SILENCE);
  }

  /** Since the stream has shown both instances, no state was without one of them. */
  private void nobodyMissing(RecordingSink sink) {
    assertThat(
            sink.shown().stream().map(state -> ids(mine(state))).dropWhile(ids -> ids.size() < 2))
        .as("what the stream has shown")
        .allSatisfy(ids -> assertThat(ids).containsExactly("a", "b"));
  }

  @TestFactory
  @DisplayName("W2 order, of interruptions")
  @IfItFails("is interrupted() called by another thread than the changes, beside one of them?")
  Stream<DynamicTest> w2_order_interruptedInItsPlace() {
    return each(
        "W2 order: one call at a time, with ",
        fault -> {
          RegistryBackend beside = closing(store.faults().beside(time.timer()));
          put(beside, instance("a", 0));
          AtomicBoolean slow = new AtomicBoolean();
          RecordingSink sink =
              new RecordingSink(
                  Selector.service(service),
                  () -> realPause(slow.get() ? Duration.ofMillis(100) : Duration.ZERO));
          closing(client().watch(Selector.service(service), sink));
          eventually(() -> assertThat(sink.isLive()).isTrue());
          slow.set(true);
          var written =
              async(
                  () -> {
                    put(beside, instance("a", 1));
                    return true;
                  });
          eventually(() -> assertThat(sink.state()).containsExactly(instance("a", 1)));

          begin(fault); // while the sink is still inside of the call with the change
          await(written);
          eventually(() -> assertThat(sink.interruptions()).isNotEmpty());
          store.faults().heal(); // while it may still be inside of the interruption
          eventually(() -> assertThat(sink.isLive()).isTrue());
          slow.set(false);
          put(beside, instance("a", 2));
          eventually(() -> assertThat(sink.state()).containsExactly(instance("a", 2)));
          assertThat(sink.violations()).isEmpty();
        },
        Fault.CUT);
  }

  @TestFactory
  @DisplayName("W7 resume")
  @IfItFails("does the stream resume from where it was, or list again and replace?")
  Stream<DynamicTest> w7_resume_deliversTheDifference() {
    return each(
        "W7 resume: the difference comes after ",
        fault -> {
          RegistryBackend beside = closing(store.faults().beside(time.timer()));
          put(beside, instance("stays"));
          put(beside, instance("goes"));
          put(beside, instance("changes", 0));
          put(beside, another("-vanishes"));
          RecordingSink sink = record(client());
          RecordingSink everything = record(client(), Selector.everything());
          ChangeChecker checker = new ChangeChecker();
          closing(process().service(service).watch(checker));
          eventually(() -> assertThat(checker.instances()).hasSize(3));
          eventually(() -> assertThat(mine(everything.state())).hasSize(4));

          begin(fault);
          eventually(() -> assertThat(sink.interruptions()).isNotEmpty());
          eventually(() -> assertThat(everything.interruptions()).isNotEmpty());
          remove(beside, "goes");
          put(beside, instance("changes", 1));
          put(beside, instance("comes"));
          await(beside.deregister(another("-vanishes").key(), Owner.ANY));
          put(beside, another("-appears"));
          store.faults().heal();

          List<ServiceInstance> now = stored(beside);
          List<ServiceInstance> all = new ArrayList<>(now);
          all.add(another("-appears"));
          eventually(() -> assertThat(sink.isLive() && everything.isLive()).isTrue());
          eventually(() -> assertThat(sink.state()).isEqualTo(now));
          eventually(() -> assertThat(mine(everything.state())).isEqualTo(all));
          eventually(() -> assertThat(checker.instances()).isEqualTo(now));
          // All of it was written before the stream could work again, and nothing since.
          assertThat(sink.resumed()).allSatisfy(state -> assertThat(state).isEqualTo(now));
          assertThat(everything.resumed())
              .allSatisfy(state -> assertThat(mine(state)).isEqualTo(all));

          put(beside, instance("later"));
          put(beside, another("-later"));
          eventually(() -> assertThat(ids(sink.state())).contains("later"));
          eventually(
              () -> assertThat(everything.state()).contains(instance("later"), another("-later")));
          assertThat(sink.violations()).isEmpty();
          assertThat(everything.violations()).isEmpty();
          assertThat(checker.violations()).isEmpty();
        },
        Fault.CUT,
        Fault.SILENCE,
        Fault.DENY);
  }

  @TestFactory
  @DisplayName("W7 resume, after the store lost its data")
  @IfItFails("is a revision that falls taken for a new epoch, and the state listed again?")
  Stream<DynamicTest> w7_resume_afterLosingAllData() {
    return each(
        "W7 resume: and the version still rises, after ",
        fault -> {
          RegistryBackend writer = client();
          for (int n = 0; n < 10; n++) {
            put(writer, instance("old", n));
          }
          RecordingSink sink = record(client());
          ChangeChecker checker = new ChangeChecker();
          closing(process().service(service).watch(checker));
          eventually(() -> assertThat(checker.instances()).hasSize(1));

          begin(fault);
          put(writer, instance("new"));
          eventually(() -> assertThat(sink.state()).containsExactly(instance("new")));
          eventually(() -> assertThat(checker.instances()).containsExactly(instance("new")));
          put(writer, instance("next"));
          eventually(() -> assertThat(ids(sink.state())).containsExactly("new", "next"));
          eventually(() -> assertThat(ids(checker.instances())).containsExactly("new", "next"));
          assertThat(checker.violations()).isEmpty();
        },
        Fault.WIPE);
  }

  @TestFactory
  @DisplayName("W12 denied")
  @IfItFails("does the backend tell a refusal from an outage, and try again, slowly?")
  Stream<DynamicTest> w12_denied_isSaid() {
    return each(
        "W12 denied: said to the sink, after ",
        fault -> {
          put(client(), instance("a"));
          begin(fault);
          RecordingSink sink = record(client());
          eventually(
              () ->
                  assertThat(sink.interruptions())
                      .extracting(RegistryException::kind)
                      .contains(DENIED));
          store.faults().heal();
          eventually(() -> assertThat(sink.state()).containsExactly(instance("a")));
          assertThat(sink.violations()).isEmpty();
        },
        Fault.DENY);
  }

  @TestFactory
  @DisplayName("Bad input from the store")
  @IfItFails("is an entry that cannot be read skipped, or does it end the watch?")
  Stream<DynamicTest> badInput_fromTheStoreIsSkipped() {
    return each(
        "Bad input: skipped, with ",
        fault -> {
          RegistryBackend writer = client();
          put(writer, instance("a"));
          RecordingSink sink = record(client());
          eventually(() -> assertThat(sink.state()).containsExactly(instance("a")));
          begin(fault);
          put(writer, instance("b"));
          eventually(() -> assertThat(ids(sink.state())).containsExactly("a", "b"));
          assertThat(ids(stored(client()))).containsExactly("a", "b");
          RecordingSink late = record(client());
          eventually(() -> assertThat(ids(late.state())).containsExactly("a", "b"));
          assertThat(sink.violations()).isEmpty();
          assertThat(late.violations()).isEmpty();
        },
        Fault.GARBAGE);
  }

  @TestFactory
  @DisplayName("W16 no poison")
  @IfItFails(
      "does one entry that cannot be read or asked for fail the list, page or watch it is in?")
  Stream<DynamicTest> w16_noPoison_hidesMoreThanItself() {
    return each(
        "W16 no poison: in the watch and the snapshot of everything, with ",
        fault -> {
          RegistryBackend writer = client();
          RecordingSink early = record(client(), Selector.everything());
          eventually(() -> assertThat(early.isLive()).isTrue());
          begin(fault);
          put(writer, instance("a"));
          RecordingSink late = record(client(), Selector.everything());
          for (RecordingSink sink : List.of(early, late)) {
            eventually(() -> assertThat(ids(mine(sink.state()))).containsExactly("a"));
          }
          put(writer, instance("b"));
          for (RecordingSink sink : List.of(early, late)) {
            eventually(() -> assertThat(ids(mine(sink.state()))).containsExactly("a", "b"));
            eventually(() -> assertThat(sink.isLive()).isTrue());
            assertThat(sink.interruptions()).isEmpty();
            assertThat(sink.violations()).isEmpty();
          }
          assertThat(ids(mine(await(client().snapshot(Selector.everything())).instances())))
              .containsExactly("a", "b");
        },
        Fault.GARBAGE);
  }

  private void begin(Fault fault) {
    store.faults().begin(fault, service);
  }

  /** One test for each fault that is offered, each with a service of its own. */
  private Stream<DynamicTest> each(String name, Consumer<Fault> test, Fault... faults) {
    return Stream.of(faults)
        .filter(
            fault -> {
              boolean offered = store.faults().offered().contains(fault);
              if (!offered) {
                reporter.publishEntry("not applicable", name + fault + " (not offered)");
              }
              return offered;
            })
        .map(
            fault ->
                DynamicTest.dynamicTest(
                    name + fault,
                    () -> {
                      service = freshName();
                      store.faults().heal();
                      test.accept(fault);
                    }));
  }

  /** Asks a store that may still be on its way up. */
  private static List<ServiceInstance> whenUp(Supplier<List<ServiceInstance>> read) {
    try {
      return read.get();
    } catch (RegistryException notYet) {
      throw new AssertionError("the store does not answer yet", notYet);
    }
  }

  /** The one instance of another service of this test's. */
  private ServiceInstance another(String suffix) {
    return ServiceInstance.builder(service + suffix)
        .id("x")
        .address("127.0.0.1", CLOSED_PORT)
        .build();
  }

  private Registry protectedProcess() {
    return process(
        store.open(time.timer()),
        settings -> settings.massLossProtection(0.5, Duration.ofMinutes(5)));
  }

  /** An instance that accepts connections, so that its sudden loss is doubted. */
  private ServiceInstance accepting(String id, int number) {
    ServerSocket accepting = socket;
    if (accepting == null) {
      try {
        accepting = closing(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
      } catch (IOException failed) {
        throw new UncheckedIOException(failed);
      }
      socket = accepting;
    }
    return instance(id, number).toBuilder().address("127.0.0.1", accepting.getLocalPort()).build();
  }
}
