package dev.rollcall.it;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Somebody's project that uses Rollcall; the folder {@code src/it/<name>} is its whole build. */
enum Consumer {
  PLAIN(Launch.CLASS_PATH, ""),
  BOM(Launch.CLASS_PATH, ""),
  SPRING_BOOT_3(Launch.JAR, "netty-common-4\\.1\\."),
  SPRING_BOOT_4(Launch.JAR, "netty-common-4\\.2\\."),
  QUARKUS(Launch.QUARKUS, "vertx-core-4\\.5\\..*netty-common-4\\.1\\."),
  QUARKUS_STORK(Launch.QUARKUS, "vertx-core-4\\.5\\..*netty-common-4\\.1\\."),
  MICRONAUT(Launch.APPLICATION, "netty-common-4\\."),
  GRPC(Launch.CLASS_PATH, "grpc-api-1\\.85\\.1"),
  NETTY(Launch.CLASS_PATH, "netty-common-4\\.2\\.18\\."),
  OKHTTP(Launch.CLASS_PATH, "okhttp-jvm-5\\.5\\.1"),
  MODULE(Launch.MODULE_PATH, ""),
  JLINK(Launch.IMAGE, ""),
  FAT_JAR(Launch.JAR, ""),
  FAT_JAR_UNMERGED(Launch.JAR, "");

  private final Launch launch;
  private final String ownLibraries;

  Consumer(Launch launch, String ownLibraries) {
    this.launch = launch;
    this.ownLibraries = ownLibraries;
  }

  /** The project's folder and artifactId. */
  String project() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * A pattern of what the application itself brings of the libraries that Rollcall is built on;
   * where it is empty, the class path holds none of them.
   */
  String ownLibraries() {
    return ownLibraries;
  }

  /** The command that starts the program of a project that is built. */
  List<String> command(Path built) {
    return launch.command(built);
  }
}
