package dev.rollcall.dist;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is in the tarball does its job where there is no Java but its own. */
class TarballTest {
  private static final Pattern READY =
      Pattern.compile("rollcall: ready at https://127\\.0\\.0\\.1:(\\d+)");

  /** A line of tar's listing: mode, owner and group, size, day and time, name, target of a link. */
  private static final Pattern ENTRY =
      Pattern.compile("(\\S+) (\\S+) +(\\d+) (\\S+ \\S+) (.+?)(?: -> (.+))?");

  @TempDir static Path folder;
  private static Unpacked unpacked;

  @BeforeAll
  static void unpack() throws Exception {
    unpacked = Unpacked.in(Files.createDirectory(folder.resolve("a folder")));
  }

  @Test
  void demo_runsWhereThereIsNoJava() throws Exception {
    Unpacked.Result demo = unpacked.rollcall("demo", "--deadline=100");

    assertThat(demo.err()).isEmpty();
    assertThat(demo.code()).as(demo.out()).isZero();
    assertThat(demo.out()).endsWith(" 0 lost\n");
  }

  @Test
  void link_leadsToTheSameProgram_whichTellsItsVersion() throws Exception {
    Path bin = Files.createDirectory(folder.resolve("links"));
    Path first = Files.createSymbolicLink(bin.resolve("first"), unpacked.file("bin/rollcall"));
    Path second = Files.createSymbolicLink(bin.resolve("second"), first.getFileName());

    Unpacked.Result version = Unpacked.run(unpacked.command(second, "--version"));

    assertThat(version.err()).isEmpty();
    assertThat(version.code()).isZero();
    assertThat(version.out())
        .startsWith("rollcall " + System.getProperty("rollcall.version") + " (Java ");
  }

  @Test
  void wrongCommandLine_endsWithItsExitCode() throws Exception {
    Unpacked.Result nothing = unpacked.rollcall();

    assertThat(nothing.code()).isEqualTo(2);
    assertThat(nothing.out()).isEmpty();
    assertThat(nothing.err()).contains("Usage: rollcall");
  }

  @Test
  void completion_inBash_knowsCommandsAndOptions() throws Exception {
    Path script = folder.resolve("complete");
    Files.writeString(
        script,
        """
        compopt() { :; } # works under the Tab key alone
        source "$1" || exit
        complete -p rollcall >/dev/null || exit # bash asks the function for this command
        COMP_WORDS=(rollcall se)
        COMP_CWORD=1
        _complete_rollcall
        echo "${COMPREPLY[*]}"
        COMP_WORDS=(rollcall serve --tls)
        COMP_CWORD=2
        _complete_rollcall
        echo "${COMPREPLY[*]}"
        """);

    Unpacked.Result completed =
        Unpacked.run(
            unpacked.command(
                Unpacked.find("bash").orElseThrow(),
                "--norc",
                script.toString(),
                unpacked.file("completion/rollcall").toString()));

    assertThat(completed.err()).isEmpty();
    assertThat(completed.code()).isZero();
    assertThat(completed.out().lines().toList())
        .containsExactly("services serve", "--tls-cert --tls-key --tls-client-ca");
  }

  @Test
  void serve_withAnEllipticKey_isReachedByItsOwnClient_andEndsWhenTold() throws Exception {
    EllipticCertificate tls = EllipticCertificate.in(folder);
    ProcessBuilder builder =
        unpacked.command(
            unpacked.file("bin/rollcall"),
            "serve",
            "--port=0",
            "--tls-cert=" + tls.certificate(),
            "--tls-key=" + tls.key());
    builder.environment().put("XDG_DATA_HOME", folder.resolve("data").toString());
    Path err = folder.resolve("serve.err");
    Process centre = builder.redirectError(err.toFile()).start();
    try (BufferedReader out = centre.inputReader(StandardCharsets.UTF_8)) {
      String said = Optional.ofNullable(out.readLine()).orElse("");
      Matcher ready = READY.matcher(said);
      assertThat(ready.matches()).as(said + Files.readString(err)).isTrue();
      // On a busy machine a JVM that has just started takes longer than the usual deadlines.
      String backend =
          "consuls://127.0.0.1:" + ready.group(1) + "?timeout=1m&ca=" + tls.certificate();

      Unpacked.Result put =
          unpacked.rollcall(
              "kv", "put", "greeting", "hello", "--timeout=1m", "--backend=" + backend);

      assertThat(put.code()).as(put.err()).isZero();
      assertThat(centre.info().command().orElseThrow())
          .as("the launcher has become the JVM, so that signals reach it")
          .isEqualTo(unpacked.file("runtime/bin/java").toRealPath().toString());
      centre.destroy();
      assertThat(centre.waitFor(2, TimeUnit.MINUTES)).isTrue();
      assertThat(centre.exitValue()).isIn(0, 143);
    } finally {
      centre.destroyForcibly();
    }
  }

