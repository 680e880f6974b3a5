package dev.rollcall.memory;

import static dev.rollcall.memory.Fixture.HEARTBEAT;
import static dev.rollcall.memory.Fixture.TICK;
import static dev.rollcall.memory.Fixture.TTL;
import static dev.rollcall.memory.Fixture.failure;
import static dev.rollcall.memory.Fixture.get;
import static dev.rollcall.memory.Fixture.instance;
import static dev.rollcall.memory.Fixture.key;
import static dev.rollcall.memory.Fixture.owner;
import static dev.rollcall.memory.Fixture.register;
import static dev.rollcall.memory.Fixture.request;
import static dev.rollcall.memory.Fixture.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Liveness;
import dev.rollcall.RegistryException.Kind;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OwnershipTest {
  private static final ServiceInstance A = instance("orders", "a");

  private final ManualTimer timer = new ManualTimer();
  private final RegistryBackend backend = MemoryStore.create(timer).open();
  private final Recorder sink = new Recorder();
  private final List<LeaseEnd> ends = new ArrayList<>();

  @BeforeEach
  void watch() {
    backend.watch(Selector.service("orders"), sink);
    sink.take();
  }

  private Lease lease(Owner owner) {
    return register(backend, A, HEARTBEAT, owner, ends::add);
  }

  private Kind refusal(Owner owner, Claim claim) {
    return failure(backend.register(new RegisterRequest(A, HEARTBEAT, owner, claim), end -> {}))
        .kind();
  }

  @Test
  void takeOver_fencesTheFormerOwner() {
    Lease former = lease(owner("old"));
    Lease latter = register(backend, A.toBuilder().weight(5).build(), HEARTBEAT, owner("new"));

    assertThat(ends).containsExactly(LeaseEnd.SUPERSEDED);
    assertThat(failure(former.renew()).kind()).isEqualTo(Kind.CONFLICT);
    get(latter.renew());
    assertThat(sink.take()).containsExactly("put a PASSING", "put a PASSING");

    get(backend.deregister(A.key(), owner("old")));
    assertThat(snapshot(backend, "orders")).extracting(ServiceInstance::weight).containsExactly(5);
  }

  @Test
  void exclusive_whileTheOtherLives_isRefused() {
    lease(owner("old"));
    assertThat(refusal(owner("new"), Claim.EXCLUSIVE)).isEqualTo(Kind.CONFLICT);
    timer.advance(TTL.plus(TICK));
    get(
        backend.register(
            new RegisterRequest(A, HEARTBEAT, owner("new"), Claim.EXCLUSIVE), end -> {}));
    assertThat(ends).containsExactly(LeaseEnd.EXPIRED);
    assertThat(sink.take()).containsExactly("put a PASSING", "put a CRITICAL", "put a PASSING");
  }

  @Test
  void goOn_whileAnotherHasTheKey_isRefusedWhetherThatOneLivesOrNot() {
    lease(owner("other"));
    assertThat(refusal(owner("mine"), Claim.CONTINUE)).isEqualTo(Kind.CONFLICT);
    timer.advance(TTL.plus(TICK));
    assertThat(refusal(owner("mine"), Claim.CONTINUE)).isEqualTo(Kind.CONFLICT);
    timer.advance(Liveness.DEFAULT_DEREGISTER_AFTER.plus(TICK));
    get(
        backend.register(
            new RegisterRequest(A, HEARTBEAT, owner("mine"), Claim.CONTINUE), end -> {}));
    assertThat(snapshot(backend, "orders")).containsExactly(A);
  }

  @Test
  void update_bySameOwner_isOnePut() {
    Lease first = lease(owner("o"));
    ServiceInstance changed = A.toBuilder().tag("x").weight(3).build();
    register(backend, changed, HEARTBEAT, owner("o"), ends::add);
    assertThat(sink.take()).containsExactly("put a PASSING", "put a PASSING");
    assertThat(sink.state()).containsExactly(changed);
    get(first.renew());
    assertThat(ends).isEmpty();
  }

  @Test
  void register_withAnOlderEpoch_isRefused() {
    lease(new Owner("o", 5));
    assertThat(refusal(new Owner("o", 4), Claim.TAKE_OVER)).isEqualTo(Kind.CONFLICT);
    lease(new Owner("o", 5));
  }

  @Test
  void register_byNobody_isInvalid() {
    assertThat(refusal(Owner.ANY, Claim.TAKE_OVER)).isEqualTo(Kind.INVALID);
  }

  @Test
  void deregistered_lateRegistrationOfThatEpoch_staysOut() {
    lease(new Owner("o", 3));
    get(backend.deregister(A.key(), new Owner("o", 3)));
    assertThat(sink.take()).containsExactly("put a PASSING", "remove a DEREGISTERED");
    assertThat(ends).isEmpty();
    assertThat(refusal(new Owner("o", 3), Claim.CONTINUE)).isEqualTo(Kind.CONFLICT);
    assertThat(refusal(new Owner("o", 2), Claim.TAKE_OVER)).isEqualTo(Kind.CONFLICT);
    lease(new Owner("o", 4));
    lease(owner("somebody else"));
  }

  @Test
  void deregister_ofWhatIsNotThere_refusesTheRegistrationThatItOvertook() {
    get(backend.deregister(A.key(), owner("o")));
    assertThat(refusal(owner("o"), Claim.TAKE_OVER)).isEqualTo(Kind.CONFLICT);
    assertThat(sink.take()).isEmpty();
  }

  @Test
  void deregistered_renewal_bringsNothingBack() {
    Lease lease = lease(owner("o"));
    get(backend.deregister(A.key(), owner("o")));
    assertThat(failure(lease.renew()).kind()).isEqualTo(Kind.CONFLICT);
    timer.advance(Duration.ofHours(1));
    assertThat(snapshot(backend, "orders")).isEmpty();
    assertThat(ends).isEmpty();
  }

  @Test
  void deregister_byAnOperator_tellsTheOwnerWhoMayComeBack() {
    Lease lease = lease(owner("o"));
    get(backend.deregister(A.key(), Owner.ANY));
    assertThat(ends).containsExactly(LeaseEnd.REMOVED);
    assertThat(failure(lease.renew()).kind()).isEqualTo(Kind.CONFLICT);
    get(
        backend.register(
            new RegisterRequest(A, HEARTBEAT, new Owner("o", 2), Claim.CONTINUE), end -> {}));
    assertThat(sink.take())
        .containsExactly("put a PASSING", "remove a DEREGISTERED", "put a PASSING");
  }

  @Test
  void tombstones_areBoundedInNumberAndTime() {
    Tombstones tombstones = new Tombstones();
    for (int i = 0; i < Tombstones.MOST + 10; i++) {
      tombstones.add(key("s", "i"), owner("o" + i), i);
    }
    assertThat(tombstones.size()).isEqualTo(Tombstones.MOST);
    assertThat(tombstones.refuses(key("s", "i"), owner("o9"))).isFalse();
    assertThat(tombstones.refuses(key("s", "i"), owner("o10"))).isTrue();
    tombstones.add(key("s", "i"), owner("last"), Tombstones.KEPT_NANOS + 1_000_000);
    assertThat(tombstones.size()).isEqualTo(1);
  }

  @Test
  void handle_closed_leavesItsInstancesAndTellsItsListenersNothing() {
    MemoryStore store = MemoryStore.create(timer);
    RegistryBackend one = store.open();
    RegistryBackend other = store.open();
    register(one, A, HEARTBEAT, owner("o"), ends::add);
    one.watch(Selector.everything(), sink);
    sink.take();
    one.close();
    one.close();
    assertThat(snapshot(other, "orders")).containsExactly(A);
    timer.advance(TTL.plus(TICK));
    assertThat(snapshot(other, "orders")).isNotEqualTo(List.of(A));
    assertThat(ends).isEmpty();
    assertThat(sink.take()).isEmpty();
    assertThat(failure(one.snapshot(Selector.everything())).kind()).isEqualTo(Kind.UNAVAILABLE);
    assertThat(failure(one.register(request(A, HEARTBEAT, owner("p")), end -> {})).kind())
        .isEqualTo(Kind.UNAVAILABLE);
    assertThat(failure(one.deregister(A.key(), Owner.ANY)).kind()).isEqualTo(Kind.UNAVAILABLE);
    one.watch(Selector.everything(), sink).close();
    assertThat(sink.take()).isEmpty();
  }
}
