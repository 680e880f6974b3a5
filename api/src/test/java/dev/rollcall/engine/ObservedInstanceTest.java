package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.engine.ObservedInstance.Sending;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What the answers of a store and the ends of its leases say together, in any order. */
class ObservedInstanceTest {
  private static final ServiceInstance INSTANCE = Samples.instance("a");

  private final ObservedInstance observed = new ObservedInstance("owner");

  private static final class SomeLease implements Lease {
    @Override
    public Duration ttl() {
      return Duration.ofSeconds(9);
    }

    @Override
    public CompletionStage<Void> renew() {
      return CompletableFuture.completedFuture(null);
    }
  }

  private Sending send() {
    return observed.sending(INSTANCE, INSTANCE, 0, 0);
  }

  private Sending taken() {
    Sending call = send();
    assertThat(observed.taken(call, new SomeLease())).isFalse();
    return call;
  }

  @Test
  void nothingWasSent_nothingMayStand() {
    assertThat(observed.wasSent()).isFalse();
    assertThat(observed.hasLease()).isFalse();
    assertThat(observed.owner().epoch()).isEqualTo(1);
  }

  @Test
  void taken_isHeldAsItWasWanted() {
    Lease lease = new SomeLease();
    observed.taken(send(), lease);
    assertThat(observed.isHeldBy(lease)).isTrue();
    assertThat(observed.shows(INSTANCE)).isTrue();
    assertThat(observed.shows(Samples.instance("b"))).isFalse();
  }

  @Test
  void unanswered_isDoubted_andNotKnownToBeShown_untilTheNextIsTaken() {
    taken();
    observed.unanswered();
    assertThat(observed.isDoubted()).isTrue();
    assertThat(observed.shows(INSTANCE)).isFalse();
    assertThat(observed.hasLease()).isTrue();
    taken();
    assertThat(observed.isDoubted()).isFalse();
  }

  @Test
  void end_thatIsHeardBeforeTheAnswer_countsWithIt() {
    Sending call = send();
    assertThat(observed.ends(call.generation(), LeaseEnd.EXPIRED, true)).isTrue();
    assertThat(observed.taken(call, new SomeLease())).isTrue();
  }

  @Test
  void end_ofALeaseThatWasReplaced_isLate() {
    Sending first = taken();
    taken();
    assertThat(observed.ends(first.generation(), LeaseEnd.SUPERSEDED, false)).isFalse();
    assertThat(observed.hasLease()).isTrue();
  }

  @Test
  void end_whileALaterCallIsUnderWay_waitsForItsAnswer() {
    Sending first = taken();
    Sending second = send();
    assertThat(observed.ends(first.generation(), LeaseEnd.SUPERSEDED, true)).isFalse();
    assertThat(observed.ends(first.generation(), LeaseEnd.REMOVED, true)).isFalse();
    assertThat(observed.missed()).isEqualTo(LeaseEnd.SUPERSEDED);
    observed.taken(second, new SomeLease());
    assertThat(observed.missed()).isNull();
  }

  @Test
  void superseded_withoutALease_isBelievedOfAnyCall_expiredOfTheLastAlone() {
    Sending first = taken();
    observed.lost();
    Sending second = send();
    assertThat(observed.ends(first.generation(), LeaseEnd.EXPIRED, true)).isFalse();
    assertThat(observed.ends(first.generation(), LeaseEnd.SUPERSEDED, true)).isTrue();
    assertThat(observed.ends(second.generation(), LeaseEnd.EXPIRED, true)).isTrue();
  }

  @Test
  void lost_isRegisteredInTheNextEpoch() {
    taken();
    observed.lost();
    assertThat(observed.hasLease()).isFalse();
    assertThat(observed.owner().epoch()).isEqualTo(2);
    assertThat(observed.accepted()).isEqualTo(INSTANCE);
  }

  @Test
  void granted_afterAnotherOwnerHasCome_mayStand_unlessItWasWhatHeReplaced() {
    Sending first = taken();
    Sending second = send();
    assertThat(observed.ends(second.generation(), LeaseEnd.SUPERSEDED, true)).isTrue();
    observed.withoutLease();
    observed.takenAfterEnd(second);
    assertThat(observed.isDoubted()).isFalse();
    observed.takenAfterEnd(first);
    assertThat(observed.isDoubted()).isTrue();
  }

  @Test
  void refused_leavesNothing_unlessAnEarlierCallIsInDoubt_orTheRefusalHidesAnAnswer() {
    send();
    observed.refused(false);
    assertThat(observed.wasSent()).isFalse();
    observed.refused(true);
    assertThat(observed.wasSent()).isTrue();
    send();
    observed.unanswered();
    observed.refused(false);
    assertThat(observed.wasSent()).isTrue();
  }

  @Test
  void renewed_putsOffTheEndByAWholeTtl() {
    Lease lease = new SomeLease();
    observed.taken(send(), lease);
    long ttl = lease.ttl().toNanos();
    assertThat(observed.hasRunOut(lease, ttl)).isFalse();
    assertThat(observed.hasRunOut(lease, ttl + 1)).isTrue();
    observed.renewed(ttl);
    assertThat(observed.hasRunOut(lease, ttl + 1)).isFalse();
  }
}
