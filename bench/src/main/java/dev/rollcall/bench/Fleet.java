package dev.rollcall.bench;

import dev.rollcall.ServiceInstance;
import java.util.ArrayList;
import java.util.List;

/** The services and instances that all benchmarks share. */
final class Fleet {
  private Fleet() {}

  static String name(int service) {
    return "service-" + service;
  }

  /**
   * Returns names that are equal to the map's keys and not identical with them, as a caller's are.
   */
  static String[] callersNames(int services) {
    String[] names = new String[services];
    for (int i = 0; i < services; i++) {
      names[i] = new String(name(i).toCharArray());
    }
    return names;
  }

  static List<ServiceInstance> instances(int service, int count) {
    List<ServiceInstance> instances = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      instances.add(instance(service, i, 8080));
    }
    return instances;
  }

  static ServiceInstance instance(int service, int index, int port) {
    return ServiceInstance.builder(name(service))
        .id(String.format("i%06d", index))
        .address("10." + (index >> 16 & 255) + "." + (index >> 8 & 255) + "." + (index & 255), port)
        .build();
  }
}
