package dev.rollcall.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceListener;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import dev.rollcall.Subscription;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.KeyEvent;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueSink;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The test of the simulation: each fault shows, by its own words, in a few of many histories. */
class SimulationBrokenTest {
  private static final int SEEDS = 2000;

  /**
   * A fault, and what is said of it.
   *
   * @param ofKeys whether by views of keys, which not all histories have
   */
  record Broken(SimulatedTwist twist, String said, boolean ofKeys) {
    Broken(SimulatedTwist twist, String said) {
      this(twist, said, false);
    }
  }

  static Stream<Named<Broken>> faults() {
    return Stream.of(
        Named.of("the last change is lost", below(LosingLast::new, " ends with ")),
        Named.of("changes come twice and late", below(Replaying::new, "its revision falls")),
        Named.of("a change is made up", below(Inventing::new, "there was [")),
        Named.of("a first registration is not undone", below(NotUndoing::new, "nobody wants it")),
        Named.of("a superseded owner takes over again", below(Claiming::new, "takes over again")),
        Named.of("a lost lease is renewed", below(Renewing::new, "is active as ")),
        Named.of(
            "a stream is resumed where it cannot be",
            new Broken(
                new SimulatedTwist() {
                  @Override
                  public boolean resumesBlindly() {
                    return true;
                  }
                },
                " ends with ")),
        Named.of(
            "a lost stream is called live",
            new Broken(
                new SimulatedTwist() {
                  @Override
                  public boolean hidesOutages() {
                    return true;
                  }
                },
                "says that it is live")),
        Named.of(
            "what has left comes back late",
            new Broken(
                new SimulatedTwist() {
                  @Override
                  public boolean confirmsInDoubt() {
                    return true;
                  }
                },
                "was gone and is back")),
        Named.of("the last change of keys is lost", keys(LosingKeys::new, " ends with ")),
        Named.of("changes of keys come twice and late", keys(ReplayingKeys::new, "goes back")),
        Named.of(
            "a lost stream of keys is called live", keys(HidingKeys::new, "says that it is live")),
        Named.of("a closed subscription is called", above(Calling::new, "after it was closed")),
        Named.of("a call never ends", above(Forgetting::new, "never ends")));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void aFault_isFoundInAFewHistories(Broken broken) {
    assertThat(
            LongStream.range(broken.ofKeys ? -SEEDS : 0, broken.ofKeys ? 0 : SEEDS)
                .mapToObj(seed -> Simulation.run(seed, broken.twist))
                .flatMap(outcome -> outcome.violations().stream())
                .filter(violation -> violation.contains(broken.said))
                .findFirst())
        .isPresent();
  }

  private interface Below {
    RegistryBackend of(RegistryBackend right);
  }

  private interface Above {
    Registry of(Registry right);
  }

  private static Broken below(Below fault, String said) {
    return new Broken(
        new SimulatedTwist() {
          @Override
          public RegistryBackend below(RegistryBackend right) {
            return fault.of(right);
          }
        },
        said);
  }

  private static Broken keys(UnaryOperator<KeyValueBackend> fault, String said) {
    return new Broken(
        new SimulatedTwist() {
          @Override
          public KeyValueBackend keysBelow(KeyValueBackend right) {
            return fault.apply(right);
          }
        },
        said,
        true);
  }

  private static Broken above(Above fault, String said) {
    return new Broken(
        new SimulatedTwist() {
          @Override
          public Registry above(Registry right) {
            return fault.of(right);
          }
        },
        said);
  }

  /** A sink that passes everything on. */
  private static class PassingOn implements WatchSink {
    final WatchSink to;

    PassingOn(WatchSink to) {
      this.to = to;
    }

    @Override
    public void replace(Selector scope, List<ServiceInstance> instances, long revision) {
      to.replace(scope, instances, revision);
    }

    @Override
    public void apply(List<InstanceEvent> events, long revision) {
      to.apply(events, revision);
    }

    @Override
    public void synced() {
      to.synced();
    }

    @Override
    public void interrupted(RegistryException cause) {
      to.interrupted(cause);
    }
  }

  /** Drops each twentieth change. */
  private static final class LosingLast extends ForwardingBackend {
    private int changes;

    LosingLast(RegistryBackend to) {
      super(to);
    }

    @Override
    public RegistryBackend.Watch watch(Selector selector, WatchSink sink) {
      return super.watch(
          selector,
          new PassingOn(sink) {
            @Override
            public void apply(List<InstanceEvent> events, long revision) {
              if (++changes % 20 != 0) {
                super.apply(events, revision);
              }
            }
          });
    }
  }

  /** Brings the change before the last one once more, after the last one. */
  private static final class Replaying extends ForwardingBackend {
    Replaying(RegistryBackend to) {
      super(to);
    }

    @Override
    public RegistryBackend.Watch watch(Selector selector, WatchSink sink) {
      return super.watch(
          selector,
          new PassingOn(sink) {
            private Runnable again = () -> {};

            @Override
            public void apply(List<InstanceEvent> events, long revision) {
              super.apply(events, revision);
              again.run();
              again = () -> super.apply(events, revision);
            }
          });
    }
  }

  /** Brings an instance with other fields than the store has. */
  private static final class Inventing extends ForwardingBackend {
    private int changes;

    Inventing(RegistryBackend to) {
      super(to);
    }

    @Override
    public RegistryBackend.Watch watch(Selector selector, WatchSink sink) {
      return super.watch(
          selector,
          new PassingOn(sink) {
            @Override
            public void put(ServiceInstance instance, long revision) {
              super.put(
                  ++changes % 10 == 0 ? instance.toBuilder().weight(77).build() : instance,
                  revision);
            }
          });
    }
  }

  /** Confirms a departure of what it never heard of as registered, without asking the store. */
  private static final class NotUndoing extends ForwardingBackend {
    private final Set<String> heardOf = new HashSet<>();

    NotUndoing(RegistryBackend to) {
      super(to);
    }

    @Override
    public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
      return super.register(request, listener)
          .thenApply(
              lease -> {
                heardOf.add(request.owner().id());
                return lease;
              });
    }

    @Override
    public CompletionStage<Void> deregister(InstanceKey key, Owner owner) {
      return owner.equals(Owner.ANY) || heardOf.contains(owner.id())
          ? super.deregister(key, owner)
          : CompletableFuture.completedFuture(null);
    }
  }

