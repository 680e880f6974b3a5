package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Change;
import dev.rollcall.RegistryException;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceListener;
import dev.rollcall.Snapshot;
import dev.rollcall.spi.InstanceEvent;
import dev.rollcall.spi.InstanceEvent.Departure;
import dev.rollcall.spi.Selector;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.SystemTimer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

/** Random events, and listeners of different speed on real threads: each hears an exact stream. */
class WatchedServiceModelTest {
  private static final long SEED = new Random().nextLong();
  private static final int EVENTS = 2000;

  /** Checks each change against the one before; a slow one waits for its turn. */
  private static final class Strict implements ServiceListener {
    private final String name;
    private final Semaphore turns;
    private final List<String> faults = new ArrayList<>();
    private Snapshot last;
    private int calls;

    Strict(String name, int turns) {
      this.name = name;
      this.turns = new Semaphore(turns);
    }

    @Override
    public void changed(Change change) {
      turns.acquireUninterruptibly();
      synchronized (this) {
        calls++;
        if (last == null) {
          expect(change.before().version() == 0, "first before is not the empty state", change);
        } else {
          expect(isSame(change.before(), last), "before is not what was given last", change);
          expect(change.now().version() > last.version(), "the version did not grow", change);
          expect(!change.all().isEmpty(), "nothing has changed", change);
        }
        expect(
            change.all().equals(ChangeTest.naive(change.before().all(), change.now().all())),
            "the difference is not exact",
            change);
        expect(
            new Change.Diff(change.added(), change.updated(), change.removed())
                .equals(ChangeTest.naive(change.before().instances(), change.now().instances())),
            "the passing difference is not exact",
            change);
        last = change.now();
      }
      if (calls % 7 == 0) {
        throw new IllegalStateException("a listener that throws now and then");
      }
    }

    @SuppressWarnings("ReferenceEquality")
    private static boolean isSame(Snapshot one, Snapshot other) {
      return one == other;
    }

    private void expect(boolean holds, String fault, Change change) {
      if (!holds) {
        faults.add(name + ": " + fault + ": " + change);
      }
    }

    synchronized List<String> faults() {
      return List.copyOf(faults);
    }

    synchronized List<ServiceInstance> given() {
      return last == null ? List.of() : last.all();
    }
  }

  @RepeatedTest(5)
  void listeners_underRandomEvents_hearAnExactStreamToTheEnd(RepetitionInfo repetition) {
    long seed = SEED + repetition.getCurrentRepetition();
    Random random = new Random(seed);
    try (Timer timer = SystemTimer.named("test-timer");
        Dispatcher dispatcher = new Dispatcher(timer, RealMachine.INSTANCE.listenerPool(), null)) {
      LossGuard guard = new LossGuard(timer, new FakeChecker(), 1, Duration.ofMinutes(5));
      WatchedService watched =
          new WatchedService(
              "orders",
              new InstanceCache("orders", timer, guard.window()),
              guard,
              dispatcher,
              new Answers(timer, dispatcher),
              () -> {});
      List<Strict> listeners = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        listeners.add(new Strict("listener " + i, i < 3 ? 1_000_000 : 0));
      }
      listeners.forEach(watched::watch);
      TreeMap<String, ServiceInstance> model = new TreeMap<>();
      watched.synced();
      for (int i = 1; i <= EVENTS; i++) {
        feed(watched, model, random, i);
        if (random.nextInt(50) == 0) {
          listeners.get(3 + random.nextInt(3)).turns.release();
        }
        if (i == EVENTS / 2) {
          Strict late = new Strict("late", 1_000_000);
          listeners.add(late);
          watched.watch(late);
        }
      }
      watched.synced();
      listeners.forEach(listener -> listener.turns.release(1_000_000));
      List<ServiceInstance> end = List.copyOf(model.values());
      for (Strict listener : listeners) {
        await(listener.name + ", seed " + seed)
            .untilAsserted(() -> assertThat(listener.given()).as("seed %s", seed).isEqualTo(end));
        assertThat(listener.faults()).as("seed %s", seed).isEmpty();
      }
    }
  }

  private static void feed(
      WatchedService watched, Map<String, ServiceInstance> model, Random random, int revision) {
    switch (random.nextInt(10)) {
      case 0 -> {
        model.clear();
        for (int i = random.nextInt(12); i > 0; i--) {
          ServiceInstance instance = Samples.random(random);
          model.put(instance.id(), instance);
        }
        watched.replace(Selector.service("orders"), List.copyOf(model.values()), revision);
      }
      case 1 -> watched.interrupted(RegistryException.unavailable("down", null));
      case 2 -> watched.synced();
      default -> {
        List<InstanceEvent> events = new ArrayList<>();
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
          ServiceInstance instance = Samples.random(random);
          if (random.nextInt(3) == 0) {
            Departure[] departures = Departure.values();
            events.add(
                new InstanceEvent.Remove(
                    instance.key(), departures[random.nextInt(departures.length)]));
            model.remove(instance.id());
          } else {
            events.add(new InstanceEvent.Put(instance));
            model.put(instance.id(), instance);
          }
        }
        watched.apply(events, revision);
      }
    }
  }
}
