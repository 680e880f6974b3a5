package dev.rollcall;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Instances for tests. */
public final class Samples {
  private Samples() {}

  public static ServiceInstance instance(String id) {
    return instance(id, 8080);
  }

  public static ServiceInstance instance(String id, int port) {
    return ServiceInstance.builder("orders").id(id).address("127.0.0.1", port).build();
  }

  public static ServiceInstance instance(String id, Health health) {
    return instance(id).withHealth(health);
  }

  public static ServiceInstance instanceOf(String service, String id) {
    return ServiceInstance.builder(service).id(id).address("127.0.0.1", 8080).build();
  }

  public static List<ServiceInstance> instances(int count) {
    List<ServiceInstance> instances = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      instances.add(instance("i" + i));
    }
    return instances;
  }

  /** One of few ids, ports and healths, so that equal ones are frequent. */
  public static ServiceInstance random(Random random) {
    Health[] healths = Health.values();
    return instance("i" + random.nextInt(12), 8000 + random.nextInt(2))
        .withHealth(healths[Math.max(0, random.nextInt(5) - 2)]);
  }
}
