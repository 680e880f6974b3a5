package dev.rollcall.it;

import java.nio.file.Path;
import java.util.List;

/** Somebody's project that uses Rollcall; the folder {@code src/it/<name>} is its whole build. */
enum Consumer {
  PLAIN(Launch.CLASS_PATH),
  BOM(Launch.CLASS_PATH),
  SPRING_BOOT_3(Launch.JAR, "netty-common-4\\.1\\."),
  SPRING_BOOT_4(Launch.JAR, "netty-common-4\\.2\\."),
  QUARKUS(Launch.QUARKUS, "vertx-core-4\\.5\\.", "netty-common-4\\.1\\."),
  MICRONAUT(Launch.MICRONAUT, "netty-common-4\\."),
  GRPC(Launch.CLASS_PATH, "grpc-api-1\\.85\\.1", "protobuf-java-"),
  NETTY(Launch.CLASS_PATH, "netty-common-4\\.2\\.18\\."),
  OKHTTP(Launch.CLASS_PATH, "okhttp-jvm-5\\.5\\.1"),
  MODULE(Launch.MODULE_PATH),
  JLINK(Launch.IMAGE),
  FAT_JAR(Launch.JAR),
  FAT_JAR_UNMERGED(Launch.JAR);

  private final Launch launch;
  private final List<String> ownLibraries;

  Consumer(Launch launch, String... ownLibraries) {
    this.launch = launch;
    this.ownLibraries = List.of(ownLibraries);
  }

  /** The project's folder and artifactId. */
  String project() {
    return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
  }

  /** Patterns of the application's own libraries, which its class path must be seen to hold. */
  List<String> ownLibraries() {
    return ownLibraries;
  }

  /** The command that starts the program of a project that is built. */
  List<String> command(Path built) {
    return launch.command(built);
  }
}
