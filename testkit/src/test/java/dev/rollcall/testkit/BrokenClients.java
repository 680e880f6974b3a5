package dev.rollcall.testkit;

import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Listing;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiPredicate;
import java.util.function.Supplier;

/** Backends that remove too much, list too little, claim too late, or close too much or nothing. */
final class BrokenClients {
  private BrokenClients() {}

  // ---- what is removed, and what is listed

  @Breaks(
      group = RegistryContract.Leaving.class,
      tests = {"r6_final_takesNobodyAlong"})
  static class DeregistersAllThatBeginAlike extends Removing {
    DeregistersAllThatBeginAlike() {
      super((is, key) -> is.service().equals(key.service()) && is.id().startsWith(key.id()));
    }
  }

  @Breaks(
      group = RegistryContract.Leaving.class,
      tests = {"r6_final_takesNobodyAlong"})
  static class DeregistersInServicesThatBeginAlike extends Removing {
    DeregistersInServicesThatBeginAlike() {
      super((is, key) -> is.service().startsWith(key.service()) && is.id().equals(key.id()));
    }
  }

  @Breaks(
      group = RegistryContract.Leaving.class,
      tests = {"r6_final_takesNobodyAlong"})
  static class DeregistersWhateverTheCase extends Removing {
    DeregistersWhateverTheCase() {
      super((is, key) -> is.service().equals(key.service()) && is.id().equalsIgnoreCase(key.id()));
    }
  }

