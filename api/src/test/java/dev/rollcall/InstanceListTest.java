package dev.rollcall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
          model.put(edit.getKey(), edit.getValue());
          changes = true;
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
        assertThat(-at - 1).as("seed %s", SEED).isEqualTo(model.headMap(id).size());
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
