package dev.rollcall.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A process that runs to its end and writes all that it says into a file. */
record Child(int exitCode, List<String> lines) {

  /** One that does not end in time is killed, with all that it has started. */
  static Child run(
      List<String> command,
      Path folder,
      Map<String, String> environment,
      Path log,
      Duration timeout)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(log.toFile());
    builder.environment().keySet().removeIf(Child::belongsToTheBuild);
    builder.environment().putAll(environment);
    Process process = builder.start();
    boolean ended = false;
    try {
      ended = process.waitFor(timeout.toSeconds(), TimeUnit.SECONDS);
    } finally {
      if (!ended) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
    }
    List<String> lines = Files.readAllLines(log);
    if (!ended) {
      throw new AssertionError(
          command + " did not end within " + timeout + ":\n" + String.join("\n", lines));
    }
    return new Child(process.exitValue(), lines);
  }

  /** The Maven that runs these tests tells its scripts where its project is. */
  private static boolean belongsToTheBuild(String variable) {
    return List.of("MAVEN_BASEDIR", "MAVEN_PROJECTBASEDIR", "MAVEN_CMD_LINE_ARGS")
        .contains(variable);
  }

  /** The last line that begins with a word, without it. */
  String said(String word) {
    return lines.stream()
        .filter(line -> line.startsWith(word + " "))
        .reduce((earlier, later) -> later)
        .map(line -> line.substring(word.length() + 1))
        .orElse("");
  }

  @Override
  public String toString() {
    return "exit code " + exitCode + "\n" + String.join("\n", lines);
  }
}
