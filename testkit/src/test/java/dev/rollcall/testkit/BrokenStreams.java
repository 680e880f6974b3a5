package dev.rollcall.testkit;

import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.WatchSink;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Backends whose watches break a clause each. */
final class BrokenStreams {
  private BrokenStreams() {}

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w1_initialState_isComplete", "w11_everything_inOneStream"})
  static class MissesTheInitialState extends Streaming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new ForwardingSink(right) {
        @Override
        public void replace(Selector scope, List<ServiceInstance> instances, long revision) {}
      };
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w2_order_isSerialAndRising"})
  static class CallsTheSinkFromManyThreads extends Streaming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new ForwardingSink(right) {
        @Override
        public void apply(List<InstanceEvent> events, long revision) {
          Thread other = new Thread(() -> super.apply(events, revision));
          other.setDaemon(true);
          other.start();
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w2_order_isSerialAndRising", "w15_atomic_fieldsChangeAsOne"})
  static class Reorders extends Streaming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new ForwardingSink(right) {
        private List<InstanceEvent> kept = List.of();
        private long revisionOfKept;

        @Override
        public void apply(List<InstanceEvent> events, long revision) {
          if (kept.isEmpty()) {
            kept = events;
            revisionOfKept = revision;
          } else {
            super.apply(events, revision);
            super.apply(kept, revisionOfKept);
            kept = List.of();
          }
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w4_nothingLost_afterABurst"})
  static class DropsAChange extends Streaming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new ForwardingSink(right) {
        private int calls;

        @Override
        public void apply(List<InstanceEvent> events, long revision) {
          if (++calls % 31 != 0) {
            super.apply(events, revision);
          }
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w1_initialState_hasNoGap"})
  static class LeavesAGapAfterTheList extends Streaming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new ForwardingSink(right) {
        private boolean passed;

        @Override
        public void apply(List<InstanceEvent> events, long revision) {
          if (passed) {
            super.apply(events, revision);
          }
          passed = true;
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Watch.class,
      tests = {"w4_nothingLost_afterABurst"})
  static class LosesTheLastStateOfABurst extends Streaming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new ForwardingSink(right) {
        @Override
        public void apply(List<InstanceEvent> events, long revision) {
          if (!(events.get(0) instanceof InstanceEvent.Put put) || put.instance().weight() != 41) {
            super.apply(events, revision);
          }
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w5_nothingInvented_inTheStream", "w2_order_isSerialAndRising"})
  static class ListsInTwoSteps extends Streaming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      List<ServiceInstance> known = new ArrayList<>();
      return new ForwardingSink(right) {
        @Override
        public void apply(List<InstanceEvent> events, long revision) {
          known.removeIf(instance -> events.get(0).key().equals(instance.key()));
          if (events.get(0) instanceof InstanceEvent.Put put) {
            known.add(put.instance());
          }
          super.replace(selector, List.of(), 0);
          super.replace(selector, known, revision > 20 ? revision - 20 * (revision % 2) : revision);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w5_nothingInvented_byOthers"})
  static class ShowsOtherServices extends BrokenContract {
    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public Watch watch(Selector selector, WatchSink sink) {
          return super.watch(Selector.everything(), sink);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w1_initialState_isNotWaitedFor"})
  static class BlocksInWatch extends BrokenContract {
    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public Watch watch(Selector selector, WatchSink sink) {
          wait(new CountDownLatch(1));
          return super.watch(selector, sink);
        }

        private void wait(CountDownLatch never) {
          try {
            if (never.await(3, TimeUnit.SECONDS)) {
              throw new IllegalStateException("counted down");
            }
          } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
          }
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w9_close_endsTheStream", "w9_close_fromWithinTheSink"})
  static class DeliversAfterClose extends BrokenContract {
    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public Watch watch(Selector selector, WatchSink sink) {
          super.watch(selector, sink);
          return () -> {};
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w11_everything_inOneStream"})
  static class KnowsOnlyTheServicesOfTheBeginning extends Streaming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      List<String> known = new ArrayList<>();
      return new ForwardingSink(right) {
        @Override
        public void replace(Selector scope, List<ServiceInstance> instances, long revision) {
          instances.forEach(instance -> known.add(instance.service()));
          super.replace(scope, instances, revision);
        }

        @Override
        public void apply(List<InstanceEvent> events, long revision) {
          if (known.contains(events.get(0).key().service())) {
            super.apply(events, revision);
          }
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.Stream.class,
      tests = {"w14_massLoss_departuresAreTold"})
  static class TellsNoDeparture extends Streaming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new ForwardingSink(right) {
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
      group = RegistryContract.Stream.class,
      tests = {"w15_atomic_fieldsChangeAsOne"})
  static class ShowsHalfAnInstance extends Streaming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new ForwardingSink(right) {
        @Override
        public void apply(List<InstanceEvent> events, long revision) {
          if (events.get(0) instanceof InstanceEvent.Put put) {
            super.put(put.instance().toBuilder().metadata("number", "").build(), revision);
          }
          super.apply(events, revision);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w7_resume_deliversTheDifference"})
  static class NeverResumes extends Streaming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new ForwardingSink(right) {
        private boolean dead;

        @Override
        public void interrupted(RegistryException cause) {
          super.interrupted(cause);
          dead = true;
        }

        @Override
        public void replace(Selector scope, List<ServiceInstance> instances, long revision) {
          if (!dead) {
            super.replace(scope, instances, revision);
          }
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w6_outage_removesNothing"})
  static class RemovesWhatItCannotReach extends Streaming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new ForwardingSink(right) {
        private final List<InstanceEvent> gone = new ArrayList<>();

        @Override
        public void replace(Selector scope, List<ServiceInstance> instances, long revision) {
          gone.clear();
          super.replace(scope, instances, revision);
          instances.forEach(instance -> gone.add(left(instance)));
        }

        @Override
        public void interrupted(RegistryException cause) {
          if (!gone.isEmpty()) {
            super.apply(gone, 0);
          }
          super.interrupted(cause);
        }

        private InstanceEvent left(ServiceInstance instance) {
          return new InstanceEvent.Remove(instance.key(), InstanceEvent.Departure.DEREGISTERED);
        }
      };
    }
  }

  /** Puts a sink with a fault before each sink of a client. */
  abstract static class Streaming extends BrokenContract {
    abstract WatchSink sink(Selector selector, WatchSink right);

    @Override
    RegistryBackend broken(RegistryBackend right) {
      return new ForwardingBackend(right) {
        @Override
        public Watch watch(Selector selector, WatchSink watching) {
          return super.watch(selector, sink(selector, watching));
        }
      };
    }
  }

  /** Passes every call on. */
  static class ForwardingSink implements WatchSink {
    private final WatchSink to;

    ForwardingSink(WatchSink to) {
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
    public void put(ServiceInstance instance, long revision) {
      to.apply(List.of(new InstanceEvent.Put(instance)), revision);
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
}
