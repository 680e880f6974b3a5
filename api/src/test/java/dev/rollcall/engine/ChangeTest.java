package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Change;
import dev.rollcall.Health;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ChangeTest {
  private static final long SEED = new Random().nextLong();

  static ViewSnapshot snapshot(List<ServiceInstance> instances) {
    InstanceList all = InstanceList.of(instances);
    return new ViewSnapshot("orders", all, all.passing(), 1, 1, Timestamp.LIVE);
  }

  /** The difference as somebody would write it who has time. */
  static Change.Diff naive(List<ServiceInstance> before, List<ServiceInstance> now) {
    Map<String, ServiceInstance> was = new TreeMap<>();
    Map<String, ServiceInstance> is = new TreeMap<>();
    before.forEach(instance -> was.put(instance.id(), instance));
    now.forEach(instance -> is.put(instance.id(), instance));
    List<ServiceInstance> added = new ArrayList<>();
    List<ServiceInstance> updated = new ArrayList<>();
    List<ServiceInstance> removed = new ArrayList<>();
    is.forEach(
        (id, instance) -> {
          if (!was.containsKey(id)) {
            added.add(instance);
          } else if (!instance.equals(was.get(id))) {
            updated.add(instance);
          }
        });
    was.forEach(
        (id, instance) -> {
          if (!is.containsKey(id)) {
            removed.add(instance);
          }
        });
    return new Change.Diff(added, updated, removed);
  }

  @Test
  void between_againstANaiveModel_isTheSame() {
    Random random = new Random(SEED);
    for (int round = 0; round < 3000; round++) {
      ViewSnapshot before = snapshot(some(random));
      ViewSnapshot now = snapshot(some(random));
      Change change = ViewChange.between(before, now);
      assertThat(change.all())
          .as("seed %s, round %s", SEED, round)
          .isEqualTo(naive(before.all(), now.all()));
      assertThat(new Change.Diff(change.added(), change.updated(), change.removed()))
          .as("seed %s, round %s", SEED, round)
          .isEqualTo(naive(before.instances(), now.instances()));
      assertThat(change.before()).isSameAs(before);
      assertThat(change.now()).isSameAs(now);
    }
  }

  private static List<ServiceInstance> some(Random random) {
    List<ServiceInstance> some = new ArrayList<>();
    for (int i = random.nextInt(15); i > 0; i--) {
      some.add(Samples.random(random));
    }
    return some;
  }

  @Test
  void between_whenOneTurnsCritical_isRemovedFromPassingAndUpdatedInAll() {
    ServiceInstance well = Samples.instance("a");
    ServiceInstance ill = Samples.instance("a", Health.CRITICAL);
    Change change = ViewChange.between(snapshot(List.of(well)), snapshot(List.of(ill)));
    assertThat(change.removed()).containsExactly(well);
    assertThat(change.added()).isEmpty();
    assertThat(change.updated()).isEmpty();
    assertThat(change.all().updated()).containsExactly(ill);
    assertThat(change.all().removed()).isEmpty();
  }

  @Test
  void between_whenOneRecovers_isAddedToPassingAndUpdatedInAll() {
    ServiceInstance well = Samples.instance("a");
    ServiceInstance ill = Samples.instance("a", Health.WARNING);
    Change change = ViewChange.between(snapshot(List.of(ill)), snapshot(List.of(well)));
    assertThat(change.added()).containsExactly(well);
    assertThat(change.all().updated()).containsExactly(well);
  }

  @Test
  void between_equalStates_isEmpty() {
    Change change =
        ViewChange.between(snapshot(Samples.instances(3)), snapshot(Samples.instances(3)));
    assertThat(change.all().isEmpty()).isTrue();
    assertThat(change.service()).isEqualTo("orders");
  }
}
