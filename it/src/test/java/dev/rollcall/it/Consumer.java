package dev.rollcall.it;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Somebody's project that uses Rollcall; the folder {@code src/it/<name>} is its whole build. */
enum Consumer {
  PLAIN(Launch.CLASS_PATH, ""),
  BOM(Launch.CLASS_PATH, ""),
  STARTER_3(Launch.JAR, Shared.SPRING),
  STARTER_4(Launch.JAR, Shared.SPRING),
  GRPC_OLDEST(Launch.APPLICATION, Shared.GRPC),
  GRPC_NEWEST(Launch.APPLICATION, Shared.GRPC),
  ARMERIA(Launch.APPLICATION, Shared.NOTHING),
  HTTP(Launch.APPLICATION, Shared.NOTHING),
  STORK(Launch.APPLICATION, Shared.NOTHING),
  CURATOR(Launch.APPLICATION, Shared.NOTHING),
  /** The only one without Rollcall: what others move away from. */
  SPRING_CLOUD_CONSUL(Launch.JAR, Shared.SPRING),
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
  private final Shared shared;
  private final String ownLibraries;

  /** One that runs what all run: {@code program/Program.java}. */
  Consumer(Launch launch, String ownLibraries) {
    this(launch, Shared.PROGRAM, ownLibraries);
  }

  /** One that uses an integration. */
  Consumer(Launch launch, Shared shared) {
    this(launch, shared, "");
  }

  Consumer(Launch launch, Shared shared, String ownLibraries) {
    this.launch = launch;
    this.shared = shared;
    this.ownLibraries = ownLibraries;
  }

  /** The project's folder and artifactId. */
  String project() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** What it has in common with others, below {@code src/it}; empty where it has nothing. */
  String shared() {
    return shared.source;
  }

  /** Whether it runs what all run. */
  boolean runsProgram() {
    return shared == Shared.PROGRAM;
  }

  /**
   * A pattern of what the application itself brings of the libraries that Rollcall is built on;
   * where it is empty, the class path holds none of them.
   */
  String ownLibraries() {
    return ownLibraries;
  }

  /** The command that starts the program of a project that is built, with the JDK of this test. */
  List<String> command(Path built) {
    return command(built, Jdk.own());
  }

  /** The same with another JDK. */
  List<String> command(Path built, Jdk jdk) {
    return launch.command(built, jdk);
  }

  private enum Shared {
    PROGRAM("program/Program.java"),
    SPRING("shared/spring/Application.java"),
    GRPC("shared/grpc/Application.java"),
    NOTHING("");

    private final String source;

    Shared(String source) {
      this.source = source;
    }
  }
}
