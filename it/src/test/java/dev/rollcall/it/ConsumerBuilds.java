package dev.rollcall.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Builds consumers with the Maven that runs this build, each once, one at a time.
 *
 * <p>Their local repository holds this build's artifacts of Rollcall and, by symbolic links, all
 * else that the user's own repository holds. So nothing is fetched twice, the user's settings and
 * mirrors count, and the user's repository never gets to hold a Rollcall that nobody installed.
 * Guarded by the class's lock.
 */
final class ConsumerBuilds {
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private static final Path SOURCES = Path.of(property("consumers.sources"));
  private static final Path TARGET = Path.of(property("consumers.target"));
  private static final Path REPOSITORY = Path.of(property("consumers.repository"));
  private static final Path SHARED = Path.of(property("consumers.sharedRepository"));

  private static final Map<Consumer, Path> BUILT = new EnumMap<>(Consumer.class);

  private ConsumerBuilds() {}

  /** The folder {@code target} of a consumer, built now unless it is there. */
  static synchronized Path of(Consumer consumer) throws IOException, InterruptedException {
    Path known = BUILT.get(consumer);
    if (known != null) {
      return known;
    }
    if (BUILT.isEmpty()) {
      link(SHARED, REPOSITORY, "dev");
      link(SHARED.resolve("dev"), REPOSITORY.resolve("dev"), "rollcall");
    }
    Path project = lay(consumer);
    build(project);
    Path target = project.resolve("target");
    if (consumer == Consumer.JLINK) {
      linkImage(target);
    }
    BUILT.put(consumer, target);
    return target;
  }

  /** Shows each folder of the user's repository but one in the consumers'. */
  private static void link(Path from, Path into, String except) throws IOException {
    if (!Files.isDirectory(from)) {
      return;
    }
    try (Stream<Path> folders = Files.list(from)) {
      for (Path folder : folders.filter(Files::isDirectory).toList()) {
        Path here = into.resolve(folder.getFileName());
        if (!folder.endsWith(except) && !Files.exists(here, LinkOption.NOFOLLOW_LINKS)) {
          Files.createSymbolicLink(here, folder);
        }
      }
    }
  }

  /** A copy of the consumer's project, with what it shares, outside of our reactor. */
  private static Path lay(Consumer consumer) throws IOException {
    Path project = TARGET.resolve(consumer.project());
    // What an earlier run has built may hold an earlier Rollcall.
    delete(project);
    copy(SOURCES.resolve("pom.xml"), TARGET.resolve("pom.xml"));
    Path from = SOURCES.resolve(consumer.project());
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        copy(file, project.resolve(from.relativize(file).toString()));
      }
    }
    if (!consumer.shared().isEmpty()) {
      Path shared = SOURCES.resolve(consumer.shared());
      copy(shared, project.resolve("src/main/java/consumer").resolve(shared.getFileName()));
    }
    // Where a folder ".mvn" is, Maven seeks the options of its JVM: not in ours.
    Files.createDirectories(project.resolve(".mvn"));
    return project;
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> entries = Files.walk(folder)) {
      for (Path entry : entries.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(entry);
      }
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to.getParent());
    Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
  }

  private static void build(Path project) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(property("consumers.maven"), "bin", "mvn").toString(),
                "--batch-mode",
                "--no-transfer-progress",
                "--no-snapshot-updates",
                "-Dmaven.repo.local=" + REPOSITORY,
                "-Drollcall.version=" + property("rollcall.version")));
    Path settings = Path.of(property("consumers.settings").substring("file:".length()));
    if (Files.exists(settings)) {
      command.add("--settings=" + settings);
    }
    if (property("consumers.offline").equals("offline:true")) {
      command.add("--offline");
    }
    command.add("package");
    Child maven =
        Child.run(
            command,
            project,
            Map.of("JAVA_HOME", System.getProperty("java.home"), "MAVEN_OPTS", mavenOptions()),
            project.resolve("build.log"),
            PATIENCE);
    assertThat(maven.exitCode()).as("%s: %s", project, maven).isZero();
  }

  /** The user's own, and a compiler that is done sooner, since Maven is. */
  private static String mavenOptions() {
    String own = System.getenv().getOrDefault("MAVEN_OPTS", "");
    return (own + " -XX:TieredStopAtLevel=1 -XX:+UseSerialGC").strip();
  }

  private static void linkImage(Path target) throws IOException, InterruptedException {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "jlink").toString(),
            "--module-path=" + Launch.path(target),
            "--add-modules=consumer,dev.rollcall.backend.memory",
            "--output=" + target.resolve("image"));
    Child jlink = Child.run(command, target, Map.of(), target.resolve("jlink.log"), PATIENCE);
    assertThat(jlink.exitCode()).as("%s", jlink).isZero();
  }

  static String property(String name) {
    String value = System.getProperty(name);
    if (value == null) {
      throw new UncheckedIOException(
          new IOException(name + " is not set (expected: run by Maven, see docs/consumers.md)"));
    }
    return value;
  }
}
