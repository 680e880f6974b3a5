package dev.rollcall.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the launcher in a checkout of three files, with a Java and a Maven that only say so. */
class LauncherTest {
  private static final List<String> TOOLS =
      List.of("bash", "cat", "dirname", "find", "flock", "mkdir", "mv", "readlink", "sed", "sleep");

  @TempDir Path temp;
  private Path home;
  private Path bin;
  private Path source;

  @BeforeEach
  void checkout() throws IOException {
    home = temp.resolve("a checkout");
    bin = temp.resolve("bin");
    source = home.resolve("cli/src/main/Some.java");
    Files.createDirectories(source.getParent());
    Files.createDirectories(bin);
    Files.writeString(source, "");
    Files.writeString(home.resolve("pom.xml"), "");
    Files.writeString(home.resolve("cli/pom.xml"), "");
    Files.copy(Checkout.file("rollcall"), home.resolve("rollcall"));
    executable(home.resolve("rollcall"));
    for (String tool : TOOLS) {
      Path real = find(tool);
      if (real != null) {
        Files.writeString(bin.resolve(tool), "#!" + find("bash") + "\nexec " + real + " \"$@\"\n");
        executable(bin.resolve(tool));
      }
    }
    stub("javac", "");
    stub(
        "java",
        """
        if [[ "$1" == -version ]]; then echo 'openjdk version "17.0.1"' >&2; exit; fi
        [[ "$3" != --sun-misc-unsafe-memory-access=allow ]] || shift 3
        case "$2" in
          -XX:ArchiveClassesAtExit=*)
            echo archive >>archives
            trap 'echo classes >"${2#*=}"; exit 143' TERM
            echo 'rollcall: ready at http://127.0.0.1:1'
            while :; do sleep 0.05; done
            ;;
          -XX:SharedArchiveFile=*) echo "with $(<"${2#*=}")"; shift 2 ;;
        esac
        while [[ "$1" == -XX:* ]]; do shift; done
        shift 2
        echo "ran: $*"
        exit 7
        """);
    stub(
        "mvn",
        """
        echo "$*" >>calls
        mkdir -p cli/target/fast
        : >cli/target/fast/rollcall-cli.jar
        """);
  }

  @Test
  void isExecutable() {
    assertThat(Checkout.file("rollcall")).isExecutable();
  }

  @Test
  void firstStart_buildsAndPassesArgumentsAndExitCode() throws Exception {
    Result first = start("demo", "two words");

    assertThat(first.code()).isEqualTo(7);
    assertThat(first.out()).isEqualTo("ran: demo two words\n");
    assertThat(first.err()).startsWith("rollcall: building").hasLineCount(1);
  }

  @Test
  void laterStart_buildsNothing() throws Exception {
    start();

    assertThat(start().err()).isEmpty();
    assertThat(builds()).hasSize(1);
  }

