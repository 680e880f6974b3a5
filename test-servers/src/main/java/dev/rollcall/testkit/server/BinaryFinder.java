package dev.rollcall.testkit.server;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Asks one source after the other, and explains itself when none has what is wanted. */
final class BinaryFinder {
  private final List<BinarySource> sources;

  private BinaryFinder(List<BinarySource> sources) {
    this.sources = sources;
  }

  static BinaryFinder of(Map<String, String> environment) {
    return of(environment, ContainerEngine.ofClassPath());
  }

  static BinaryFinder of(Map<String, String> environment, ContainerEngine engine) {
    SearchPath path = SearchPath.of(environment);
    boolean mayFetch = mayFetch(environment);
    String forbidden = "ROLLCALL_FETCH=false forbids fetching it";
    return new BinaryFinder(
        List.of(
            new VariableBinaries(environment),
            new PathBinaries(path),
            new PackagedBinaries(
                cacheFolder(environment),
                mayFetch ? new AptFetcher(path) : (debian, folder) -> Optional.of(forbidden)),
            new DockerImages(
                mayFetch
                    ? engine
                    : new ContainerEngine.None(
                        "ROLLCALL_FETCH=false forbids fetching its image"))));
  }

  ServerBinary find(WantedServer wanted) {
    List<String> reasons = new ArrayList<>();
    for (BinarySource source : sources) {
      Optional<ServerBinary> found = source.find(wanted, reasons::add);
      if (found.isPresent()) {
        return found.get();
      }
    }
    throw new ServerNotFoundException(
        wanted.label()
            + " was not found: install it and put it on the PATH, set "
            + wanted.exactVariable()
            + " to its executable, or run Docker with Testcontainers on the class path ("
            + String.join("; ", reasons)
            + ")");
  }

  private static boolean mayFetch(Map<String, String> environment) {
    String allowed = environment.getOrDefault("ROLLCALL_FETCH", "true");
    return switch (allowed) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw new IllegalArgumentException(
              "ROLLCALL_FETCH: " + allowed + " (expected: true or false)");
    };
  }

  private static Path cacheFolder(Map<String, String> environment) {
    Path configured = Path.of(environment.getOrDefault("XDG_CACHE_HOME", ""));
    // Relative paths are to be ignored, says the XDG base directory specification.
    Path base =
        configured.isAbsolute() ? configured : Path.of(System.getProperty("user.home"), ".cache");
    return base.resolve("rollcall").resolve("servers");
  }
}
