package dev.rollcall.release;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The checkout, as the build tells it, and what is published of it. */
final class Project {
  /** Artifacts with classes, and their directories. */
  static final List<String> MODULES =
      List.of(
          "api",
          "backend-consul",
          "backend-etcd",
          "backend-memory",
          "cli",
          "examples",
          "integrations/armeria",
          "integrations/grpc",
          "integrations/http",
          "integrations/spring",
          "integrations/spring-boot-3",
          "integrations/spring-boot-4",
          "integrations/stork",
          "json",
          "junit",
          "micrometer",
          "server",
          "test-servers",
          "testkit");

  private Project() {}

  static Path file(String name) {
    return Path.of(System.getProperty("rollcall.home")).resolve(name);
  }

  static Path localRepository() {
    return Path.of(System.getProperty("rollcall.localRepository"));
  }

  /** The last part of the directory. */
  static String name(String module) {
    return module.substring(module.lastIndexOf('/') + 1);
  }

  static String artifact(String module) {
    return "rollcall-" + name(module);
  }

  /** The files below a directory, in their order by name. */
  static List<Path> filesBelow(Path directory) {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.filter(Files::isRegularFile).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
