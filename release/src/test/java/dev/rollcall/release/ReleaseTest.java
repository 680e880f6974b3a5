package dev.rollcall.release;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/**
 * Stages a release of the last commit, as {@code docs/releasing.md} tells, and reads it back: first
 * as files, then as a project that uses it, then beside a second one.
 */
@Tag("long")
class ReleaseTest {
  private static final String VERSION = "0.1.0";

  /**
   * The libraries of the two backends are inside of them, under other names. In a build of all
   * modules those that use the backends still see the libraries beside them; users do not.
   */
  private static final Set<String> MAY_HOLD_LIBRARIES =
      Set.of(
          "rollcall-backend-consul", "rollcall-backend-etcd", "rollcall-cli", "rollcall-examples");

  @TempDir static Path work;
  private static Path staged;

  @BeforeAll
  static void stage() throws Exception {
    staged = stage("one");
  }

  @Test
  void artifacts_areComplete() throws IOException {
    Set<String> expected = new TreeSet<>();
    for (String module : Project.MODULES) {
      for (String ending :
          List.of(".pom", ".jar", "-sources.jar", "-javadoc.jar", "-cyclonedx.json")) {
        expected.add(fileName(Project.artifact(module), ending));
      }
    }
    expected.add(fileName("rollcall-bom", ".pom"));
    expected.add(fileName("rollcall-bom", "-cyclonedx.json"));

    assertThat(published().map(file -> file.getFileName().toString()))
        .containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void checksums_areRight() throws Exception {
    for (Path file : published().toList()) {
      assertThat(Files.readString(Path.of(file + ".md5"))).isEqualTo(digest("MD5", file));
      assertThat(Files.readString(Path.of(file + ".sha1"))).isEqualTo(digest("SHA-1", file));
    }
  }

  @Test
  void jars_carryLicenceAndNotice() throws IOException {
    for (String module : Project.MODULES) {
      Path file = artifact(Project.artifact(module), ".jar");
      try (JarFile jar = new JarFile(file.toFile())) {
        for (String name : List.of("LICENSE", "NOTICE")) {
          assertThat(jar.getEntry("META-INF/" + name)).as("%s in %s", name, file).isNotNull();
        }
        try (InputStream licence = jar.getInputStream(jar.getEntry("META-INF/LICENSE"))) {
          assertThat(new String(licence.readAllBytes(), StandardCharsets.UTF_8))
              .contains(Files.readString(Project.file("LICENSE")));
        }
      }
    }
  }

  @Test
  void poms_standAloneAndSayWhatTheyAre() throws Exception {
    for (Path file : published().filter(each -> each.toString().endsWith(".pom")).toList()) {
      Element project = xml(file).getDocumentElement();
      assertThat(children(project))
          .as("%s", file)
          .contains("name", "description", "url", "inceptionYear", "licenses", "developers", "scm")
          .doesNotContain("parent", "build", "profiles", "repositories", "properties");
      assertThat(text(project, "url")).isEqualTo("https://github.com/rollcall-dev/rollcall");
      assertThat(text(project, "version")).isEqualTo(VERSION);
      assertThat(Files.readString(file).replace("${project.version}", ""))
          .doesNotContain("SNAPSHOT")
          .doesNotContain("${");
      NodeList dependencies = project.getElementsByTagName("dependency");
      for (int i = 0; i < dependencies.getLength(); i++) {
        assertThat(children((Element) dependencies.item(i))).as("%s", file).contains("version");
      }
    }
  }

  /** What users resolve, who know nothing of our parent, is what our own build has resolved. */
  @Test
  void users_resolveWhatIsTested() throws Exception {
    Path users = Files.createDirectories(work.resolve("users"));
    List<String> modules = new ArrayList<>();
    for (String module : Project.MODULES) {
      Path user = Files.createDirectories(users.resolve(module));
      Files.writeString(user.resolve("pom.xml"), user(module));
      modules.add("<module>" + module + "</module>");
    }
    Files.writeString(
        users.resolve("pom.xml"),
        pom(
            "users",
            "<packaging>pom</packaging><modules>" + String.join("", modules) + "</modules>"));
    run(
        users,
        "mvn",
        "-B",
        "-q",
        "-Dmaven.repo.local=" + work.resolve("repository"),
        "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:tree",
        "-Dscope=runtime",
        "-DoutputFile=resolved.txt");

    List<String> differences = new ArrayList<>();
    for (String module : Project.MODULES) {
      String artifact = Project.artifact(module);
      Set<String> resolved = resolved(users.resolve(module).resolve("resolved.txt"));
      assertThat(resolved.remove("dev.rollcall:" + artifact + ":" + VERSION)).isTrue();
      Set<String> tested =
          Sbom.read(artifact(artifact, "-cyclonedx.json")).stream()
              .map(Sbom.Component::nameAndVersion)
              .collect(Collectors.toCollection(TreeSet::new));
      for (String one : resolved) {
        if (!tested.contains(one)) {
          differences.add(artifact + ": resolved and not tested: " + one);
        }
      }
      if (!MAY_HOLD_LIBRARIES.contains(artifact)) {
        for (String one : tested) {
          if (!resolved.contains(one)) {
            differences.add(artifact + ": tested and not resolved: " + one);
          }
        }
      }
    }
    assertThat(differences).isEmpty();
  }

  @Test
  void secondBuild_givesTheSameBytes() throws Exception {
    Path again = stage("two");
    List<Path> names = published().map(staged::relativize).toList();
    assertThat(names).isNotEmpty();
    assertThat(names)
        .allSatisfy(
            name -> assertThat(again.resolve(name)).hasSameBinaryContentAs(staged.resolve(name)));
  }

  private static Path stage(String name) throws Exception {
    Path repository = work.resolve(name);
    run(
        Project.file("."),
        ".ci/stage",
        VERSION,
        repository.toString(),
        "-Dmaven.repo.local=" + Project.localRepository(),
        "-pl",
        "!bench,!release");
    return repository;
  }

  /** All but checksums, and the index of versions, which names the time of the staging. */
  private static Stream<Path> published() {
    return Project.filesBelow(staged).stream()
        .filter(
            file ->
                !file.toString().matches(".*(\\.(md5|sha1|sha256|sha512)|maven-metadata\\.xml)"));
  }

  private static Path artifact(String artifact, String ending) {
    return staged
        .resolve("dev/rollcall")
        .resolve(artifact)
        .resolve(VERSION)
        .resolve(fileName(artifact, ending));
  }

  private static String fileName(String artifact, String ending) {
    return artifact + "-" + VERSION + ending;
  }

  private static String user(String module) {
    return pom(
        "user-of-" + Project.name(module),
        """
        <repositories>%s%s</repositories>
        <dependencies>
          <dependency>
            <groupId>dev.rollcall</groupId>
            <artifactId>%s</artifactId>
            <version>%s</version>
          </dependency>
        </dependencies>
        """
            .formatted(
                repository("staged", staged),
                // Mostly there already, from our own build; what is not comes from Central.
                repository("fetched", Project.localRepository()),
                Project.artifact(module),
                VERSION));
  }

  private static String repository(String id, Path directory) {
    return "<repository><id>%s</id><url>%s</url></repository>".formatted(id, directory.toUri());
  }

  private static String pom(String artifact, String rest) {
    return """
    <project xmlns="http://maven.apache.org/POM/4.0.0">
      <modelVersion>4.0.0</modelVersion>
      <groupId>user</groupId>
      <artifactId>%s</artifactId>
      <version>1</version>
      %s
    </project>
    """
        .formatted(artifact, rest);
  }

  /** The lines of a tree: {@code group:artifact:jar[:classifier]:version:scope}. */
  private static Set<String> resolved(Path tree) throws IOException {
    Pattern line =
        Pattern.compile(
            "[-+|\\\\ ]*([^: ]+:[^: ]+):jar:(?:[^: ]+:)?([^: ]+):(?:compile|runtime).*");
    Set<String> found = new TreeSet<>();
    for (String each : Files.readAllLines(tree)) {
      Matcher matcher = line.matcher(each);
      if (matcher.matches()) {
        found.add(matcher.group(1) + ":" + matcher.group(2));
      }
    }
    return found;
  }

  private static void run(Path directory, String... command) throws Exception {
    Path output = Files.createTempFile(work, "output", ".txt");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      int status = process.waitFor();
      assertThat(status).as("%s: %s", String.join(" ", command), Files.readString(output)).isZero();
    } finally {
      process.destroy();
    }
  }

  private static String digest(String algorithm, Path file)
      throws IOException, NoSuchAlgorithmException {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance(algorithm).digest(Files.readAllBytes(file)));
  }

  private static Document xml(Path file) throws Exception {
    return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile());
  }

  private static List<String> children(Element element) {
    List<String> names = new ArrayList<>();
    for (Node child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
      if (child instanceof Element) {
        names.add(child.getNodeName());
      }
    }
    return names;
  }

  private static String text(Element element, String name) {
    for (Node child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
      if (child.getNodeName().equals(name)) {
        return child.getTextContent();
      }
    }
    return "";
  }
}
