package dev.rollcall.server.standard;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ServerArchitectureTest {
  private static final String ROOT = "dev.rollcall.server.";
  private static final JavaClasses MODULE =
      new ClassFileImporter()
          .withImportOption(location -> !location.contains("/test-classes/"))
          .importPackages("dev.rollcall.server");

  /** What a part may know beside the centre itself. */
  private static final Map<String, Set<String>> KNOWS =
      Map.of(
          "access", Set.of(),
          "outbound", Set.of(),
          "dashboard", Set.of(),
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
  @DisplayName("Whoever calls out goes through the one guarded place")
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
