package dev.rollcall.testkit.artifact;

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

/**
 * What users get of a backend that takes its libraries into its own jar: one jar, whose libraries
 * no application can meet. The tests run on the jar, and need the JDK's {@code jdeps}.
 *
 * <pre>{@code
 * final class ArtifactTest extends ArtifactContract {
 *   ArtifactTest() {
 *     super(EtcdBackendProvider.class, List.of("io.etcd", "io.grpc"));
 *   }
 * }
 * }</pre>
 *
 * @since 0.1.0
 */
public abstract class ArtifactContract {
  /** What Rollcall itself looks for. */
  private static final String OURS = "META-INF/services/dev.rollcall.spi.";

  private static final String PROVIDERS = OURS + "BackendProvider";

  private final Class<?> provider;
  private final String ours;
  private final List<String> libraries;

  /**
   * For subclasses.
   *
   * @param provider a class of the artifact; libraries lie in {@code shaded} below its package
   * @param libraries the beginnings of the names that the libraries' packages had
   */
  protected ArtifactContract(Class<?> provider, List<String> libraries) {
    this.provider = provider;
    this.ours = provider.getPackageName() + ".";
    this.libraries = List.copyOf(libraries);
  }

  @Test
  @DisplayName("all classes lie in our package")
  void classes_areOurs() throws IOException {
    List<String> classes = entries().stream().filter(name -> name.endsWith(".class")).toList();

    String folder = ours.replace('.', '/');
    assertThat(classes).anyMatch(name -> name.startsWith(folder + "shaded/"));
    assertThat(classes).allMatch(name -> name.startsWith(folder));
  }

  @Test
  @DisplayName("no class refers to a library under the name that an application's own would have")
  void libraries_areRelocated() {
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
    assertThat(targets).anyMatch(target -> target.startsWith(ours + "shaded."));
    assertThat(targets).noneMatch(target -> libraries.stream().anyMatch(target::startsWith));
  }

  @Test
  @DisplayName("services of the libraries are declared under their new names")
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
        .contains(PROVIDERS)
        .allMatch(name -> name.startsWith(OURS) || name.startsWith("META-INF/services/" + ours));
    assertThat(providers).isNotEmpty().allMatch(name -> name.startsWith(ours));
  }

  @Test
  @DisplayName("licences and notices are in the jar, and which version of what was taken")
  void licences_areKept() throws IOException {
    assertThat(entries())
        .contains("META-INF/LICENSE", "META-INF/NOTICE")
        // The artifact's own, and those of what it has taken.
        .filteredOn(name -> name.matches("META-INF/maven/.*/pom.properties"))
        .hasSizeGreaterThan(1);
  }

  private List<String> entries() throws IOException {
    try (JarFile jar = new JarFile(artifact().toFile())) {
      return jar.stream().map(JarEntry::getName).toList();
    }
  }

  private Path artifact() {
    try {
      Path place = Path.of(provider.getProtectionDomain().getCodeSource().getLocation().toURI());
      assertThat(place.toString()).as("these tests run on the jar").endsWith(".jar");
      return place;
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }
}
