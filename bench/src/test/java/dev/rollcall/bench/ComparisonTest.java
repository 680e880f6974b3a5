package dev.rollcall.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonTest {
  @TempDir Path checkout;

  @Test
  @DisplayName("Both commits are measured by turns, and what only one of them has is told")
  void bothAreMeasured() throws Exception {
    Gauge.Pace pace = new Gauge.Pace(1, 1, 1, 20, 9, 10);
    Commit same = new Commit("v1", checkout, System.getProperty("java.class.path"));
    Case list = GaugeTest.small("view.list");
    Case gone =
        Plan.of("x", "lookup", "", "Rollcall, gone", "NoSuchBenchmark.none", list.params())
            .heap(GaugeTest.HEAP);
    StringWriter out = new StringWriter();
    List<String> failures =
        new Comparison(same, pace, new PrintWriter(out)).run(List.of(list, gone));
    assertThat(failures).singleElement().asString().startsWith("Rollcall, gone: ");
    assertThat(out.toString())
        .contains("v1", "a kept view: its list: Rollcall, instances()", "of 1 differ beyond noise")
        .contains("not compared: Rollcall, gone");
  }

  @Test
  @DisplayName("What differs beyond noise is what an interval without 1 says")
  void verdict_needsTheInterval() {
    assertThat(Comparison.verdict(new Interval(1.1, 1.02, 1.18))).isEqualTo("SLOWER");
    assertThat(Comparison.verdict(new Interval(0.9, 0.85, 0.97))).isEqualTo("FASTER");
    assertThat(Comparison.verdict(new Interval(1.1, 0.98, 1.18))).isEmpty();
    assertThat(Comparison.verdict(Interval.alone(1.1))).isEqualTo("not known");
  }

  @Test
  @DisplayName("What cannot rest while another has its turn, or is nobody's of ours, is left out")
  void notEverythingIsCompared() {
    List<String> taken = Plan.cases().stream().filter(Comparison::takes).map(Case::id).toList();
    assertThat(taken)
        .contains("list.rollcall.1t", "fan.rollcall.10000", "heap", "start.memory")
        .doesNotContain("list.map.1t", "list.rollcall.writes", "tail.rollcall");
  }

  @Test
  @DisplayName(
      "A commit is taken out and built by its own launcher, once; this checkout stays as it is")
  void commit_isBuiltOnce() throws Exception {
    launcher("mkdir -p bench/target/fast; echo built >>bench/target/fast/rollcall-bench.jar");
    git("init", "-q");
    git("add", "rollcall");
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one");
    launcher("exit 1");

    Commit first = Commit.of(checkout, "HEAD");
    Commit again = Commit.of(checkout, "HEAD");

    assertThat(again).isEqualTo(first);
    assertThat(first.home().resolve("bench/target/fast/rollcall-bench.jar")).hasContent("built");
    String[] path = first.classPath().split(File.pathSeparator, -1);
    assertThat(path).hasSize(2);
    assertThat(Path.of(path[1], "dev/rollcall/bench/Turns.class")).isRegularFile();
    assertThat(first.launcher()).isExecutable();
    assertThat(checkout.resolve("rollcall")).content().contains("exit 1");
  }

  @Test
  @DisplayName("A commit that is not there, and one that cannot be built, are told")
  void noCommit_isTold() throws Exception {
    launcher("echo no such dependency; exit 3");
    git("init", "-q");
    git("add", "rollcall");
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one");

    assertThatThrownBy(() -> Commit.of(checkout, "nowhere"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("nowhere");
    assertThatThrownBy(() -> Commit.of(checkout, "--all"))
        .isInstanceOf(IOException.class)
        .hasMessage("--all is no commit");
    assertThatThrownBy(() -> Commit.of(checkout, "HEAD"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no such dependency");
  }

  private void launcher(String body) throws IOException {
    Path file = Files.writeString(checkout.resolve("rollcall"), "#!/bin/sh\n" + body + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private void git(String... arguments) throws Exception {
    ProcessBuilder builder = new ProcessBuilder("git");
    builder.command().addAll(List.of(arguments));
    Process git = builder.directory(checkout.toFile()).inheritIO().start();
    assertThat(git.waitFor()).isZero();
  }
}
