package dev.rollcall.memory;

import static dev.rollcall.memory.Fixture.HEARTBEAT;
import static dev.rollcall.memory.Fixture.TICK;
import static dev.rollcall.memory.Fixture.get;
import static dev.rollcall.memory.Fixture.instance;
import static dev.rollcall.memory.Fixture.key;
import static dev.rollcall.memory.Fixture.owner;
import static dev.rollcall.memory.Fixture.register;
import static dev.rollcall.memory.Fixture.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.HealthChecker;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class CheckTest {
  private static final ServiceInstance A = instance("orders", "a");
  private static final Liveness CHECK = Liveness.tcpCheck("10.0.0.7", 8080, Duration.ofSeconds(10));

  private final ManualTimer timer = new ManualTimer();
  private final FakeChecker checker = new FakeChecker();
  private final MemoryStore store = MemoryStore.builder(timer).checkers(used -> checker).build();
  private final RegistryBackend backend = store.open();
  private final List<LeaseEnd> ends = new ArrayList<>();

  /** Runs nothing; the test says the results. */
  private static final class FakeChecker implements HealthChecker {
    private final List<Consumer<Health>> running = new ArrayList<>();
    private boolean closed;
    private boolean refuses;

    @Override
    public void admit(Liveness.Check check) {
      if (refuses) {
        throw RegistryException.invalid("liveness: not by this one");
      }
    }

    @Override
    public Running start(Liveness.Check check, Consumer<Health> onResult) {
      running.add(onResult);
      return () -> running.remove(onResult);
    }

    @Override
    public CompletableFuture<Boolean> accepts(HostPort address, Duration timeout) {
      return CompletableFuture.completedFuture(false);
    }

    @Override
    public void close() {
      closed = true;
    }

    private void say(Health health) {
      List.copyOf(running).forEach(onResult -> onResult.accept(health));
    }
  }

  private Health health() {
    return snapshot(backend, "orders").get(0).health();
  }

  @Test
  void check_untilItsFirstResult_isCritical() {
    Lease lease = register(backend, A, CHECK, owner("o"));
    assertThat(lease.ttl()).isZero();
    assertThat(health()).isEqualTo(Health.CRITICAL);
    timer.advance(Duration.ofHours(1));
    assertThat(health()).isEqualTo(Health.CRITICAL);
    checker.say(Health.PASSING);
    assertThat(health()).isEqualTo(Health.PASSING);
    get(lease.renew());
  }

  @Test
  void severalChecks_theWorstShows_andTheTimeToRemovalIsThatOfAll() {
    Liveness both =
        Liveness.all(
            Liveness.tcpCheck("10.0.0.7", 1, Duration.ofSeconds(10)),
            Liveness.tcpCheck("10.0.0.7", 2, Duration.ofSeconds(10)));
    register(backend, A, both, owner("o"));
    checker.running.get(0).accept(Health.PASSING);
    assertThat(health()).isEqualTo(Health.CRITICAL);
    checker.running.get(1).accept(Health.PASSING);
    assertThat(health()).isEqualTo(Health.PASSING);
    checker.running.get(1).accept(Health.CRITICAL);
    checker.running.get(0).accept(Health.PASSING);
    assertThat(health()).isEqualTo(Health.CRITICAL);
    register(backend, A, both, owner("o")); // the same again changes nothing
    assertThat(checker.running).hasSize(2);

    timer.advance(Liveness.DEFAULT_DEREGISTER_AFTER.minus(TICK));
    checker.running.get(0).accept(Health.WARNING);
    checker.running.get(1).accept(Health.PASSING);
    timer.advance(Liveness.DEFAULT_DEREGISTER_AFTER.multipliedBy(2));
    assertThat(health()).isEqualTo(Health.WARNING);
    checker.running.get(1).accept(Health.CRITICAL);
    timer.advance(Liveness.DEFAULT_DEREGISTER_AFTER.plus(TICK.multipliedBy(3)));
    assertThat(snapshot(backend, "orders")).isEmpty();
    assertThat(checker.running).isEmpty();
  }

  @Test
  void check_thatTheCheckerRefuses_isRefusedBeforeAnythingChanges() {
    register(backend, A, HEARTBEAT, owner("o"), ends::add);
    checker.refuses = true;
    assertThat(
            backend.register(new RegisterRequest(A, CHECK, owner("p"), Claim.TAKE_OVER), ends::add))
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableThat()
        .withMessageContaining("liveness: not by this one");
    assertThat(health()).isEqualTo(Health.PASSING);
    assertThat(ends).isEmpty();
  }

  @Test
  void check_andWhatTheInstanceSays_theWorseShows() {
    Recorder sink = new Recorder();
    register(backend, A.withHealth(Health.WARNING), CHECK, owner("o"));
    backend.watch(Selector.everything(), sink);
    sink.take();
    checker.say(Health.PASSING);
    assertThat(health()).isEqualTo(Health.WARNING);
    checker.say(Health.PASSING);
    checker.say(Health.CRITICAL);
    checker.say(Health.CRITICAL);
    assertThat(sink.take()).containsExactly("put a WARNING", "put a CRITICAL");
  }

  @Test
  void check_criticalForTooLong_removesAndTells() {
    Recorder sink = new Recorder();
    register(backend, A, CHECK, owner("o"), ends::add);
    backend.watch(Selector.everything(), sink);
    checker.say(Health.CRITICAL);
    timer.advance(Liveness.DEFAULT_DEREGISTER_AFTER.minus(TICK));
    checker.say(Health.PASSING);
    timer.advance(Liveness.DEFAULT_DEREGISTER_AFTER.multipliedBy(2));
    assertThat(health()).isEqualTo(Health.PASSING);

    checker.say(Health.CRITICAL);
    timer.advance(Liveness.DEFAULT_DEREGISTER_AFTER.minus(TICK));
    checker.say(Health.CRITICAL);
    sink.take();
    timer.advance(TICK.multipliedBy(3));
    assertThat(snapshot(backend, "orders")).isEmpty();
    assertThat(sink.take()).containsExactly("remove a EXPIRED");
    assertThat(ends).containsExactly(LeaseEnd.EXPIRED);
    assertThat(checker.running).isEmpty();
  }

  @Test
  void check_criticalWithDeregisterAfterZero_removesAtTheFirstResult() {
    Liveness strict = ((Liveness.TcpCheck) CHECK).deregisterAfter(Duration.ZERO);
    register(backend, A, strict, owner("o"), ends::add);
    assertThat(health()).isEqualTo(Health.CRITICAL);
    checker.say(Health.CRITICAL);
    assertThat(snapshot(backend, "orders")).isEmpty();
    assertThat(ends).containsExactly(LeaseEnd.EXPIRED);
  }

  @Test
  void register_withTheSameCheck_keepsItsResult() {
    register(backend, A, CHECK, owner("o"));
    checker.say(Health.PASSING);
    register(backend, A.toBuilder().weight(7).build(), CHECK, owner("o"));
    assertThat(health()).isEqualTo(Health.PASSING);
    assertThat(checker.running).hasSize(1);
  }

  @Test
  void register_withAnotherLiveness_endsTheCheck() {
    register(backend, A, CHECK, owner("o"));
    Consumer<Health> late = checker.running.get(0);
    register(backend, A, HEARTBEAT, owner("o"));
    assertThat(checker.running).isEmpty();
    late.accept(Health.CRITICAL);
    assertThat(health()).isEqualTo(Health.PASSING);
  }

  @Test
  void deregister_takeOverAndClose_endTheChecks() {
    register(backend, A, CHECK, owner("o"));
    register(backend, A, CHECK, owner("p"));
    assertThat(checker.running).hasSize(1);
    get(backend.deregister(key("orders", "a"), owner("p")));
    assertThat(checker.running).isEmpty();
    store.close();
    assertThat(checker.closed).isTrue();
  }
}
