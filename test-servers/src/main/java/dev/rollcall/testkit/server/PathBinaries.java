package dev.rollcall.testkit.server;

import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/** Executables on the {@code PATH}; more than one version may lie there. */
final class PathBinaries implements BinarySource {
  private final SearchPath path;

  PathBinaries(SearchPath path) {
    this.path = path;
  }

  @Override
  public Optional<ServerBinary> find(WantedServer wanted, Consumer<String> reasons) {
    String name = wanted.kind().executable();
    String reason = "the PATH has no " + name;
    for (Path executable : path.all(name).toList()) {
      Optional<String> version = Executable.version(wanted.kind(), executable);
      if (version.filter(wanted::accepts).isPresent()) {
        return Optional.of(new ServerBinary(executable, version.get(), "PATH"));
      }
      reason = "the PATH has " + name + " " + version.orElse("that does not run");
    }
    reasons.accept(reason);
    return Optional.empty();
  }
}
