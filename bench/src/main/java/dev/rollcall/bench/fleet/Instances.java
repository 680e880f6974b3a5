package dev.rollcall.bench.fleet;

import dev.rollcall.ServiceInstance;

/** The instances of all scenarios: two tags and three entries of metadata each. */
final class Instances {
  private Instances() {}

  static String service(int number) {
    return "service-" + number;
  }

  static ServiceInstance of(String service, int number, int port) {
    return ServiceInstance.builder(service)
        .id(String.format("i%06d", number))
        .address(
            "10." + (number >> 16 & 255) + "." + (number >> 8 & 255) + "." + (number & 255), port)
        .tag("http")
        .tag("v2")
        .metadata("zone", "eu-1a")
        .metadata("version", "2.14.3")
        .metadata("build", "a81f02c")
        .build();
  }
}
