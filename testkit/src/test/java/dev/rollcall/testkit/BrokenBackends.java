package dev.rollcall.testkit;

import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.SystemTimer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** Backends whose registrations break a clause each. */
final class BrokenBackends {
  private BrokenBackends() {}

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r1_visible_throughTheSpi", "r1_visible_throughTheRegistry"})
  static class CompletesBeforeTheStoreShowsIt extends BrokenContract {
    private Timer timer = new ManualTimer();

    @Override
    protected RegistryBackend open(Timer given) {
      timer = given;
      return super.open(given);
    }

    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
          timer.schedule(() -> super.register(request, listener), Duration.ofMillis(100));
          return CompletableFuture.completedFuture(immortal());
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r2_idempotent_replacesEveryField", "r1_visible_throughTheSpi"})
  static class ForgetsTags extends Requesting {
    @Override
    RegisterRequest change(RegisterRequest is) {
      return with(is, is.instance().toBuilder().tags(List.of()).build());
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r2_idempotent_replacementIsOneUpdateInTheStream"})
  static class ReplacesAsRemovalAndAddition extends BrokenContract {
    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
          return super.deregister(request.instance().key(), Owner.ANY)
              .thenCompose(gone -> super.register(request, listener));
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r3_keptAlive_byRenewals", "r3_keptAlive_withoutTheApplication"})
  static class RenewsNothing extends Leasing {
    @Override
    CompletionStage<Void> renew(Lease right) {
      return CompletableFuture.completedFuture(null);
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r3_keptAlive_byRegisteringAgain", "r3_keptAlive_whileItIsUpdated"})
  static class KeepsTheLeaseAsItIs extends BrokenContract {
    private final Map<InstanceKey, Long> begun = new ConcurrentHashMap<>();
    private Timer timer = new ManualTimer();

    @Override
    protected RegistryBackend open(Timer given) {
      timer = given;
      return super.open(given);
    }

    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public CompletionStage<Lease> register(RegisterRequest is, LeaseListener listener) {
          long now = timer.nanoTime();
          long since = begun.computeIfAbsent(is.instance().key(), first -> now);
          return super.register(is, listener)
              .thenApply(
                  lease -> {
                    long left = lease.ttl().toNanos() - (now - since);
                    timer.schedule(
                        () -> super.deregister(is.instance().key(), is.owner()),
                        Duration.ofNanos(Math.max(0, left)));
                    return lease;
                  });
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r4_restored_afterARemoval"})
  static class TellsNoEndOfALease extends Leasing {
    @Override
    CompletionStage<Void> renew(Lease right) {
      return right.renew().exceptionally(conflict -> null);
    }

    @Override
    LeaseListener listener(LeaseListener right) {
      return end -> {};
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r5_expiry_ofADeadOwner", "r5_expiry_ofAClosedClient"})
  static class NeverExpires extends Requesting {
    @Override
    RegisterRequest change(RegisterRequest is) {
      Liveness.Heartbeat day = Liveness.heartbeat(Duration.ofDays(1));
      return new RegisterRequest(is.instance(), day, is.owner(), is.claim());
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r5_expiry_ofADeadOwner"})
  static class ExpiresTooEarly extends Requesting {
    @Override
    RegisterRequest change(RegisterRequest is) {
      return is.liveness() instanceof Liveness.Heartbeat
          ? new RegisterRequest(
              is.instance(), Liveness.heartbeat(Duration.ofSeconds(1)), is.owner(), is.claim())
          : is;
    }
  }

  @Breaks(
      group = RegistryContract.Leaving.class,
      tests = {"r6_final_aRenewalBringsNothingBack"})
  static class LetsAZombieBackIn extends BrokenContract {
    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
          return super.register(request, listener)
              .thenApply(
                  lease ->
                      renewing(
                          lease, () -> super.register(request, listener).thenAccept(again -> {})));
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Leaving.class,
      tests = {"r6_final_racesThroughTheSpi"})
  static class RegistersLate extends CompletesBeforeTheStoreShowsIt {
    @Override
    RegistryBackend broken(RegistryBackend right) {
      RegistryBackend late = super.broken(right);
      return new ForwardingBackend(right) {
        @Override
        public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
          return request.claim() == Claim.CONTINUE
              ? late.register(request, listener)
              : super.register(request, listener);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Leaving.class,
      tests = {"r7_owned_throughTheSpi"})
  static class RemovesAnotherOwnersInstance extends BrokenContract {
    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
          return super.deregister(key, Owner.ANY);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r9_clocks_onlyTheTimerDecides"})
  static class AsksTheWallClock extends BrokenContract {
    private final Timer wall = SystemTimer.named("wall");

    @Override
    protected RegistryBackend open(Timer timer) {
      return super.open(wall);
    }
  }

  @Breaks(
      group = RegistryContract.Ownership.class,
      tests = {
        "r10_errors_conflictThroughTheSpi",
        "r10_errors_conflictThroughTheRegistry",
        "r11_owner_aSupersededLeaseIsOver"
      })
  static class SaysUnavailableForConflict extends BrokenContract {
    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
          return wrong(super.register(request, listener))
              .thenApply(lease -> renewing(lease, () -> wrong(lease.renew())));
        }
      };
    }

    private static <T> CompletionStage<T> wrong(CompletionStage<T> stage) {
      return stage.exceptionally(
          failure -> {
            throw RegistryException.unavailable("something went wrong", failure);
          });
    }
  }

  @Breaks(
      group = RegistryContract.Ownership.class,
      tests = {"r10_errors_conflictThroughTheSpi", "r10_errors_conflictThroughTheRegistry"})
  static class IgnoresClaims extends Requesting {
    @Override
    RegisterRequest change(RegisterRequest is) {
      return new RegisterRequest(is.instance(), is.liveness(), is.owner(), Claim.TAKE_OVER);
    }
  }

  @Breaks(
      group = RegistryContract.Ownership.class,
      tests = {"r10_errors_exclusiveAfterADeath"})
  static class LetsTheDeadStandInTheWay extends BrokenContract {
    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public CompletionStage<Lease> register(RegisterRequest is, LeaseListener listener) {
          Claim claim = is.claim() == Claim.EXCLUSIVE ? Claim.CONTINUE : is.claim();
          return super.register(
              new RegisterRequest(is.instance(), is.liveness(), is.owner(), claim), listener);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Ownership.class,
      tests = {"r11_owner_aSupersededLeaseIsOver", "r11_owner_aNewcomerTakesOver"})
  static class LetsTheSupersededRenew extends Leasing {
    @Override
    CompletionStage<Void> renew(Lease right) {
      return right.renew().exceptionally(conflict -> null);
    }

    @Override
    LeaseListener listener(LeaseListener right) {
      return end -> {
        if (end != LeaseListener.LeaseEnd.SUPERSEDED) {
          right.ended(end);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.BadInput.class,
      tests = {"badInput_unicodeSurvives"})
  static class KeepsAsciiOnly extends Requesting {
    @Override
    RegisterRequest change(RegisterRequest is) {
      ServiceInstance.Builder ascii = is.instance().toBuilder();
      is.instance()
          .metadata()
          .forEach((key, value) -> ascii.metadata(key, value.replaceAll("[^ -~]", "?")));
      return with(is, ascii.build());
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"r10_errors_ofAStoreInTrouble", "w12_denied_isSaid"})
  static class CallsARefusalAnOutage extends BrokenContract {
    @Override
    public Faults faults() {
      Faults right = super.faults();
      return new Faults() {
        @Override
        public Set<Fault> offered() {
          return right.offered();
        }

        @Override
        public void begin(Fault fault, String service) {
          right.begin(fault == Fault.DENY ? Fault.CUT : fault, service);
        }

        @Override
        public void heal() {
          right.heal();
        }

        @Override
        public RegistryBackend beside(Timer timer) {
          return right.beside(timer);
        }
      };
    }
  }

  /** Changes what is asked for before the right backend sees it. */
  abstract static class Requesting extends BrokenContract {
    abstract RegisterRequest change(RegisterRequest is);

    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
          return super.register(change(request), listener);
        }
      };
    }

    static RegisterRequest with(RegisterRequest is, ServiceInstance instance) {
      return new RegisterRequest(instance, is.liveness(), is.owner(), is.claim());
    }
  }

  /** Changes what a lease does and tells. */
  abstract static class Leasing extends BrokenContract {
    abstract CompletionStage<Void> renew(Lease right);

    LeaseListener listener(LeaseListener right) {
      return right;
    }

    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public CompletionStage<Lease> register(RegisterRequest request, LeaseListener told) {
          return super.register(request, listener(told))
              .thenApply(lease -> renewing(lease, () -> renew(lease)));
        }
      };
    }
  }

  private static Lease immortal() {
    return new Lease() {
      @Override
      public Duration ttl() {
        return Duration.ofSeconds(2);
      }

      @Override
      public CompletionStage<Void> renew() {
        return CompletableFuture.completedFuture(null);
      }
    };
  }

  private static Lease renewing(Lease right, Supplier<CompletionStage<Void>> renew) {
    return new Lease() {
      @Override
      public Duration ttl() {
        return right.ttl();
      }

      @Override
      public CompletionStage<Void> renew() {
        return renew.get();
      }
    };
  }
}
