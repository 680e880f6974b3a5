package dev.rollcall.testkit.server;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Asks an executable what it is. */
final class Executable {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private Executable() {}

  /** Its version, or empty where it is another program or does not run on this machine. */
  static Optional<String> version(ServerKind kind, Path executable) {
    try {
      Command.Result result = Command.of(List.of(executable.toString(), "--version")).run(TIMEOUT);
      return kind.version(result.output());
    } catch (ServerException e) {
      return Optional.empty();
    }
  }
}
