package dev.rollcall.server.standard;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ServerArchitectureTest {
  private static final String ROOT = "dev.rollcall.server.";
  private static final JavaClasses MODULE =
      new ClassFileImporter()
          .withImportOption(location -> !location.contains("/test-classes/"))
          .importPackages("dev.rollcall.server");

  /** All that is for users. Other public types are public for the centre's own packages alone. */
  private static final Set<String> FACADE =
      Set.of(
          "Centre",
          "CentreBuilder",
          "CentreContext",
          "CentreLimits",
          "CentrePart",
          "access.AccessControl",
          "access.Limits",
          "access.Tls",
          "access.Tokens",
          "consul.ConsulApiSettings",
          "consul.Permissions",
          "outbound.AddressRange",
          "outbound.OutboundPolicy",
          "standard.StandardCentre");

  private static final Pattern NAMED =
      Pattern.compile("dev\\.rollcall\\.server\\.((?:[a-z]+\\.)?[A-Z]\\w*)");

  /** What a part may know beside the centre itself. */
  private static final Map<String, Set<String>> KNOWS =
      Map.of(
          "access", Set.of(),
          "outbound", Set.of(),
          "dashboard", Set.of("access", "consul"),
          "consul", Set.of("access", "outbound"),
          "metrics", Set.of("outbound"),
          "dependencies", Set.of("access", "outbound"));

  @Test
  @DisplayName("The protocols do not know each other, and access and outgoing calls know neither")
  void parts_knowWhatTheyMay() {
    KNOWS.forEach(
        (part, known) -> {
          String[] others =
              KNOWS.keySet().stream()
                  .filter(other -> !other.equals(part) && !known.contains(other))
                  .map(other -> ROOT + other + "..")
                  .toArray(String[]::new);
          ArchRule rule =
              noClasses()
                  .that()
                  .resideInAPackage(ROOT + part + "..")
                  .should()
                  .dependOnClassesThat()
                  .resideInAnyPackage(others)
                  .orShould()
                  .dependOnClassesThat()
                  .resideInAPackage(ROOT + "standard..");
          rule.check(MODULE);
        });
  }

  @Test
  @DisplayName("No packages depend on each other in a circle")
  void packages_areFreeOfCycles() {
    slices().matching(ROOT + "(*)..").should().beFreeOfCycles().check(MODULE);
  }

  @Test
  @DisplayName("What users see names nothing internal, but for the calls that a part is offered")
  void facade_namesNothingInternal() {
    Set<String> named = new TreeSet<>();
    for (JavaClass type : MODULE) {
      if (isFacade(type) && type.getModifiers().contains(JavaModifier.PUBLIC)) {
        Stream.concat(type.getCodeUnits().stream(), type.getFields().stream())
            .filter(ServerArchitectureTest::isShown)
            .flatMap(ServerArchitectureTest::types)
            .flatMap(shown -> shown.getAllInvolvedRawTypes().stream())
            .map(JavaClass::getBaseComponentType)
            .filter(shown -> shown.getName().startsWith(ROOT) && !isFacade(shown))
            .forEach(shown -> named.add(type.getSimpleName() + ": " + shown.getSimpleName()));
      }
    }
    assertThat(named)
        .containsExactly("CentreContext: ClientMemory", "CentreContext: OutboundCalls");
  }

  @Test
  @DisplayName("The list of what users see has no name too many")
  void facade_isThere() {
    Set<String> there = new TreeSet<>();
    MODULE.stream()
        .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
        .forEach(type -> there.add(type.getName().substring(ROOT.length())));
    assertThat(there).containsAll(FACADE);
  }

  @Test
  @DisplayName("No other module names what is internal to the centre")
  void internals_areNamedByNoOtherModule() throws IOException {
    Set<String> named = new TreeSet<>();
    for (Path module : modules()) {
      try (Stream<Path> files = Files.walk(module.resolve("src"))) {
        for (Path file : files.filter(it -> it.toString().endsWith(".java")).toList()) {
          NAMED.matcher(Files.readString(file)).results().forEach(it -> named.add(it.group(1)));
        }
      }
    }
    assertThat(named).contains("Centre", "standard.StandardCentre"); // the command line's
    assertThat(named).isSubsetOf(FACADE);
  }

  /** The folders of the other modules, whose classes are built later than these. */
  private static List<Path> modules() throws IOException {
    Path own = Path.of("").toRealPath();
    try (Stream<Path> folders = Files.list(own.getParent())) {
      return folders
          .filter(folder -> !folder.equals(own) && Files.isDirectory(folder.resolve("src")))
          .toList();
    }
  }

  private static boolean isFacade(JavaClass type) {
    return FACADE.contains(type.getName().substring(ROOT.length()));
  }

  private static boolean isShown(JavaMember member) {
    return member.getModifiers().contains(JavaModifier.PUBLIC)
        || member.getModifiers().contains(JavaModifier.PROTECTED);
  }

  private static Stream<JavaType> types(JavaMember member) {
    return member instanceof JavaCodeUnit unit
        ? Stream.concat(Stream.of(unit.getReturnType()), unit.getParameterTypes().stream())
        : Stream.of(((JavaField) member).getType());
  }

  @Test
  @DisplayName("Every call out goes through the one guarded place")
  void calls_areGuarded() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + "outbound..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("com.linecorp.armeria.client..", "java.net.http..")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.net.Socket")
        .check(MODULE);
  }

  @Test
  @DisplayName("The centre knows no backend: which it stands on is the command line's to say")
  void backends_areNotKnown() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.rollcall.memory..", "dev.rollcall.consul..", "dev.rollcall.etcd..")
        .check(MODULE);
  }

  @Test
  @DisplayName("Nothing sleeps")
  void sleep_isNotCalled() {
    noClasses().should().callMethod(Thread.class, "sleep", long.class).check(MODULE);
  }
}