  @Breaks(
      group = RegistryContract.Leaving.class,
      tests = {"r6_final_takesNobodyAlong"})
  static class DeregistersTheWholeService extends Removing {
    DeregistersTheWholeService() {
      super((is, key) -> is.service().equals(key.service()));
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w1_initialState_ofManyInstances"})
  static class CutsAListAtAHundred extends BrokenStreams.Streaming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new BrokenStreams.ForwardingSink(right) {
        @Override
        public void replace(Selector scope, List<ServiceInstance> instances, long revision) {
          super.replace(scope, instances.stream().limit(100).toList(), revision);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w1_initialState_ofManyInstances"})
  static class CutsTheListOfEverythingAtAHundred extends CutsAListAtAHundred {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return selector.equals(Selector.everything()) ? super.sink(selector, right) : right;
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w1_initialState_ofManyInstances"})
  static class CutsASnapshotAtAHundred extends BrokenContract {
    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public CompletionStage<Listing> snapshot(Selector selector) {
          return super.snapshot(selector)
              .thenApply(
                  all -> new Listing(all.instances().stream().limit(100).toList(), all.revision()));
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w4_nothingLost_ofAThousandChanges"})
  static class DropsEveryThousandthChange extends BrokenStreams.Streaming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new BrokenStreams.ForwardingSink(right) {
        private int calls;

        @Override
        public void apply(List<InstanceEvent> events, long revision) {
          if (++calls % 1000 != 0) {
            super.apply(events, revision);
          }
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w4_nothingLost_ofAThousandChanges"})
  static class DropsEveryThousandthChangeOfEverything extends DropsEveryThousandthChange {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return selector.equals(Selector.everything()) ? super.sink(selector, right) : right;
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w4_nothingLost_ofAThousandChanges"})
  static class DropsEveryThousandthRegistration extends BrokenContract {
    private int calls;

    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public CompletionStage<Lease> register(RegisterRequest is, LeaseListener listener) {
          synchronized (DropsEveryThousandthRegistration.this) {
            if (++calls % 1000 == 0) {
              return CompletableFuture.completedFuture(lease());
            }
          }
          return super.register(is, listener);
        }
      };
    }
  }

  // ---- who may write

  @Breaks(
      group = RegistryContract.Ownership.class,
      tests = {"r11_owner_oneOfManyClaimsWins"})
  static class LooksAndThenWritesExclusively extends BrokenContract {
    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public CompletionStage<Lease> register(RegisterRequest is, LeaseListener listener) {
          if (is.claim() != Claim.EXCLUSIVE) {
            return super.register(is, listener);
          }
          return super.snapshot(Selector.service(is.instance().service()))
              .thenCompose(
                  there ->
                      there.instances().stream()
                              .anyMatch(
                                  i ->
                                      i.key().equals(is.instance().key())
                                          && i.health() != Health.CRITICAL)
                          ? super.register(is, listener)
                          : late(() -> super.register(takingOver(is), listener)));
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Ownership.class,
      tests = {"r11_owner_whoGoesOnIsOvertakenForGood"})
  static class LooksAndThenGoesOn extends BrokenContract {
    private final Map<InstanceKey, String> owners = new ConcurrentHashMap<>();

    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public CompletionStage<Lease> register(RegisterRequest is, LeaseListener listener) {
          String owner = is.owner().id();
          InstanceKey key = is.instance().key();
          if (is.claim() != Claim.CONTINUE || !owner.equals(owners.get(key))) {
            return super.register(is, listener)
                .thenApply(
                    lease -> {
                      owners.put(key, owner);
                      return lease;
                    });
          }
          return late(() -> super.register(takingOver(is), listener));
        }

        @Override
        public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
          owners.remove(key);
          return super.deregister(key, owner);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Ownership.class,
      tests = {
        "r11_owner_aSupersededPermanentOneIsFenced",
        "r11_owner_aSupersededPermanentLeaseIsOver"
      })
  static class TellsNoEndOfAPermanentLease extends Permanent {
    @Override
    LeaseListener listener(LeaseListener right) {
      return end -> {};
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r4_restored_aPermanentOne"})
  static class TellsNoRemovalOfAPermanentLease extends Permanent {
    @Override
    LeaseListener listener(LeaseListener right) {
      return end -> {
        if (end != LeaseEnd.REMOVED) {
          right.ended(end);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r4_restored_aPermanentOne"})
  static class CallsARemovalOfAPermanentLeaseSuperseded extends Permanent {
    @Override
    LeaseListener listener(LeaseListener right) {
      return end -> right.ended(LeaseEnd.SUPERSEDED);
    }
  }

  @Breaks(
      group = RegistryContract.Ownership.class,
      tests = {"r11_owner_aSupersededPermanentLeaseIsOver"})
  static class TellsTheEndOfAPermanentLeaseTwice extends Permanent {
    @Override
    LeaseListener listener(LeaseListener right) {
      return end -> {
        right.ended(end);
        right.ended(end);
      };
    }
  }

  // ---- how long

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r5_expiry_byTheOwnersNewTtl"})
  static class IgnoresAnOwnersNewTtl extends Lasting {
    @Override
    Liveness liveness(Liveness first, Liveness now) {
      return first;
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r5_expiry_byTheOwnersNewTtl"})
  static class IgnoresAnOwnersLongerTtl extends Lasting {
    @Override
    Liveness liveness(Liveness first, Liveness now) {
      return ttl(now).compareTo(ttl(first)) > 0 ? first : now;
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r5_expiry_byTheOwnersNewTtl"})
  static class IgnoresAnOwnersShorterTtl extends Lasting {
    @Override
    Liveness liveness(Liveness first, Liveness now) {
      return ttl(now).compareTo(ttl(first)) < 0 ? first : now;
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r5_expiry_byTheOwnersNewTtl"})
  static class NeverMakesAHeartbeatPermanent extends Lasting {
    @Override
    Liveness liveness(Liveness first, Liveness now) {
      return now instanceof Liveness.Permanent ? first : now;
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r5_expiry_byTheOwnersNewTtl"})
  static class NeverEndsWhatWasPermanent extends Lasting {
    @Override
    Liveness liveness(Liveness first, Liveness now) {
      return first instanceof Liveness.Permanent ? first : now;
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r5_expiry_byTheOwnersNewTtl"})
  static class TellsTheOldTtl extends BrokenContract {
    private final Map<InstanceKey, Duration> first = new ConcurrentHashMap<>();

    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public CompletionStage<Lease> register(RegisterRequest is, LeaseListener listener) {
          return super.register(is, listener)
              .thenApply(
                  lease -> {
                    Duration old = first.putIfAbsent(is.instance().key(), lease.ttl());
                    return old == null ? lease : new Telling(lease, old);
                  });
        }
      };
    }

    private record Telling(Lease right, Duration ttl) implements Lease {
      @Override
      public CompletionStage<Void> renew() {
        return right.renew();
      }
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r5_expiry_neverOfAPermanentOne"})
  static class LosesAPermanentInstanceAfterAMinute extends BrokenBackends.Requesting {
    @Override
    RegisterRequest change(RegisterRequest is) {
      return is.liveness() instanceof Liveness.Permanent
          ? new RegisterRequest(
              is.instance(), Liveness.heartbeat(Duration.ofMinutes(1)), is.owner(), is.claim())
          : is;
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r5_expiry_neverOfAPermanentOne"})
  static class LosesAPermanentInstanceAfterAnHour extends BrokenBackends.Requesting {
    @Override
    RegisterRequest change(RegisterRequest is) {
      return is.liveness() instanceof Liveness.Permanent
          ? new RegisterRequest(
              is.instance(), Liveness.heartbeat(Duration.ofHours(1)), is.owner(), is.claim())
          : is;
    }
  }

  // ---- what is closed

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w9_close_leavesItsSiblings"})
  static class ClosingOneWatchClosesItsSiblings extends Watching {
    @Override
    void close(Selector selector, RegistryBackend.Watch right) {
      open.getOrDefault(selector, List.of()).forEach(RegistryBackend.Watch::close);
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w9_close_leavesItsSiblings"})
  static class ClosingAWatchClosesThatOfEverything extends Watching {
    @Override
    void close(Selector selector, RegistryBackend.Watch right) {
      right.close();
      open.getOrDefault(Selector.everything(), List.of()).forEach(RegistryBackend.Watch::close);
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w9_close_leavesItsSiblings"})
  static class ClosingAWatchClosesThoseOfOtherServices extends Watching {
    @Override
    void close(Selector selector, RegistryBackend.Watch right) {
      open.values().forEach(watches -> watches.forEach(RegistryBackend.Watch::close));
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w9_close_ofTheBackendEndsAllStreams"})
  static class LeavesItsWatchesOpenWhenClosed extends BrokenContract {
    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public void close() {}
      };
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w9_close_ofTheBackendEndsAllStreams"})
  static class SaysInterruptedWhenClosed extends Watching {
    @Override
    void close(Selector selector, RegistryBackend.Watch right) {
      right.close();
    }

    @Override
    void changedAfterClose() {
      sinks.forEach(sink -> sink.interrupted(RegistryException.unavailable("closed", null)));
    }
  }

  @Breaks(
      group = RegistryContract.Ownership.class,
      tests = {"r10_errors_afterClose"})
  static class NeverCompletesRegistrationsAfterClose extends Closing {
    NeverCompletesRegistrationsAfterClose() {
      super(Call.REGISTER);
    }
  }

  @Breaks(
      group = RegistryContract.Ownership.class,
      tests = {"r10_errors_afterClose"})
  static class NeverCompletesDeregistrationsAfterClose extends Closing {
    NeverCompletesDeregistrationsAfterClose() {
      super(Call.DEREGISTER);
    }
  }

  @Breaks(
      group = RegistryContract.Ownership.class,
      tests = {"r10_errors_afterClose"})
  static class NeverCompletesSnapshotsAfterClose extends Closing {
    NeverCompletesSnapshotsAfterClose() {
      super(Call.SNAPSHOT);
    }
  }

  @Breaks(
      group = RegistryContract.Ownership.class,
      tests = {"r10_errors_afterClose"})
  static class NeverCompletesRenewalsAfterClose extends Closing {
    NeverCompletesRenewalsAfterClose() {
      super(Call.RENEW);
    }
  }

  @Breaks(
      group = RegistryContract.Ownership.class,
      tests = {"r10_errors_afterClose"})
  static class WorksAfterClose extends BrokenContract {
    @Override
    RegistryBackend broken(RegistryBackend right) {
      RegistryBackend beside = new ReferenceBackend(reference, new ManualTimer());
      return new ForwardingBackend(right) {
        private volatile boolean closed;

        @Override
        public CompletionStage<Lease> register(RegisterRequest is, LeaseListener listener) {
          return closed ? beside.register(is, listener) : super.register(is, listener);
        }

        @Override
        public void close() {
          closed = true;
          super.close();
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Ownership.class,
      tests = {"r10_errors_underWayWhenClosed"})
  static class ForgetsWhatIsUnderWayWhenClosed extends BrokenContract {
    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        private volatile boolean closed;

        @Override
        public CompletionStage<Listing> snapshot(Selector selector) {
          CompletableFuture<Listing> answer = new CompletableFuture<>();
          Executor later = CompletableFuture.delayedExecutor(5, TimeUnit.MILLISECONDS);
          CompletionStage<Listing> unused =
              super.snapshot(selector)
                  .whenCompleteAsync(
                      (listing, failure) -> {
                        if (!closed && failure == null) {
                          answer.complete(listing);
                        } else if (!closed) {
                          answer.completeExceptionally(failure);
                        }
                      },
                      later);
          return answer;
        }

        @Override
        public void close() {
          closed = true;
          super.close();
        }
      };
    }
  }

  // ---- what the variants share

  private static RegisterRequest takingOver(RegisterRequest is) {
    return new RegisterRequest(is.instance(), is.liveness(), is.owner(), Claim.TAKE_OVER);
  }

  /** What has looked writes a little later. */
  private static <T> T late(Supplier<T> write) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
    return write.get();
  }

  private static Lease lease() {
    return new Lease() {
      @Override
      public Duration ttl() {
        return Duration.ZERO;
      }

      @Override
      public CompletionStage<Void> renew() {
        return CompletableFuture.completedFuture(null);
      }
    };
  }

  /** Removes more than it is asked to. */
  abstract static class Removing extends BrokenContract {
    private final BiPredicate<InstanceKey, InstanceKey> alike;

    Removing(BiPredicate<InstanceKey, InstanceKey> alike) {
      this.alike = alike;
    }

    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
          return super.snapshot(Selector.everything())
              .thenCompose(
                  all -> {
                    all.instances().stream()
                        .map(ServiceInstance::key)
                        .filter(is -> alike.test(is, key) && !is.equals(key))
                        .forEach(is -> super.deregister(is, Owner.ANY));
                    return super.deregister(key, owner);
                  });
        }
      };
    }
  }

  /** Changes what the listener of a permanent registration is told. */
  abstract static class Permanent extends BrokenContract {
    abstract LeaseListener listener(LeaseListener right);

    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public CompletionStage<Lease> register(RegisterRequest is, LeaseListener told) {
          return super.register(
              is, is.liveness() instanceof Liveness.Permanent ? listener(told) : told);
        }
      };
    }
  }

  /** Mistakes the liveness with which an owner registers again. */
  abstract static class Lasting extends BrokenContract {
    private final Map<String, Liveness> firsts = new ConcurrentHashMap<>();

    abstract Liveness liveness(Liveness first, Liveness now);

    static Duration ttl(Liveness of) {
      return of instanceof Liveness.Heartbeat beat ? beat.ttl() : Duration.ZERO;
    }

    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public CompletionStage<Lease> register(RegisterRequest is, LeaseListener listener) {
          Liveness first = firsts.putIfAbsent(is.owner().id(), is.liveness());
          Liveness used = first == null ? is.liveness() : liveness(first, is.liveness());
          return super.register(
              new RegisterRequest(is.instance(), used, is.owner(), is.claim()), listener);
        }
      };
    }
  }

  /** Knows the watches of a client. */
  abstract static class Watching extends BrokenContract {
    final Map<Selector, List<RegistryBackend.Watch>> open = new ConcurrentHashMap<>();
    final List<WatchSink> sinks = new CopyOnWriteArrayList<>();

    private volatile boolean oneIsClosed;

    abstract void close(Selector selector, RegistryBackend.Watch right);

    /** Called with each change after a client was closed. */
    void changedAfterClose() {}

    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public Watch watch(Selector selector, WatchSink sink) {
          Watch watch = super.watch(selector, sink);
          sinks.add(sink);
          open.computeIfAbsent(selector, none -> new CopyOnWriteArrayList<>()).add(watch);
          return () -> Watching.this.close(selector, watch);
        }

        @Override
        public CompletionStage<Lease> register(RegisterRequest is, LeaseListener listener) {
          if (oneIsClosed) {
            changedAfterClose();
          }
          return super.register(is, listener);
        }

        @Override
        public void close() {
          super.close();
          oneIsClosed = true;
        }
      };
    }
  }

  /** Leaves one kind of call unanswered once the client is closed. */
  abstract static class Closing extends BrokenContract {
    /** What a client is asked for. */
    enum Call {
      REGISTER,
      DEREGISTER,
      SNAPSHOT,
      RENEW
    }

    private final Call forgotten;

    Closing(Call forgotten) {
      this.forgotten = forgotten;
    }

    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        private volatile boolean closed;

        private <T> CompletionStage<T> answer(Call call, CompletionStage<T> right) {
          return closed && call == forgotten ? new CompletableFuture<>() : right;
        }

        @Override
        public CompletionStage<Lease> register(RegisterRequest is, LeaseListener listener) {
          return answer(Call.REGISTER, super.register(is, listener))
              .thenApply(lease -> new ClosingLease(lease));
        }

        @Override
        public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
          return answer(Call.DEREGISTER, super.deregister(key, owner));
        }

        @Override
        public CompletionStage<Listing> snapshot(Selector selector) {
          return answer(Call.SNAPSHOT, super.snapshot(selector));
        }

        @Override
        public void close() {
          closed = true;
          super.close();
        }

        final class ClosingLease implements Lease {
          private final Lease lease;

          ClosingLease(Lease lease) {
            this.lease = lease;
          }

          @Override
          public Duration ttl() {
            return lease.ttl();
          }

          @Override
          public CompletionStage<Void> renew() {
            return answer(Call.RENEW, lease.renew());
          }
        }
      };
    }
  }
}
