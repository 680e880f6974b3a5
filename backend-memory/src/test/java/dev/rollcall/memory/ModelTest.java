package dev.rollcall.memory;

import static dev.rollcall.memory.Fixture.TICK;
import static dev.rollcall.memory.Fixture.get;
import static dev.rollcall.memory.Fixture.instance;
import static dev.rollcall.memory.Fixture.owner;
import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Liveness;
import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Random operations and time steps, after each of which the store and a naive model are equal. */
class ModelTest {
  /** In ticks; a shorter one is an ordinary delay, and no lease is credited with it. */
  private static final int SHORTEST_PAUSE =
      2 + (int) (Expiry.TOLERANCE_NANOS / LeaseWheel.TICK_NANOS);

  private static final String PACEMAKER = "pacemaker";
  private static final List<Claim> CLAIMS = List.of(Claim.values());

  @TestFactory
  List<DynamicTest> store_underRandomOperations_equalsTheModel() {
    long first = Long.getLong("model.seed", new Random().nextLong());
    return LongStream.range(first, first + 40)
        .mapToObj(seed -> DynamicTest.dynamicTest("seed " + seed, () -> new Game(seed).play()))
        .toList();
  }

  private record Held(Lease lease, Model.Row row) {}

  private static final class Game {
    private final long seed;
    private final Random random;
    private final ManualTimer timer = new ManualTimer();
    private final RegistryBackend backend =
        MemoryStore.builder(timer).withoutGuard().build().open();
    private final Model model = new Model();
    private final List<Held> leases = new ArrayList<>();
    private final List<String> ends = new ArrayList<>();
    private final List<String> story = new ArrayList<>();
    private final Recorder everything = new Recorder();
    private final Recorder one = new Recorder();

    private Game(long seed) {
      this.seed = seed;
      this.random = new Random(seed);
    }

    private void play() {
      // Something is scheduled always, so that every pause meets a tick, as the model has it.
      Fixture.register(
          backend,
          instance(PACEMAKER, PACEMAKER),
          Liveness.heartbeat(Duration.ofDays(1)),
          owner(PACEMAKER));
      backend.watch(Selector.everything(), everything);
      backend.watch(Selector.service("s1"), one);
      for (int i = 0; i < 300; i++) {
        step();
        compare();
      }
    }

    private void step() {
      switch (random.nextInt(8)) {
        case 0, 1, 2 -> register();
        case 3, 4 -> renew();
        case 5 -> deregister();
        case 6 -> advance(1 + random.nextInt(20));
        default -> pause(SHORTEST_PAUSE + random.nextInt(60));
      }
    }

    private void register() {
      ServiceInstance instance =
          instance("s" + random.nextInt(2), "i" + random.nextInt(4)).toBuilder()
              .weight(random.nextInt(2))
              .build();
      Liveness liveness =
          random.nextInt(8) == 0
              ? Liveness.permanent()
              : Liveness.heartbeat(Duration.ofSeconds(1 + random.nextInt(4)))
                  .deregisterAfter(Duration.ofSeconds(random.nextInt(3)));
      RegisterRequest request =
          new RegisterRequest(
              instance, liveness, anOwner(), CLAIMS.get(random.nextInt(CLAIMS.size())));
      story.add("register " + request);
      String who = instance.key() + " " + request.owner().id() + " ";
      Optional<Model.Row> expected = model.register(request);
      var stage = backend.register(request, end -> ends.add(who + end)).toCompletableFuture();
      assertThat(stage.isCompletedExceptionally()).as(this::told).isEqualTo(expected.isEmpty());
      expected.ifPresent(row -> leases.add(new Held(stage.join(), row)));
    }

    private void renew() {
      if (!leases.isEmpty()) {
        int which = Math.max(0, leases.size() - 1 - random.nextInt(12));
        Held held = leases.get(which);
        story.add("renew " + which);
        assertThat(held.lease.renew().toCompletableFuture().isCompletedExceptionally())
            .as(this::told)
            .isEqualTo(!model.renew(held.row));
      }
    }

    private void deregister() {
      ServiceInstance instance = instance("s" + random.nextInt(2), "i" + random.nextInt(4));
      Owner owner = random.nextInt(4) == 0 ? Owner.ANY : anOwner();
      story.add("deregister " + instance.key() + " " + owner);
      model.deregister(instance.key(), owner);
      get(backend.deregister(instance.key(), owner));
    }

    private void advance(int ticks) {
      story.add("advance " + ticks);
      timer.advance(TICK.multipliedBy(ticks));
      for (int i = 0; i < ticks; i++) {
        model.tick();
      }
    }

    private void pause(int ticks) {
      story.add("pause " + ticks);
      timer.jump(TICK.multipliedBy(ticks));
      model.tick();
    }

    private Owner anOwner() {
      return new Owner("o" + random.nextInt(3), 1 + story.size() / 20 + random.nextInt(3));
    }

    private void compare() {
      List<ServiceInstance> expected = model.instances();
      assertThat(visible(get(backend.snapshot(Selector.everything())).instances()))
          .as(this::told)
          .isEqualTo(expected);
      assertThat(visible(everything.state())).as(this::told).isEqualTo(expected);
      assertThat(visible(one.state()))
          .as(this::told)
          .isEqualTo(expected.stream().filter(i -> i.service().equals("s1")).toList());
      assertThat(ends.stream().sorted().toList()).as(this::told).isEqualTo(model.ends());
    }

    private static List<ServiceInstance> visible(List<ServiceInstance> instances) {
      return instances.stream()
          .filter(instance -> !instance.service().equals(PACEMAKER))
          .sorted(Comparator.comparing(ServiceInstance::key))
          .toList();
    }

    private String told() {
      return "seed " + seed + " after " + String.join("\n", story);
    }
  }
}
