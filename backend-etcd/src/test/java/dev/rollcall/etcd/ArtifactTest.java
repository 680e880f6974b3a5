package dev.rollcall.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What users get: one jar, whose wires are ours alone. */
class ArtifactTest {
  private static final List<String> WIRES =
      List.of(
          "io.etcd",
          "io.grpc",
          "io.vertx",
          "io.netty",
          "io.perfmark",
          "com.google.protobuf",
          "com.google.rpc",
          "dev.failsafe",
          "com.fasterxml");

  @Test
  @DisplayName("all classes lie in our package")
  void classes_areOurs() throws IOException {
    List<String> classes = entries().stream().filter(name -> name.endsWith(".class")).toList();

    assertThat(classes).hasSizeGreaterThan(1_000);
    assertThat(classes).allMatch(name -> name.startsWith("dev/rollcall/etcd/"));
  }

  @Test
  @DisplayName("no class refers to a wire under the name that an application's own would have")
  void wires_areRelocated() {
    StringWriter said = new StringWriter();
    ToolProvider jdeps = ToolProvider.findFirst("jdeps").orElseThrow();
    int exit =
        jdeps.run(
            new PrintWriter(said),
            new PrintWriter(said),
            "--multi-release=base",
            "--ignore-missing-deps",
            "-verbose:package",
            "-filter:none",
            artifact().toString());
    List<String> targets =
        said.toString()
            .lines()
            .filter(line -> line.contains("->"))
            .map(line -> line.replaceFirst(".*->\\s+", ""))
            .toList();

    assertThat(exit).as(said.toString()).isZero();
    assertThat(targets).anyMatch(target -> target.startsWith("dev.rollcall.etcd.shaded."));
    assertThat(targets).noneMatch(target -> WIRES.stream().anyMatch(target::startsWith));
  }

  @Test
  @DisplayName("services of the wires are declared under their new names")
  void services_areRelocated() throws IOException {
    List<String> services =
        entries().stream()
            .filter(name -> name.startsWith("META-INF/services/") && !name.endsWith("/"))
            .toList();
    List<String> providers = new ArrayList<>();
    try (JarFile jar = new JarFile(artifact().toFile())) {
      for (String service : services) {
        byte[] lines = jar.getInputStream(jar.getEntry(service)).readAllBytes();
        new String(lines, StandardCharsets.UTF_8)
            .lines()
            .filter(line -> !line.isBlank() && !line.startsWith("#"))
            .forEach(providers::add);
      }
    }

    assertThat(services)
        .contains("META-INF/services/dev.rollcall.spi.BackendProvider")
        .allMatch(name -> name.startsWith("META-INF/services/dev.rollcall."));
    assertThat(providers).isNotEmpty().allMatch(name -> name.startsWith("dev.rollcall.etcd."));
  }

  @Test
  @DisplayName("licences and notices are in the jar, and which version of what was taken")
  void licences_areKept() throws IOException {
    assertThat(entries())
        .contains("META-INF/LICENSE", "META-INF/NOTICE")
        .anyMatch(name -> name.matches("META-INF/maven/.*jackson-core/pom.properties"));
  }

  private static List<String> entries() throws IOException {
    try (JarFile jar = new JarFile(artifact().toFile())) {
      return jar.stream().map(JarEntry::getName).toList();
    }
  }

  private static Path artifact() {
    try {
      Path place =
          Path.of(
              EtcdBackendProvider.class
                  .getProtectionDomain()
                  .getCodeSource()
                  .getLocation()
                  .toURI());
      assertThat(place.toString()).as("these tests run on the jar").endsWith(".jar");
      return place;
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }
}
