package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.ServiceInstance;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the ids look like, a chunk finds what a sorted map finds. */
class ChunkTest {
  private final Random random = new Random(11);

  private String id(String shape) {
    return switch (shape) {
      case "numbered" -> String.format("orders-%06d", random.nextInt(2000));
      case "of one letter" -> "a".repeat(1 + random.nextInt(60));
      case "alike at first" -> "instance-" + "x".repeat(8) + random.nextInt(500);
      case "beyond Latin" ->
          "\u65e5\u672c" + (char) (0x3041 + random.nextInt(80)) + random.nextInt(9);
      case "of any beginning" ->
          random.nextInt(3) == 0 ? "~" + random.nextInt() : "" + random.nextInt();
      default -> Long.toHexString(random.nextLong());
    };
  }

  private static ServiceInstance instance(String id, int port) {
    return ServiceInstance.builder("orders").id(id).address("127.0.0.1", port).build();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "numbered",
        "of one letter",
        "alike at first",
        "beyond Latin",
        "of any beginning",
        "random"
      })
  void indexOf_throughManyEdits_agreesWithASortedMap(String shape) {
    TreeMap<String, ServiceInstance> model = new TreeMap<>();
    Chunk chunk = new Chunk(new ServiceInstance[] {instance("m", 1)});
    model.put("m", instance("m", 1));
    for (int round = 0; round < 2000; round++) {
      String id = id(shape);
      int at = chunk.indexOf(id);
      if (at >= 0 && random.nextInt(3) == 0 && model.size() > 1) {
        model.remove(id);
        chunk = chunk.without(at);
      } else {
        ServiceInstance put = instance(id, 1 + random.nextInt(9));
        model.put(id, put);
        chunk = at < 0 ? chunk.inserted(-at - 1, put) : chunk.with(at, put);
      }
      if (chunk.instances.length > 300) {
        List<ServiceInstance> half = new ArrayList<>(model.values()).subList(0, 150);
        chunk = new Chunk(half.toArray(new ServiceInstance[0]));
        model.keySet().retainAll(half.stream().map(ServiceInstance::id).toList());
      }
      assertThat(chunk.instances).containsExactlyElementsOf(model.values());
      assertFinds(chunk, model, id(shape));
      assertFinds(chunk, model, id);
    }
  }

  private static void assertFinds(
      Chunk chunk, SortedMap<String, ServiceInstance> model, String id) {
    int before = model.headMap(id).size();
    assertThat(chunk.indexOf(id))
        .as("%s among %s", id, model.keySet())
        .isEqualTo(model.containsKey(id) ? before : -before - 1);
  }
}
