package dev.rollcall.cli;

import java.nio.file.Files;
import java.nio.file.Path;

/** Finds the project's directory, from wherever a test is run. */
final class Checkout {
  private Checkout() {}

  static Path file(String name) {
    Path directory = Path.of("").toAbsolutePath();
    while (!Files.exists(directory.resolve("rollcall"))) {
      directory = directory.getParent();
    }
    return directory.resolve(name);
  }
}
