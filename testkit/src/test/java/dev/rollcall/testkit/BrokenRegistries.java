package dev.rollcall.testkit;

import dev.rollcall.Catalog;
import dev.rollcall.CatalogChange;
import dev.rollcall.CatalogListener;
import dev.rollcall.Change;
import dev.rollcall.Freshness;
import dev.rollcall.Liveness;
import dev.rollcall.Pick;
import dev.rollcall.Registry;
import dev.rollcall.RegistryBuilder;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceListener;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import dev.rollcall.Subscription;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Registries that break a clause each: faults that no backend could cause. */
final class BrokenRegistries {
  private BrokenRegistries() {}

  @Breaks(
      group = RegistryContract.Leaving.class,
      tests = {
        "r8_closing_deregistersAllInParallel",
        "r8_closing_isIdempotentAndSafeFromAnyThread",
        "r8_closing_leavesNoThread"
      })
  static class LeavesEverythingBehindWhenClosed extends BrokenContract {
    @Override
    Registry above(Registry right) {
      return new ForwardingRegistry(right) {
        @Override
        public void close() {}
      };
    }
  }

  @Breaks(
      group = RegistryContract.Ownership.class,
      tests = {"r10_errors_whatFollowsOnAFutureDelaysNobody"})
  static class CompletesAllFuturesOnOneThread extends BrokenContract {
    @Override
    Registry above(Registry right) {
      ExecutorService one = Executors.newSingleThreadExecutor();
      return new ForwardingRegistry(right) {
        @Override
        public CompletableFuture<dev.rollcall.Registration> register(
            ServiceInstance instance, Liveness liveness) {
          return super.register(instance, liveness).whenCompleteAsync((done, failed) -> {}, one);
        }

        @Override
        public void close() {
          super.close();
          one.shutdownNow();
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r1_visible_healthIsTheWorstOfSeveralChecks"})
  static class RunsTheFirstCheckOnly extends Checking {
    @Override
    Liveness instead(Liveness right) {
      return right.checks().get(0);
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r1_visible_healthIsTheWorstOfSeveralChecks"})
  static class RunsTheLastCheckOnly extends Checking {
    @Override
    Liveness instead(Liveness right) {
      return right.checks().get(right.checks().size() - 1);
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r1_visible_anHttpCheckAsksAsItIsTold"})
  static class ChecksByGet extends Checking {
    @Override
    Liveness instead(Liveness right) {
      return ((Liveness.HttpCheck) right).method("GET");
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r1_visible_anHttpCheckAsksAsItIsTold"})
  static class ChecksWithoutABody extends Checking {
    @Override
    Liveness instead(Liveness right) {
      return ((Liveness.HttpCheck) right).body("");
    }
  }

  @Breaks(
      group = RegistryContract.Registration.class,
      tests = {"r1_visible_anHttpCheckAsksAsItIsTold"})
  static class ChecksWithOneValueOfAHeader extends Checking {
    @Override
    Liveness instead(Liveness right) {
      Liveness.HttpCheck check = (Liveness.HttpCheck) right;
      Map<String, List<String>> firsts = new HashMap<>(check.headers());
      firsts.replaceAll((name, values) -> values.subList(0, 1));
      return new Liveness.HttpCheck(
          check.uri(),
          check.method(),
          firsts,
          check.body(),
          check.tls(),
          check.interval(),
          check.timeout(),
          check.deregisterAfter());
    }
  }

  /** Runs other checks than it was told to. */
  abstract static class Checking extends BrokenContract {
    abstract Liveness instead(Liveness right);

    @Override
    Registry above(Registry right) {
      return new ForwardingRegistry(right) {
        @Override
        public CompletableFuture<dev.rollcall.Registration> register(
            ServiceInstance instance, Liveness liveness) {
          return super.register(instance, instead(liveness));
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Lookup.class,
      tests = {"l6_retriesAvoidWhatWasTried"})
  static class RetriesWhomItHasTried extends BrokenContract {
    @Override
    Registry above(Registry right) {
      return new ForwardingRegistry(right) {
        @Override
        public ServiceView service(String name) {
          return new View(super.service(name)) {
            @Override
            public Pick acquire(Collection<ServiceInstance> tried) {
              return acquire();
            }
          };
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Watch.class,
      tests = {"w3_exactDiff_throughARandomHistory"})
  static class SkipsAChange extends Viewing {
    @Override
    ServiceListener listener(ServiceListener right) {
      return new Listening(right) {
        private int calls;

        @Override
        public void changed(Change change) {
          if (++calls % 2 != 0) {
            super.changed(change);
          }
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Watch.class,
      tests = {
        "w5_nothingInvented_equalStatesAreNotDelivered",
        "w3_exactDiff_throughARandomHistory"
      })
  static class DeliversTwice extends Viewing {
    @Override
    ServiceListener listener(ServiceListener right) {
      return new Listening(right) {
        @Override
        public void changed(Change change) {
          super.changed(change);
          super.changed(change);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Outages.class,
      tests = {"w6_outage_removesNothing"})
  static class ClearsOnAnInterruption extends Below {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new BrokenStreams.ForwardingSink(right) {
        @Override
        public void interrupted(RegistryException cause) {
          super.replace(selector, List.of(), 0);
          super.interrupted(cause);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Outages.class,
      tests = {
        "w6_outage_removesNothing",
        "w12_denied_isSaid",
        "w13_honest_aboutItsFreshness",
        "w17_warmStart_showsTheLastStateUntilTheStoreAnswers"
      })
  static class SaysNothingOfInterruptions extends Below {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new BrokenStreams.ForwardingSink(right) {
        @Override
        public void interrupted(RegistryException cause) {}
      };
    }
  }

  @Breaks(
      group = RegistryContract.Outages.class,
      tests = {"w7_resume_deliversTheDifference", "w7_resume_afterManyBreaks"})
  static class PutsTheResumedStateOnTopOfTheOld extends Below {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new BrokenStreams.ForwardingSink(right) {
        private boolean filled;

        @Override
        public void replace(Selector scope, List<ServiceInstance> instances, long revision) {
          if (!filled) {
            super.replace(scope, instances, revision);
            filled = !instances.isEmpty();
          } else {
            instances.forEach(instance -> super.put(instance, revision));
          }
        }

        @Override
        public void synced() {
          if (!filled) {
            super.synced();
          }
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Outages.class,
      tests = {"w12_denied_isSaid"})
  static class CallsADenialAnOutage extends Below {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new BrokenStreams.ForwardingSink(right) {
        @Override
        public void interrupted(RegistryException cause) {
          super.interrupted(RegistryException.unavailable("out of order", cause));
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Listeners.class,
      tests = {"w8_isolation_ofBlockingListeners"})
  static class CallsAllListenersUnderOneLock extends Viewing {
    @Override
    ServiceListener listener(ServiceListener right) {
      return new Listening(right) {
        @Override
        public void changed(Change change) {
          synchronized (CallsAllListenersUnderOneLock.this) {
            super.changed(change);
          }
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Listeners.class,
      tests = {"w8_isolation_ofThrowingListeners"})
  static class DropsAListenerThatThrows extends Viewing {
    @Override
    ServiceListener listener(ServiceListener right) {
      return new Listening(right) {
        private boolean dropped;

        @Override
        public void changed(Change change) {
          if (!dropped) {
            dropped = true;
            super.changed(change);
            dropped = false;
          }
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Listeners.class,
      tests = {"w9_close_isFinal", "w9_close_fromTheOwnCallback", "w9_close_freesTheUpstreamWatch"})
  static class GoesOnAfterClose extends Viewing {
    @Override
    Subscription subscription(Subscription right) {
      return () -> {};
    }
  }

  @Breaks(
      group = RegistryContract.Listeners.class,
      tests = {"w9_close_waitsForTheRunningCallback"})
  static class ClosesWithoutWaiting extends Viewing {
    @Override
    Subscription subscription(Subscription right) {
      return () -> {
        Thread closing = new Thread(right::close);
        closing.setDaemon(true);
        closing.start();
      };
    }
  }

  @Breaks(
      group = RegistryContract.Listeners.class,
      tests = {"w10_shared_byAThousandListeners"})
  static class OpensAWatchForEachView extends BrokenContract {
    private @Nullable RegistryBackend backend;

    @Override
    RegistryBackend below(RegistryBackend right) {
      backend = right;
      return right;
    }

    @Override
    Registry above(Registry right) {
      RegistryBackend used = backend;
      return new ForwardingRegistry(right) {
        @Override
        public ServiceView service(String name) {
          used.watch(Selector.service(name), new RecordingSink(Selector.service(name)));
          return super.service(name);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.MassLoss.class,
      tests = {"w14_massLoss_isDoubtedForABoundedTime", "w14_massLoss_endsWhenTheyComeBack"})
  static class BelievesEveryLoss extends BrokenContract {
    @Override
    protected Registry registry(RegistryBackend backend, UnaryOperator<RegistryBuilder> settings) {
      return super.registry(
          backend, builder -> settings.apply(builder).massLossProtection(1, Duration.ofMinutes(1)));
    }
  }

  @Breaks(
      group = RegistryContract.MassLoss.class,
      tests = {"w14_massLoss_cleanDeparturesAreBelieved"})
  static class DoubtsCleanDepartures extends Below {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new BrokenStreams.ForwardingSink(right) {
        @Override
        public void apply(List<InstanceEvent> events, long revision) {
          InstanceEvent event = events.get(0);
          super.apply(
              event instanceof InstanceEvent.Remove
                  ? List.of(new InstanceEvent.Remove(event.key(), InstanceEvent.Departure.UNKNOWN))
                  : events,
              revision);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Watch.class,
      tests = {"w15_atomic_oneApplyIsOneState"})
  static class TakesAnApplyApart extends Below {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new BrokenStreams.ForwardingSink(right) {
        @Override
        public void apply(List<InstanceEvent> events, long revision) {
          events.forEach(event -> super.apply(List.of(event), revision));
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Watch.class,
      tests = {"w11_everything_noChangeIsLeftOut"})
  static class KeepsTheLaterOfTwoChangesOfAService extends BrokenContract {
    @Override
    Registry above(Registry right) {
      return new ForwardingRegistry(right) {
        @Override
        public Catalog catalog() {
          return new Everything(super.catalog()) {
            @Override
            public Subscription watch(CatalogListener listener) {
              Map<String, Change> gathered = new HashMap<>(); // the running worker's alone
              AtomicInteger calls = new AtomicInteger();
              return super.watch(
                  change -> {
                    gathered.putAll(change.changes());
                    if (calls.incrementAndGet() % 3 != 0) {
                      listener.changed(new CatalogChange(gathered));
                      gathered.clear();
                    }
                  });
            }
          };
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Lookup.class,
      tests = {"l1_lookups_allocateNothing"})
  static class CopiesEachList extends Viewing {
    @Override
    List<ServiceInstance> instances(ServiceView right) {
      return new ArrayList<>(right.instances());
    }
  }

  @Breaks(
      group = RegistryContract.Lookup.class,
      tests = {"l1_lookups_neverBlock"})
  static class LocksEachLookup extends Viewing {
    @Override
    synchronized List<ServiceInstance> instances(ServiceView right) {
      return right.instances();
    }
  }

  @Breaks(
      group = RegistryContract.Lookup.class,
      tests = {"l1_lookups_neverBlock"})
  static class QueuesItsReaders extends Viewing {
    private final Lock lock = new ReentrantLock();

    @Override
    Snapshot snapshot(ServiceView right) {
      lock.lock();
      try {
        return right.snapshot();
      } finally {
        lock.unlock();
      }
    }
  }

  @Breaks(
      group = RegistryContract.Lookup.class,
      tests = {"l1_lookups_workWhileTheStoreIsDown"})
  static class FailsWhileTheStoreIsDown extends Viewing {
    @Override
    List<ServiceInstance> instances(ServiceView right) {
      if (right.snapshot().freshness() instanceof Freshness.Stale stale) {
        throw stale.cause();
      }
      return right.instances();
    }
  }

  @Breaks(
      group = RegistryContract.Lookup.class,
      tests = {"l2_onlyPassing"})
  static class ReturnsWhoIsNotPassing extends Viewing {
    @Override
    List<ServiceInstance> instances(ServiceView right) {
      return right.snapshot().all();
    }
  }

  @Breaks(
      group = RegistryContract.Lookup.class,
      tests = {"l3_listsNeverChange"})
  static class ReturnsOneListForEver extends Viewing {
    private final List<ServiceInstance> shared = new ArrayList<>();

    @Override
    List<ServiceInstance> instances(ServiceView right) {
      shared.clear();
      shared.addAll(right.instances());
      return shared;
    }
  }

  @Breaks(
      group = RegistryContract.Lookup.class,
      tests = {"l4_readersSeeWholeStatesInOrder"})
  static class GoesBackInTime extends Viewing {
    private final AtomicReference<@Nullable Snapshot> kept = new AtomicReference<>();
    private final AtomicInteger calls = new AtomicInteger();

    @Override
    Snapshot snapshot(ServiceView right) {
      Snapshot now = right.snapshot();
      if (calls.incrementAndGet() % 64 != 0) {
        return now;
      }
      Snapshot old = kept.getAndSet(now);
      return old == null ? now : old;
    }
  }

  @Breaks(
      group = RegistryContract.Lookup.class,
      tests = {"l5_theFirstLookupCanBeAwaited", "l5_awaitingSaysWhy"})
  static class AwaitsNothing extends BrokenContract {
    @Override
    Registry above(Registry right) {
      return new ForwardingRegistry(right) {
        @Override
        public ServiceView service(String name) {
          return new View(super.service(name)) {
            @Override
            public Snapshot await(Duration timeout) {
              return snapshot();
            }
          };
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.BadInput.class,
      tests = {"badInput_isRefusedAtTheDoor"})
  static class AsksTheStoreFirst extends BrokenContract {
    @Override
    Registry above(Registry right) {
      return new ForwardingRegistry(right) {
        @Override
        public ServiceView service(String name) {
          return super.service("any");
        }

        @Override
        public CompletableFuture<Snapshot> snapshot(String name) {
          return super.snapshot("any");
        }
      };
    }
  }

  /** Stands between the backend of a test and the engine. */
  abstract static class Below extends BrokenContract {
    abstract WatchSink sink(Selector selector, WatchSink right);

    @Override
    RegistryBackend below(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public Watch watch(Selector selector, WatchSink watching) {
          return super.watch(selector, sink(selector, watching));
        }
      };
    }
  }

  /** Gives the test views with a fault. */
  abstract static class Viewing extends BrokenContract {
    ServiceListener listener(ServiceListener right) {
      return right;
    }

    Subscription subscription(Subscription right) {
      return right;
    }

    List<ServiceInstance> instances(ServiceView right) {
      return right.instances();
    }

    Snapshot snapshot(ServiceView right) {
      return right.snapshot();
    }

    @Override
    Registry above(Registry right) {
      return new ForwardingRegistry(right) {
        @Override
        public ServiceView service(String name) {
          ServiceView view = super.service(name);
          return new View(view) {
            @Override
            public List<ServiceInstance> instances() {
              return Viewing.this.instances(view);
            }

            @Override
            public Snapshot snapshot() {
              return Viewing.this.snapshot(view);
            }

            @Override
            public Subscription watch(ServiceListener listener) {
              return subscription(view.watch(listener(listener)));
            }
          };
        }
      };
    }
  }

  /** Passes every call on. */
  static class Listening implements ServiceListener {
    private final ServiceListener to;

    Listening(ServiceListener to) {
      this.to = to;
    }

    @Override
    public void changed(Change change) {
      to.changed(change);
    }

    @Override
    public void freshnessChanged(Freshness now) {
      to.freshnessChanged(now);
    }
  }
}
