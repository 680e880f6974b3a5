package dev.rollcall.bench;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * Another commit of this repository, built beside this checkout by its own launcher. Its benchmarks
 * are its own; only {@link Turns}, by which JVMs take turns, is given to them.
 *
 * @param name what it was asked for as
 * @param home the folder in which it stands
 * @param classPath of its benchmarks
 */
record Commit(String name, Path home, String classPath) {
  private static final String JAR = "bench/target/fast/rollcall-bench.jar";
  private static final String TURNS = Turns.class.getName().replace('.', '/') + ".class";

  /**
   * Takes it out of the repository and builds it, where that was not done before.
   *
   * @param checkout the folder of this checkout
   * @throws IOException if there is no such commit, or it cannot be built; the message says why
   */
  static Commit of(Path checkout, String name) throws IOException, InterruptedException {
    if (name.startsWith("-")) {
      throw new IOException(name + " is no commit");
    }
    String id =
        run(checkout, "git", "rev-parse", "--verify", "--quiet", name + "^{commit}").strip();
    Path folder = checkout.resolve("target/bench/compare").resolve(id.substring(0, 12));
    Path home = folder.resolve("checkout");
    if (!Files.isRegularFile(home.resolve(JAR))) {
      Files.createDirectories(home);
      Path archive = folder.resolve("checkout.tar");
      run(checkout, "git", "archive", "--output=" + archive, id);
      run(home, "tar", "-xf", archive.toString());
      Files.delete(archive);
      // That is how it builds its benchmarks, whatever is needed for them there.
      run(home, home.resolve("rollcall").toString(), "bench", "--quick", "--help");
    }
    Path turns = folder.resolve("turns");
    Path target = turns.resolve(TURNS);
    Files.createDirectories(target.getParent());
    try (InputStream own = Turns.class.getClassLoader().getResourceAsStream(TURNS)) {
      Files.copy(own, target, StandardCopyOption.REPLACE_EXISTING);
    }
    return new Commit(name, home, home.resolve(JAR) + File.pathSeparator + turns);
  }

  Path launcher() {
    return home.resolve("rollcall");
  }

  private static String run(Path folder, String... command)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = process.waitFor();
    if (code != 0) {
      throw new IOException(
          String.join(" ", List.of(command)) + " has failed: " + code + "\n" + said);
    }
    return said;
  }
}
