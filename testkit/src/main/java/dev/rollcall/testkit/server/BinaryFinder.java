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
    SearchPath path = SearchPath.of(environment);
    return new BinaryFinder(
        List.of(
            new VariableBinaries(environment),
            new PathBinaries(path),
            new PackagedBinaries(cacheFolder(environment), fetcher(environment, path))));
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
            + " was not found: install it and put it on the PATH, or set "
            + wanted.exactVariable()
            + " to its executable ("
            + String.join("; ", reasons)
            + ")");
  }

  private static PackageFetcher fetcher(Map<String, String> environment, SearchPath path) {
    String allowed = environment.getOrDefault("ROLLCALL_FETCH", "true");
    return switch (allowed) {
      case "true" -> new AptFetcher(path);
      case "false" -> (debian, folder) -> Optional.of("ROLLCALL_FETCH=false forbids fetching it");
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