  @Test
  void entries_sayNothingOfWhoBuiltThem() throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder("tar", "--numeric-owner", "-tvzf", Unpacked.tarball().toString());
    builder.environment().put("TZ", "UTC");
    List<Matcher> entries =
        Unpacked.run(builder).out().lines().map(ENTRY::matcher).filter(Matcher::matches).toList();

    String root = unpacked.home().getFileName() + "/";
    assertThat(entries)
        .hasSizeGreaterThan(100)
        .allSatisfy(
            entry -> {
              assertThat(entry.group(1)).matches("[-d]rw(-r--r--|xr-xr-x)|l.*");
              assertThat(entry.group(2)).isEqualTo("0/0");
              assertThat(entry.group(5)).startsWith(root);
            });
    assertThat(entries.stream().map(entry -> entry.group(4)).distinct()).hasSize(1);
    assertThat(entries.stream().map(entry -> entry.group(5).substring(root.length())))
        .doesNotHaveDuplicates()
        .contains("Dockerfile", "LICENSE", "README.md", "bin/rollcall", "systemd/rollcall.service");
  }

  @Test
  void unit_isAccepted_andHoldsNoSecret() throws Exception {
    String unit = Files.readString(unpacked.file("systemd/rollcall.service"));

    assertThat(unit.lines())
        .contains(
            "ExecStart=/opt/rollcall/bin/rollcall serve",
            "DynamicUser=yes",
            "NoNewPrivileges=yes",
            "ProtectSystem=strict",
            "CapabilityBoundingSet=");
    Optional<Path> systemd = Unpacked.find("systemd-analyze");
    if (systemd.isPresent()) {
      // It wants to see the program. A unit cannot name one in a folder with a space.
      Path program = Files.createSymbolicLink(folder.resolve("opt"), unpacked.home());
      Path here = folder.resolve("rollcall.service");
      Files.writeString(here, unit.replace("/opt/rollcall", program.toString()));
      Unpacked.Result verified =
          Unpacked.run(
              new ProcessBuilder(systemd.get().toString(), "verify", "--man=no", here.toString()));
      assertThat(verified.out() + verified.err()).isEmpty();
      assertThat(verified.code()).isZero();
    }
  }

  @Test
  void dockerfile_namesWhatTheTarballHas() throws Exception {
    List<String> lines =
        Files.readAllLines(unpacked.file("Dockerfile")).stream()
            .filter(line -> !line.isBlank() && !line.startsWith("#"))
            .toList();

    assertThat(lines.stream().map(line -> line.split(" ", 2)[0]))
        .containsExactly(
            "FROM", "COPY", "RUN", "RUN", "USER", "ENV", "VOLUME", "EXPOSE", "ENTRYPOINT", "CMD");
    assertThat(lines).contains("COPY . /opt/rollcall/");
    Matcher named = Pattern.compile("/opt/rollcall/([a-z/-]+)").matcher(String.join("\n", lines));
    assertThat(named.results().map(found -> unpacked.file(found.group(1))))
        .isNotEmpty()
        .allSatisfy(file -> assertThat(file).isExecutable());
  }

  @Test
  void jars_areAllNamedByTheFirst() throws Exception {
    try (Stream<Path> files = Files.list(unpacked.file("lib"));
        JarFile first = new JarFile(unpacked.file("lib/rollcall.jar").toFile())) {
      String[] named =
          first.getManifest().getMainAttributes().getValue("Class-Path").split(" ", -1);

      assertThat(
              files
                  .map(file -> file.getFileName().toString())
                  .filter(f -> !f.equals("rollcall.jar")))
          .containsExactlyInAnyOrder(named);
    }
  }
}