  @Test
  void newerSource_buildsAgain() throws Exception {
    start();
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(60)));
    start();

    assertThat(builds()).hasSize(2);
  }

  @Test
  void exampleWithAFramework_isAProgramOfItsOwn_builtWhenItIsAskedFor() throws Exception {
    Path integration = home.resolve("integrations/grpc/src/main/Some.java");
    Files.createDirectories(integration.getParent());
    Files.writeString(integration, "");
    stub(
        "mvn",
        """
        echo "$*" >>calls
        mkdir -p examples/grpc/target/fast
        : >examples/grpc/target/fast/rollcall-example-grpc.jar
        """);

    Result first = start("example", "grpc", "consul://127.0.0.1:8500");

    assertThat(first.code()).isEqualTo(7);
    assertThat(first.out()).isEqualTo("ran: consul://127.0.0.1:8500\n");
    assertThat(builds()).singleElement().asString().endsWith(" -pl examples/grpc -am");
    assertThat(start("example", "grpc").err()).isEmpty();
    Files.setLastModifiedTime(integration, FileTime.from(Instant.now().plusSeconds(60)));
    start("example", "grpc");
    assertThat(builds()).hasSize(2);
  }

  @Test
  void comparedCommits_areBuiltWithoutOtherLibraries() throws Exception {
    stub(
        "mvn",
        """
        echo "$*" >>calls
        mkdir -p cli/target/fast bench/target/fast
        : >cli/target/fast/rollcall-cli.jar
        : >bench/target/fast/rollcall-bench.jar
        """);

    Result compared = start("bench", "--compare", "HEAD");

    assertThat(compared.out()).endsWith(" bench --compare HEAD\n");
    assertThat(start("bench", "--compare=HEAD", "pick").err()).isEmpty();
    assertThat(builds()).singleElement().asString().endsWith(" -pl cli,bench -am");
  }

  @Test
  void serve_makesTheArchiveOfItsClassesOnce_andStartsWithIt() throws Exception {
    Result first = start("serve", "--port", "0");

    assertThat(first.err()).contains("building", "faster start").hasLineCount(2);
    for (Result serve : List.of(first, start("serve", "--port", "0"))) {
      assertThat(serve.out()).isEqualTo("with classes\nran: serve --port 0\n");
      assertThat(serve.code()).isEqualTo(7);
    }
    assertThat(temp.resolve("archives")).hasContent("archive");
    assertThat(start("serve", "--help").out()).isEqualTo("ran: serve --help\n");
    assertThat(start("demo").out()).isEqualTo("ran: demo\n");
  }

  @Test
  void serve_whereNoArchiveCanBeMade_startsWithout() throws Exception {
    start();
    stub(
        "java",
        """
        [[ "$3" != --sun-misc-unsafe-memory-access=allow ]] || shift 3
        if [[ "$2" == -XX:Archive* ]]; then echo archive >>archives; echo cannot; exit 1; fi
        while [[ "$1" == -XX:* ]]; do shift; done
        shift 2
        echo "ran: $*"
        """);

    for (int i = 0; i < 2; i++) {
      assertThat(start("serve").out()).isEqualTo("ran: serve\n");
    }
    assertThat(temp.resolve("archives")).hasContent("archive");
  }

  @Test
  void startThroughLinksFromElsewhere_findsTheCheckout() throws Exception {
    Path links = Files.createDirectories(temp.resolve("links"));
    Files.createSymbolicLink(links.resolve("one"), Path.of("../a checkout/rollcall"));
    Path two = Files.createSymbolicLink(links.resolve("two"), Path.of("one"));

    assertThat(finish(process(two)).out()).isEqualTo("ran: \n");
    assertThat(builds()).hasSize(1);
  }

  @Test
  void startsAtTheSameTime_buildOnce() throws Exception {
    List<Process> processes = List.of(process(), process(), process());

    for (Process process : processes) {
      assertThat(finish(process).code()).isEqualTo(7);
    }
    assertThat(builds()).hasSize(1);
  }

  @Test
  void failedBuild_showsItsOutputAndRunsNothing() throws Exception {
    stub("mvn", "echo 'a repository cannot be reached'; exit 3");

    Result result = start();

    assertThat(result.code()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.err())
        .contains("a repository cannot be reached", "rollcall: the build has failed");
  }

  @Test
  void noMaven_isSaid() throws Exception {
    Files.delete(bin.resolve("mvn"));

    Result result = start();

    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err())
        .isEqualTo(
            "rollcall: there is no mvn on the PATH; Maven 3.8.6 or newer is needed to build\n");
  }

  @Test
  void noJava_isSaid() throws Exception {
    Files.delete(bin.resolve("java"));

    Result result = start();

    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err()).startsWith("rollcall: there is no java").hasLineCount(1);
  }

  @Test
  void oldJava_isSaid() throws Exception {
    stub("java", "echo 'java version \"1.8.0_392\"' >&2");

    Result result = start();

    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err()).contains("is Java 1; a JDK 17 or newer is needed");
  }

  @Test
  void wrongJavaHome_isSaid() throws Exception {
    ProcessBuilder builder = builder(home.resolve("rollcall"));
    builder.environment().put("JAVA_HOME", "/nowhere");

    Result result = finish(builder.start());

    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err()).startsWith("rollcall: JAVA_HOME is /nowhere").hasLineCount(1);
  }

  private List<String> builds() throws IOException {
    return Files.readAllLines(home.resolve("calls"));
  }

  private Result start(String... args) throws Exception {
    return finish(process(home.resolve("rollcall"), args));
  }

  private Process process() throws IOException {
    return process(home.resolve("rollcall"));
  }

  private Process process(Path launcher, String... args) throws IOException {
    return builder(launcher, args).start();
  }

  private ProcessBuilder builder(Path launcher, String... args) {
    ProcessBuilder builder = new ProcessBuilder(launcher.toString());
    builder.command().addAll(List.of(args));
    builder.directory(temp.toFile());
    Map<String, String> environment = builder.environment();
    environment.remove("JAVA_HOME");
    environment.put("PATH", bin.toString());
    return builder;
  }

  /** What a launcher has printed is far less than a pipe holds, so that it never waits for us. */
  private static Result finish(Process process) throws Exception {
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Result(
        process.exitValue(),
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8),
        new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
  }

  private void stub(String name, String body) throws IOException {
    Path file = bin.resolve(name);
    Files.writeString(file, "#!/usr/bin/env bash\nset -e\n" + body);
    executable(file);
  }

  private static void executable(Path file) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static Path find(String tool) {
    for (String directory : Splitter.on(':').split(System.getenv("PATH"))) {
      Path file = Path.of(directory, tool);
      if (Files.isExecutable(file)) {
        return file;
      }
    }
    return null;
  }

  private record Result(int code, String out, String err) {}
}
