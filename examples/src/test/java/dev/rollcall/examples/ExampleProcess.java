package dev.rollcall.examples;

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
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/** An example as a process of its own. */
public final class ExampleProcess implements AutoCloseable {
  private final Process process;
  private final Path out;

  private ExampleProcess(Process process, Path out) {
    this.process = process;
    this.out = out;
  }

  public static ExampleProcess start(Path folder, Class<?> example, String... args)
      throws IOException {
    Path out = Files.createTempFile(folder, "out", "");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                example.getName()));
    command.addAll(List.of(args));
    return new ExampleProcess(
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectErrorStream(true).start(),
        out);
  }

  /** Waits until the process has printed something. */
  public MatchResult await(String pattern) {
    Pattern wanted = Pattern.compile(pattern);
    return Awaitility.await()
        .atMost(60, TimeUnit.SECONDS)
        .until(() -> wanted.matcher(out()).results().findFirst().orElse(null), it -> it != null);
  }

  void write(String text) throws IOException {
    OutputStream in = process.getOutputStream();
    in.write(text.getBytes(StandardCharsets.UTF_8));
    in.flush();
  }

  void endInput() throws IOException {
    process.getOutputStream().close();
  }

  /** Sends SIGTERM. */
  void terminate() {
    process.destroy();
  }

  /** Ends the process without giving it a chance to do anything. */
  public void kill() {
    process.destroyForcibly();
  }

  int exitCode() throws InterruptedException {
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(this::out).isTrue();
    return process.exitValue();
  }

  String out() {
    try {
      return Files.readString(out);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
