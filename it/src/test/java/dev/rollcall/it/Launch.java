package dev.rollcall.it;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** How a consumer's program is started. */
enum Launch {
  CLASS_PATH {
    @Override
    List<String> command(Path built, Jdk jdk) {
      return java(jdk.home(), "-cp", path(built), "consumer.Program");
    }
  },
  APPLICATION {
    @Override
    List<String> command(Path built, Jdk jdk) {
      return java(jdk.home(), "-cp", path(built), "consumer.Application");
    }
  },
  MODULE_PATH {
    @Override
    List<String> command(Path built, Jdk jdk) {
      return java(jdk.home(), "-p", path(built), "-m", "consumer/consumer.Program");
    }
  },
  JAR {
    @Override
    List<String> command(Path built, Jdk jdk) {
      return java(jdk.home(), "-jar", built.resolve("consumer.jar").toString());
    }
  },
  QUARKUS {
    @Override
    List<String> command(Path built, Jdk jdk) {
      return java(jdk.home(), "-jar", built.resolve("quarkus-app/quarkus-run.jar").toString());
    }
  },
  IMAGE {
    @Override
    List<String> command(Path built, Jdk jdk) {
      return java(built.resolve("image"), "-m", "consumer/consumer.Program");
    }
  };

  abstract List<String> command(Path built, Jdk jdk);

  /** Starts fast and in one thread: several run beside each other, and the start is what costs. */
  private static List<String> java(Path home, String... arguments) {
    return Stream.concat(
            Stream.of(
                home.resolve("bin/java").toString(), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
            Stream.of(arguments))
        .toList();
  }

  /** The consumer's classes and what its Maven has resolved for the runtime. */
  static String path(Path built) {
    try {
      return built.resolve("classes")
          + File.pathSeparator
          + Files.readString(built.resolve("classpath"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