  /** Takes over where it may only continue. */
  private static final class Claiming extends ForwardingBackend {
    Claiming(RegistryBackend to) {
      super(to);
    }

    @Override
    public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
      return super.register(
          new RegisterRequest(
              request.instance(), request.liveness(), request.owner(), Claim.TAKE_OVER),
          listener);
    }
  }

  /** Calls every lease renewed. */
  private static final class Renewing extends ForwardingBackend {
    Renewing(RegistryBackend to) {
      super(to);
    }

    @Override
    public CompletionStage<Lease> register(RegisterRequest request, LeaseListener listener) {
      return super.register(request, end -> {})
          .thenApply(
              lease ->
                  new Lease() {
                    @Override
                    public Duration ttl() {
                      return lease.ttl();
                    }

                    @Override
                    public CompletionStage<Void> renew() {
                      return CompletableFuture.completedFuture(null);
                    }
                  });
    }
  }

  /** A sink of keys that passes everything on. */
  private static class PassingKeysOn implements KeyValueSink {
    final KeyValueSink to;

    PassingKeysOn(KeyValueSink to) {
      this.to = to;
    }

    @Override
    public void replace(List<KeyValue> entries, long revision) {
      to.replace(entries, revision);
    }

    @Override
    public void apply(List<KeyEvent> events, long revision) {
      to.apply(events, revision);
    }

    @Override
    public void synced() {
      to.synced();
    }

    @Override
    public void interrupted(RegistryException cause) {
      to.interrupted(cause);
    }
  }

  /** Drops each fifth change of keys. */
  private static final class LosingKeys extends ForwardingKeyValueBackend {
    private int changes;

    LosingKeys(KeyValueBackend to) {
      super(to);
    }

    @Override
    public KeyValueBackend.Watch watch(Keys keys, KeyValueSink sink) {
      return super.watch(
          keys,
          new PassingKeysOn(sink) {
            @Override
            public void apply(List<KeyEvent> events, long revision) {
              if (++changes % 5 != 0) {
                super.apply(events, revision);
              }
            }
          });
    }
  }

  /** Brings the change of keys before the last one once more, after the last one. */
  private static final class ReplayingKeys extends ForwardingKeyValueBackend {
    ReplayingKeys(KeyValueBackend to) {
      super(to);
    }

    @Override
    public KeyValueBackend.Watch watch(Keys keys, KeyValueSink sink) {
      return super.watch(
          keys,
          new PassingKeysOn(sink) {
            private Runnable again = () -> {};

            @Override
            public void apply(List<KeyEvent> events, long revision) {
              super.apply(events, revision);
              again.run();
              again = () -> super.apply(events, revision);
            }
          });
    }
  }

  /** Says nothing of a lost stream of keys. */
  private static final class HidingKeys extends ForwardingKeyValueBackend {
    HidingKeys(KeyValueBackend to) {
      super(to);
    }

    @Override
    public KeyValueBackend.Watch watch(Keys keys, KeyValueSink sink) {
      return super.watch(
          keys,
          new PassingKeysOn(sink) {
            @Override
            public void interrupted(RegistryException cause) {}
          });
    }
  }

  /** Leaves the listener of a closed subscription where it is. */
  private static final class Calling extends ForwardingRegistry {
    private final Registry right;

    Calling(Registry right) {
      super(right);
      this.right = right;
    }

    @Override
    public ServiceView service(String name) {
      ServiceView view = right.service(name);
      return new View(view) {
        @Override
        public Subscription watch(ServiceListener listener) {
          Subscription unused = view.watch(listener);
          return () -> {};
        }
      };
    }
  }

  /** Forgets each tenth registration, and every snapshot that fails. */
  private static final class Forgetting extends ForwardingRegistry {
    private int calls;

    Forgetting(Registry right) {
      super(right);
    }

    @Override
    public CompletableFuture<Registration> register(ServiceInstance instance, Liveness liveness) {
      CompletableFuture<Registration> answer = super.register(instance, liveness);
      return ++calls % 10 == 0 ? new CompletableFuture<>() : answer;
    }

    @Override
    public CompletableFuture<Snapshot> snapshot(String name) {
      CompletableFuture<Snapshot> answer = new CompletableFuture<>();
      super.snapshot(name).thenAccept(answer::complete);
      return answer;
    }
  }
}
