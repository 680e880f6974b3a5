package dev.rollcall.examples.files;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.BackendProvider;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;

/**
 * Opens {@code files:/path/of/a/folder}. The folder has to exist: a folder that is missing is an
 * outage, not an empty store. The option {@code poll} says how often a client looks at the folder,
 * 100 ms unless given.
 *
 * @since 0.1.0
 */
public final class FilesBackendProvider implements BackendProvider {
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration LEAST_POLL = Duration.ofMillis(10);
  private static final Duration MOST_POLL = Duration.ofSeconds(10);

  /** For the service loader. */
  public FilesBackendProvider() {}

  @Override
  public Set<String> schemes() {
    return Set.of("files");
  }

  @Override
  public RegistryBackend open(BackendUri uri, Timer timer) {
    uri.requireOnly(Set.of("poll"));
    Duration poll = uri.duration("poll", POLL);
    if (poll.compareTo(LEAST_POLL) < 0 || poll.compareTo(MOST_POLL) > 0) {
      throw uri.invalid("poll", "10ms to 10s");
    }
    if (!uri.hosts().isEmpty() || uri.path().isEmpty()) {
      throw RegistryException.invalid("uri: " + uri + " (expected: files:/path/of/a/folder)");
    }
    try {
      return FilesBackend.open(Path.of(uri.path()), poll, timer);
    } catch (InvalidPathException noPath) {
      throw RegistryException.invalid("uri: " + uri + " (expected: the path of a folder)");
    }
  }
}
