package dev.rollcall.testkit.server;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Executables named by environment variables. */
final class VariableBinaries implements BinarySource {
  private final Map<String, String> environment;

  VariableBinaries(Map<String, String> environment) {
    this.environment = environment;
  }

  @Override
  public Optional<ServerBinary> find(WantedServer wanted, Consumer<String> reasons) {
    for (String variable : wanted.variables()) {
      String value = environment.getOrDefault(variable, "");
      if (value.isEmpty()) {
        reasons.accept(variable + " is not set");
        continue;
      }
      Path executable = Path.of(value).toAbsolutePath();
      String version = requireVersion(wanted.kind(), variable, executable);
      if (wanted.accepts(version)) {
        return Optional.of(new ServerBinary(executable, version, variable));
      }
      if (!variable.equals(wanted.generalVariable())) {
        throw new ServerNotFoundException(
            variable + ": " + value + " is " + version + " (expected: " + wanted.label() + ")");
      }
      reasons.accept(variable + " is version " + version);
    }
    return Optional.empty();
  }

  private static String requireVersion(ServerKind kind, String variable, Path executable) {
    if (!SearchPath.isExecutable(executable)) {
      throw new ServerNotFoundException(
          variable + ": " + executable + " (expected: an executable file)");
    }
    return Executable.version(kind, executable)
        .orElseThrow(
            () ->
                new ServerNotFoundException(
                    variable
                        + ": "
                        + executable
                        + " (expected: "
                        + kind.executable()
                        + " that runs on this machine)"));
  }
}
