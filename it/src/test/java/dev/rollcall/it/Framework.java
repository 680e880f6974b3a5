package dev.rollcall.it;

/**
 * A row of {@code docs/compatibility.md}: a module of Rollcall's with a version of its framework,
 * the consumer that uses both, and the line of our own POMs that has the usual build test the
 * module with that version. Empty where it is not that version.
 */
enum Framework {
  SPRING_BOOT_3(
      "rollcall-spring-boot-3",
      "Spring Boot 3.5.7, Spring Cloud 2025.0.0",
      Consumer.STARTER_3,
      "integrations/spring-boot-3/pom.xml",
      "<spring-boot.version>3.5.7<"),
  SPRING_BOOT_4(
      "rollcall-spring-boot-4",
      "Spring Boot 4.0.7, Spring Cloud 2025.1.4",
      Consumer.STARTER_4,
      "integrations/spring-boot-4/pom.xml",
      "<spring-boot.version>4.0.7<"),
  GRPC_OLDEST("rollcall-grpc", "gRPC 1.71.0", Consumer.GRPC_OLDEST, "", ""),
  GRPC_NEWEST(
      "rollcall-grpc", "gRPC 1.85.1", Consumer.GRPC_NEWEST, "pom.xml", "<grpc.version>1.85.1<"),
  ARMERIA(
      "rollcall-armeria",
      "Armeria 1.40.0",
      Consumer.ARMERIA,
      "pom.xml",
      "<armeria.version>1.40.0<"),
  STORK(
      "rollcall-stork", "SmallRye Stork 2.7.9", Consumer.STORK, "pom.xml", "<stork.version>2.7.9<"),
  QUARKUS_STORK(
      "rollcall-stork", "Quarkus 3.33.2, its SmallRye Stork", Consumer.QUARKUS_STORK, "", ""),
  HTTP(
      "rollcall-http",
      "the JDK's `HttpClient`",
      Consumer.HTTP,
      "integrations/http/pom.xml",
      "<artifactId>rollcall-http<");

  static final int[] JDKS = {17, 25};

  final String module;
  final String versions;
  final Consumer consumer;
  final String pom;
  final String pinned;

  Framework(String module, String versions, Consumer consumer, String pom, String pinned) {
    this.module = module;
    this.versions = versions;
    this.consumer = consumer;
    this.pom = pom;
    this.pinned = pinned;
  }
}
