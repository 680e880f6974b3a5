package dev.rollcall.testkit;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.InstanceEvent.Departure;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.WatchSink;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;

/** Backends whose watches break a clause each while the store is away, or when it is back. */
final class BrokenOutages {
  private BrokenOutages() {}

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w6_outage_removesNothing"})
  static class ShowsAnOutageAsEmpty extends Resuming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new Resumed(selector, right) {
        @Override
        public void interrupted(RegistryException cause) {
          to.replace(selector, List.of(), 0);
          super.interrupted(cause);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w6_outage_removesNothing"})
  static class ShowsAnOutageAsEmptyInTheWatchOfEverything extends ShowsAnOutageAsEmpty {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return selector.equals(Selector.everything()) ? super.sink(selector, right) : right;
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w6_outage_removesNothing"})
  static class ShowsAnEmptyStateOnceInterrupted extends Resuming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new Resumed(selector, right) {
        @Override
        public void interrupted(RegistryException cause) {
          super.interrupted(cause);
          to.replace(selector, List.of(), 0);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w6_outage_removesNothing"})
  static class ShowsAnOutageAsExpiry extends Resuming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new Resumed(selector, right) {
        @Override
        public void interrupted(RegistryException cause) {
          known.keySet().forEach(key -> to.remove(key, Departure.EXPIRED, 0));
          super.interrupted(cause);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w6_outage_removesNothing"})
  static class ResumesThroughAnEmptyState extends Resuming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new Resumed(selector, right) {
        @Override
        void resume(Selector scope, List<ServiceInstance> instances, long revision) {
          to.replace(scope, List.of(), revision);
          to.replace(scope, instances, revision);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w6_outage_removesNothing"})
  static class BelievesAnEmptyAnswer extends Resuming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new Resumed(selector, right) {
        @Override
        void resume(Selector scope, List<ServiceInstance> instances, long revision) {
          to.replace(scope, List.of(), revision);
          to.synced();
          to.replace(scope, instances, revision);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w7_resume_deliversTheDifference"})
  static class NeverResumesTheWatchOfEverything extends BrokenStreams.NeverResumes {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return selector.equals(Selector.everything()) ? super.sink(selector, right) : right;
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w7_resume_deliversTheDifference"})
  static class KeepsVanishedServicesAfterAnOutage extends Resuming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new Resumed(selector, right) {
        @Override
        void resume(Selector scope, List<ServiceInstance> instances, long revision) {
          if (!scope.equals(Selector.everything())) {
            super.resume(scope, instances, revision);
            return;
          }
          Set<String> services = new TreeSet<>();
          instances.forEach(instance -> services.add(instance.service()));
          for (String service : services) {
            Selector one = Selector.service(service);
            List<ServiceInstance> of =
                instances.stream().filter(i -> one.selects(i.service())).toList();
            to.replace(one, of, revision);
          }
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w7_resume_deliversTheDifference"})
  static class ForgetsNewServicesAfterAnOutage extends Resuming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new Resumed(selector, right) {
        @Override
        void resume(Selector scope, List<ServiceInstance> instances, long revision) {
          Set<String> services = new TreeSet<>();
          known.keySet().forEach(key -> services.add(key.service()));
          to.replace(
              scope,
              instances.stream().filter(i -> services.contains(i.service())).toList(),
              revision);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w7_resume_deliversTheDifference"})
  static class KeepsGoneInstancesAfterAnOutage extends Resuming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new Resumed(selector, right) {
        @Override
        void resume(Selector scope, List<ServiceInstance> instances, long revision) {
          instances.forEach(instance -> to.put(instance, revision));
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w7_resume_deliversTheDifference"})
  static class SaysSyncedBeforeTheReList extends Resuming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new Resumed(selector, right) {
        @Override
        void resume(Selector scope, List<ServiceInstance> instances, long revision) {
          to.synced();
          super.resume(scope, instances, revision);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w7_resume_deliversTheDifference"})
  static class ShowsAnOldStateAsLiveOnResumption extends Resuming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new Resumed(selector, right) {
        @Override
        void resume(Selector scope, List<ServiceInstance> instances, long revision) {
          to.replace(scope, List.copyOf(known.values()), 0);
          to.synced();
          super.resume(scope, instances, revision);
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w7_resume_deliversTheDifference"})
  static class SaysSyncedOnce extends BrokenStreams.Streaming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new BrokenStreams.ForwardingSink(right) {
        private boolean said;

        @Override
        public void synced() {
          if (!said) {
            said = true;
            super.synced();
          }
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w7_resume_deliversTheDifference"})
  static class ShowsNoChangeAfterAResumption extends Resuming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new Resumed(selector, right) {
        private boolean broken;

        @Override
        public void interrupted(RegistryException cause) {
          broken = true;
          super.interrupted(cause);
        }

        @Override
        public void apply(List<InstanceEvent> events, long revision) {
          if (!broken) {
            super.apply(events, revision);
          }
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w7_resume_afterLosingAllData"})
  static class TakesNoEmptyStateForTrue extends Resuming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new Resumed(selector, right) {
        @Override
        void resume(Selector scope, List<ServiceInstance> instances, long revision) {
          if (!instances.isEmpty()) {
            super.resume(scope, instances, revision);
          }
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w6_outage_removesNothing", "w7_resume_deliversTheDifference"})
  static class NeverSaysInterrupted extends BrokenStreams.Streaming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new BrokenStreams.ForwardingSink(right) {
        @Override
        public void interrupted(RegistryException cause) {}
      };
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w12_denied_isSaid"})
  static class CallsARefusedWatchUnavailable extends BrokenStreams.Streaming {
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
      group = RegistryContract.StoreFaults.class,
      tests = {"w2_order_interruptedInItsPlace"})
  static class SaysInterruptedFromAnotherThread extends BrokenStreams.Streaming {
    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      return new BrokenStreams.ForwardingSink(right) {
        @Override
        public void interrupted(RegistryException cause) {
          Thread other = new Thread(() -> super.interrupted(cause));
          other.setDaemon(true);
          other.start();
        }
      };
    }
  }

  @Breaks(
      group = RegistryContract.StoreFaults.class,
      tests = {"w2_order_interruptedInItsPlace"})
  static class SaysInterruptedInTheMiddleOfACall extends BrokenStreams.Streaming {
    private final List<WatchSink> sinks = new CopyOnWriteArrayList<>();

    @Override
    WatchSink sink(Selector selector, WatchSink right) {
      sinks.add(right);
      return right;
    }

    @Override
    protected Faults faults() {
      Faults right = super.faults();
      return new Faults() {
        @Override
        public Set<Fault> offered() {
          return right.offered();
        }

        @Override
        public void begin(Fault fault, String service) {
          sinks.forEach(sink -> sink.interrupted(RegistryException.unavailable("gone", null)));
          right.begin(fault, service);
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

  /** Breaks the way back from an interruption. */
  abstract static class Resuming extends BrokenStreams.Streaming {
    /** Knows what it has shown, and whether the next list is the first after an interruption. */
    static class Resumed extends BrokenStreams.ForwardingSink {
      final WatchSink to;
      final Map<InstanceKey, ServiceInstance> known = new TreeMap<>();
      private boolean resuming;

      Resumed(Selector selector, WatchSink to) {
        super(to);
        this.to = to;
      }

      void resume(Selector scope, List<ServiceInstance> instances, long revision) {
        to.replace(scope, instances, revision);
      }

      @Override
      public void replace(Selector scope, List<ServiceInstance> instances, long revision) {
        if (resuming) {
          resuming = false;
          resume(scope, instances, revision);
        } else {
          to.replace(scope, instances, revision);
        }
        known.keySet().removeIf(key -> scope.selects(key.service()));
        instances.forEach(instance -> known.put(instance.key(), instance));
      }

      @Override
      public void apply(List<InstanceEvent> events, long revision) {
        for (InstanceEvent event : events) {
          if (event instanceof InstanceEvent.Put put) {
            known.put(put.key(), put.instance());
          } else {
            known.remove(event.key());
          }
        }
        to.apply(events, revision);
      }

      @Override
      public void interrupted(RegistryException cause) {
        resuming = true;
        to.interrupted(cause);
      }
    }
  }
}
