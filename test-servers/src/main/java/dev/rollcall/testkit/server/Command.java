package dev.rollcall.testkit.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A short command and what it prints. The output goes to a file, not to a pipe, so that no thread
 * is needed to read it and a silent grandchild cannot hold the caller.
 */
final class Command {
  private final List<String> words;
  private final @Nullable Path folder;

  private Command(List<String> words, @Nullable Path folder) {
    this.words = words;
    this.folder = folder;
  }

  static Command of(List<String> words) {
    return new Command(words, null);
  }

  Command in(Path workingFolder) {
    return new Command(words, workingFolder);
  }

  /** Runs to the end; a command that cannot start or takes longer is a {@link ServerException}. */
  Result run(Duration timeout) {
    try {
      Path output = Files.createTempFile("rollcall-command-", ".out");
      try {
        return run(timeout, output);
      } finally {
        Files.deleteIfExists(output);
      }
    } catch (IOException e) {
      throw new ServerException(words.get(0) + " could not be run: " + e.getMessage(), e);
    }
  }

  private Result run(Duration timeout, Path output) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(words)
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(output.toFile());
    builder.environment().put("LC_ALL", "C");
    if (folder != null) {
      builder.directory(folder.toFile());
    }
    Process process = AtExit.start(builder);
    try {
      if (!process.waitFor(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new ServerException(words.get(0) + " took longer than " + timeout.toSeconds() + " s");
      }
      byte[] printed = Files.readAllBytes(output);
      return new Result(process.exitValue(), new String(printed, StandardCharsets.UTF_8));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServerException("interrupted while waiting for " + words.get(0), e);
    } finally {
      process.destroyForcibly();
    }
  }

  /** How it ended, and all that it printed to either stream. */
  record Result(int exitCode, String output) {
    boolean succeeded() {
      return exitCode == 0;
    }
  }
}
