package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** The command line as a process of its own. */
final class Program implements AutoCloseable {
  private final Process process;
  private final Path out;
  private final Path err;

  private Program(Process process, Path out, Path err) {
    this.process = process;
    this.out = out;
    this.err = err;
  }

  static Program start(Path folder, String backend, String... args) throws IOException {
    return startMain(folder, backend, "dev.rollcall.cli.Rollcall", args);
  }

  /** Starts another program on the same class path. */
  static Program startMain(Path folder, String backend, String main, String... args)
      throws IOException {
    return start(folder, backend, List.of(), main, args);
  }

  /** Starts a command whose output goes into a pipe; the exit code is the command's own. */
  static Program startPiped(Path folder, String backend, String reader, String... args)
      throws IOException {
    List<String> shell =
        List.of("bash", "-c", "\"$@\" | " + reader + "; exit ${PIPESTATUS[0]}", "bash");
    return start(folder, backend, shell, "dev.rollcall.cli.Rollcall", args);
  }

  private static Program start(
      Path folder, String backend, List<String> before, String main, String... args)
      throws IOException {
    Path out = Files.createTempFile(folder, "out", "");
    Path err = Files.createTempFile(folder, "err", "");
    List<String> command = new ArrayList<>(before);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-XX:+IgnoreUnrecognizedVMOptions", // as the launcher says, like the next one
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED", // as the jar's manifest says
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            main));
    command.addAll(List.of(args));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().put("ROLLCALL_BACKEND", backend);
    builder.environment().put("XDG_DATA_HOME", folder.resolve("data").toString());
    builder.environment().remove("COLUMNS");
    return new Program(builder.start(), out, err);
  }

  /** Runs a command to its end. */
  static Run run(Path folder, String backend, String... args) throws Exception {
    return run(folder, backend, new byte[0], args);
  }

  static Run run(Path folder, String backend, byte[] input, String... args) throws Exception {
    try (Program program = start(folder, backend, args)) {
      try (OutputStream in = program.process.getOutputStream()) {
        in.write(input);
      }
      int code = program.exitCode();
      return new Run(code, program.out(), program.err());
    }
  }

  void endInput() throws IOException {
    process.getOutputStream().close();
  }

  int exitCode() throws InterruptedException {
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(this::toString).isTrue();
    return process.exitValue();
  }

  void awaitOut(String text) {
    Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> out().contains(text));
  }

  void awaitErr(String text) {
    Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> err().contains(text));
  }

  void signal(String name) throws Exception {
    Process kill = new ProcessBuilder("kill", "-" + name, "" + process.pid()).start();
    assertThat(kill.waitFor()).isZero();
  }

  /** Signals those of the process's children that run a program of such a name. */
  void signalChildren(String name, String program) throws Exception {
    List<ProcessHandle> children =
        process
            .children()
            .filter(
                it -> it.info().command().filter(file -> file.endsWith("/" + program)).isPresent())
            .toList();
    assertThat(children).hasSize(1);
    Process kill = new ProcessBuilder("kill", "-" + name, "" + children.get(0).pid()).start();
    assertThat(kill.waitFor()).isZero();
  }

  String out() {
    return read(out);
  }

  byte[] bytes() throws IOException {
    return Files.readAllBytes(out);
  }

  String err() {
    return read(err);
  }

  private static String read(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String toString() {
    return "out:\n" + out() + "\nerr:\n" + err();
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
