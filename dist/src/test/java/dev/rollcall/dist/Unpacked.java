package dev.rollcall.dist;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The tarball as a user has it: unpacked by tar, on a machine whose path leads to the tools that
 * its scripts use and to nothing else.
 */
record Unpacked(Path home, Path path) {
  private static final List<String> TOOLS =
      List.of("chmod", "dirname", "mkfifo", "mktemp", "mv", "readlink", "rm", "stty");

  static Path tarball() {
    return Path.of(System.getProperty("rollcall.tarball"));
  }

  static Unpacked in(Path folder) throws Exception {
    Result tar =
        run(
            new ProcessBuilder(
                "tar", "-xzf", tarball().toString(), "--no-same-owner", "-C", folder.toString()));
    assertThat(tar.code()).as(tar.err()).isZero();
    Path path = Files.createDirectory(folder.resolve("path"));
    for (String tool : TOOLS) {
      Path here = path.resolve(tool);
      Files.writeString(here, "#!/bin/sh\nexec " + find(tool).orElseThrow() + " \"$@\"\n");
      Files.setPosixFilePermissions(here, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    String name = tarball().getFileName().toString().replace(".tar.gz", "");
    return new Unpacked(folder.resolve(name), path);
  }

  /** Returns a file of the tarball. */
  Path file(String name) {
    return home.resolve(name);
  }

  /** Runs the command line. */
  Result rollcall(String... args) throws Exception {
    return rollcall(Map.of(), args);
  }

  /** Runs the command line with some variables in its environment. */
  Result rollcall(Map<String, String> environment, String... args) throws Exception {
    ProcessBuilder builder = command(file("bin/rollcall"), args);
    builder.environment().putAll(environment);
    return run(builder);
  }

  /** Returns how a program is started on that machine: from another directory, no Java in sight. */
  ProcessBuilder command(Path program, String... args) {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command).directory(path.toFile());
    builder.environment().clear();
    builder.environment().put("PATH", path.toString());
    return builder;
  }

  /** Runs a program to its end. */
  static Result run(ProcessBuilder builder) throws Exception {
    Path out = Files.createTempFile("rollcall", "out");
    Path err = Files.createTempFile("rollcall", "err");
    try {
      Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
      try {
        process.getOutputStream().close();
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).as("%s ends", builder.command()).isTrue();
      } finally {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
      return new Result(
          process.exitValue(),
          Files.readString(out, StandardCharsets.UTF_8),
          Files.readString(err, StandardCharsets.UTF_8));
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  /** Returns where a program of this machine is. */
  static Optional<Path> find(String tool) {
    for (String directory : System.getenv("PATH").split(":", -1)) {
      Path file = Path.of(directory, tool);
      if (Files.isExecutable(file)) {
        return Optional.of(file);
      }
    }
    return Optional.empty();
  }

  record Result(int code, String out, String err) {}
}
