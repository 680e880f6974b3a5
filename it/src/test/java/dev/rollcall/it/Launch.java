package dev.rollcall.it;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** How a consumer's program is started, with the JDK that runs the tests. */
enum Launch {
  CLASS_PATH {
    @Override
    List<String> command(Path built) {
      return List.of(JAVA, "-cp", path(built), "consumer.Program");
    }
  },
  APPLICATION {
    @Override
    List<String> command(Path built) {
      return List.of(JAVA, "-cp", path(built), "consumer.Application");
    }
  },
  MODULE_PATH {
    @Override
    List<String> command(Path built) {
      return List.of(JAVA, "-p", path(built), "-m", "consumer/consumer.Program");
    }
  },
  JAR {
    @Override
    List<String> command(Path built) {
      return List.of(JAVA, "-jar", built.resolve("consumer.jar").toString());
    }
  },
  QUARKUS {
    @Override
    List<String> command(Path built) {
      return List.of(JAVA, "-jar", built.resolve("quarkus-app/quarkus-run.jar").toString());
    }
  },
  IMAGE {
    @Override
    List<String> command(Path built) {
      String java = built.resolve("image/bin/java").toString();
      return List.of(java, "-m", "consumer/consumer.Program");
    }
  };

  private static final String JAVA =
      Path.of(System.getProperty("java.home"), "bin", "java").toString();

  abstract List<String> command(Path built);

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
