package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.Health;
import dev.rollcall.Samples;
import dev.rollcall.ServiceInstance;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class InstanceListTest {
  private static final long SEED = new Random().nextLong();

  @Test
  void of_sortsById_andKeepsTheLastOfEqualIds() {
    InstanceList list =
        InstanceList.of(
            List.of(Samples.instance("b"), Samples.instance("a", 1), Samples.instance("a", 2)));
    assertThat(list).containsExactly(Samples.instance("a", 2), Samples.instance("b"));
  }

  @Test
  void edited_againstAModel_isTheSame() {
    Random random = new Random(SEED);
    TreeMap<String, ServiceInstance> model = new TreeMap<>();
    InstanceList list = InstanceList.EMPTY;
    for (int round = 0; round < 3000; round++) {
      InstanceList before = list;
      List<ServiceInstance> copy = List.copyOf(before);
      TreeMap<String, ServiceInstance> edits = new TreeMap<>();
      boolean changes = false;
      for (int i = random.nextInt(6); i > 0; i--) {
        ServiceInstance instance = Samples.random(random);
        edits.put(instance.id(), random.nextInt(3) == 0 ? null : instance);
      }
      for (Map.Entry<String, ServiceInstance> edit : edits.entrySet()) {
        if (edit.getValue() == null) {
          changes |= model.remove(edit.getKey()) != null;
        } else {
          changes |= !edit.getValue().equals(model.put(edit.getKey(), edit.getValue()));
        }
      }
      list = before.edited(edits);
      assertThat(list)
          .as("seed %s, round %s", SEED, round)
          .containsExactlyElementsOf(model.values());
      assertThat(list.isSame(before)).as("seed %s, round %s", SEED, round).isEqualTo(!changes);
      assertThat(before).as("seed %s, round %s", SEED, round).isEqualTo(copy);
      assertIndexes(list, model);
    }
  }

  private static void assertIndexes(InstanceList list, SortedMap<String, ServiceInstance> model) {
    for (int i = 0; i < 12; i++) {
      String id = "i" + i;
      int at = list.indexOfId(id);
      if (model.containsKey(id)) {
        assertThat(list.get(at)).as("seed %s", SEED).isEqualTo(model.get(id));
      } else {
        assertThat(at).as("seed %s", SEED).isNegative();
      }
    }
  }

  @Test
  void withAndWithout_againstAModel_areTheSame() {
    Random random = new Random(SEED);
    TreeMap<String, ServiceInstance> model = new TreeMap<>();
    InstanceList list = InstanceList.EMPTY;
    for (int round = 0; round < 3000; round++) {
      ServiceInstance instance = Samples.random(random);
      if (random.nextBoolean()) {
        list = list.with(instance);
        model.put(instance.id(), instance);
      } else {
        InstanceList less = list.without(instance.id());
        assertThat(less.isSame(list))
            .as("seed %s, round %s", SEED, round)
            .isEqualTo(model.remove(instance.id()) == null);
        list = less;
      }
      assertThat(list)
          .as("seed %s, round %s", SEED, round)
          .containsExactlyElementsOf(model.values());
    }
  }

  @Test
  void manyChunks_againstAModel_areTheSame() {
    Random random = new Random(SEED);
    TreeMap<String, ServiceInstance> model = new TreeMap<>();
    InstanceList list = InstanceList.EMPTY;
    for (int round = 0; round < 400; round++) {
      // It grows to some thousand and shrinks again, by single edits and by bursts of all sizes.
      int most = random.nextInt(4) == 0 ? 1 : random.nextInt(400);
      int removals = round < 200 ? 30 : 70;
      TreeMap<String, ServiceInstance> edits = new TreeMap<>();
      for (int i = random.nextInt(most + 1); i >= 0; i--) {
        String id = "i" + random.nextInt(8000);
        boolean removal = random.nextInt(100) < removals;
        edits.put(id, removal ? null : Samples.instance(id, 1 + random.nextInt(9)));
      }
      List<ServiceInstance> before = List.copyOf(list);
      InstanceList next = list.edited(edits);
      edits.forEach(
          (id, put) -> {
            if (put == null) {
              model.remove(id);
            } else {
              model.put(id, put);
            }
          });
      assertThat(list).as("seed %s", SEED).isEqualTo(before);
      list = next;
      assertThat(list).as("seed %s", SEED).hasSameSizeAs(model.values());
      assertThat(list.toArray()).as("seed %s", SEED).isEqualTo(model.values().toArray());
      for (int i = 0; i < 50; i++) {
        String id = "i" + random.nextInt(8000);
        ServiceInstance expected = model.get(id);
        assertThat(list.find(id)).as("seed %s", SEED).isEqualTo(expected);
        int at = list.indexOfId(id);
        assertThat(at >= 0).as("seed %s", SEED).isEqualTo(expected != null);
        if (expected != null) {
          assertThat(list.get(at)).as("seed %s", SEED).isEqualTo(expected);
        }
      }
      assertThat(list.passing().isSame(list)).isTrue();
    }
    for (int index : new int[] {-1, list.size()}) {
      InstanceList last = list;
      assertThatThrownBy(() -> last.get(index)).isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void oneChangeInManyThousand_touchesOneChunk_andADiffSkipsTheRest() {
    InstanceList list = InstanceList.of(Samples.instances(20_000));
    for (InstanceList changed :
        List.of(
            list.with(Samples.instance("i777", 1)),
            list.with(Samples.instance("i777x", 1)),
            list.without("i777"))) {
      InstanceList.Walk old = new InstanceList.Walk(list);
      InstanceList.Walk young = new InstanceList.Walk(changed);
      int looked = 0;
      while (old.hasMore() && young.hasMore()) {
        if (!old.skipShared(young)) {
          looked++;
          int order = old.present().id().compareTo(young.present().id());
          if (order <= 0) {
            old.step();
          }
          if (order >= 0) {
            young.step();
          }
        }
      }
      assertThat(looked).isPositive().isLessThanOrEqualTo(InstanceList.MOST);
    }
  }

  @Test
  void passing_leavesOutTheOthers() {
    ServiceInstance a = Samples.instance("a");
    ServiceInstance c = Samples.instance("c");
    InstanceList list =
        InstanceList.of(
            List.of(
                a,
                Samples.instance("b", Health.WARNING),
                c,
                Samples.instance("d", Health.CRITICAL)));
    assertThat(list.passing()).containsExactly(a, c);
    InstanceList all = InstanceList.of(List.of(a, c));
    assertThat(all.passing().isSame(all)).isTrue();
  }

  @Test
  void list_cannotBeWritten() {
    InstanceList list = InstanceList.of(Samples.instances(2));
    assertThatThrownBy(() -> list.set(0, Samples.instance("x")))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> list.remove(0)).isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(list::clear).isInstanceOf(UnsupportedOperationException.class);
    list.toArray()[0] = Samples.instance("x");
    assertThat(list.get(0)).isEqualTo(Samples.instance("i0"));
  }
}
