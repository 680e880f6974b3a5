package dev.rollcall.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.ServiceInstance;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Writers that are killed at any moment, and that find no space: on real processes and files. */
class TornWriteTest {
  @TempDir Path root;

  @Test
  void writerKilled20Times_leavesWholeStates() throws Exception {
    killed(20);
  }

  @Test
  @Tag("long")
  void writerKilled1000Times_leavesWholeStates() throws Exception {
    int inTheMiddle = killed(1000);
    assertThat(inTheMiddle).as("kills in the middle of a write").isGreaterThan(100);
  }

  /** Returns after how many kills a file was left that was being written. */
  private int killed(int times) throws Exception {
    StateFolder folder = new StateFolder(root, StateWriter.STORE);
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int inTheMiddle = 0;
    for (int kill = 1; kill <= times; kill++) {
      Process process =
          new ProcessBuilder(java("killed")).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      try (BufferedReader output = output(process)) {
        assertThat(output.readLine()).isEqualTo("writing");
        assertThat(process.waitFor(random.nextInt(20_000), TimeUnit.MICROSECONDS)).isFalse();
      } finally {
        process.destroyForcibly().waitFor();
      }
      byte[] content = folder.read("orders");
      List<ServiceInstance> instances =
          StateFile.read(content, folder.store(), "orders").instances();
      String number = instances.get(0).metadata().get("number");
      assertThat(instances)
          .as("kill %s, seed %s", kill, seed)
          .hasSize(StateWriter.count(Integer.parseInt(number)))
          .allMatch(instance -> instance.metadata().get("number").equals(number));
      inTheMiddle += removeLeftOver(folder) ? 1 : 0;
    }
    System.out.println(
        times + " kills, " + inTheMiddle + " of them in the middle of a write, seed " + seed);
    return inTheMiddle;
  }

  private static boolean removeLeftOver(StateFolder folder) throws IOException {
    boolean found = false;
    try (DirectoryStream<Path> left = Files.newDirectoryStream(folder.path(), "*.tmp")) {
      for (Path file : left) {
        Files.delete(file);
        found = true;
      }
    }
    return found;
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void writerWithoutSpace_keepsTheOldState_saysSoOnce_andGoesOn() throws Exception {
    List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -f 64; exec \"$@\"", "sh"));
    command.addAll(java("starved"));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (BufferedReader output = output(process)) {
      assertThat(output.lines())
          .satisfiesExactly(
              line -> assertThat(line).isEqualTo("on disk: {number=1}"),
              line -> assertThat(line).isEqualTo("on disk: {number=5}"),
              line -> assertThat(line).startsWith("WARN cache: ").contains("is tried again: "),
              line -> assertThat(line).startsWith("INFO cache: ").endsWith(" is written again"),
              line -> assertThat(line).isEqualTo("files: 1"));
      assertThat(process.waitFor()).isZero();
    } finally {
      process.destroyForcibly();
    }
  }

  private List<String> java(String what) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:-UsePerfData", // it is a file, too
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-Xmx64m",
        "-cp",
        System.getProperty("java.class.path"),
        StateWriter.class.getName(),
        what,
        root.toString());
  }

  private static BufferedReader output(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }
}
