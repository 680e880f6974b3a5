package dev.rollcall.consul;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("inside")
class ArchitectureTest {
  private static final JavaClasses MODULE =
      new ClassFileImporter()
          .withImportOption(location -> !location.contains("/test-classes/"))
          .importPackages("dev.rollcall.consul");

  @Test
  @DisplayName("one class knows the Consul client, so that its fork is one file away")
  void client_isKnownByOneClass() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName(AgentClient.class.getName())
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("com.orbitz..", "retrofit2..")
        .check(MODULE);
  }

  @Test
  void http_isKnownByTheGatewayAndItsPartsAlone() {
    noClasses()
        .that()
        .haveNameNotMatching(
            ".*\\.(AgentClient|AgentHttp|ConsulGateway|ConsulUrls|OnceBody)(\\$.*)?")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("okhttp3..", "okio..")
        .check(MODULE);
  }

  @Test
  @DisplayName("16: nothing reads the wall clock, and nothing sleeps")
  void wallClock_isNotRead() {
    noClasses()
        .should()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(Thread.class, "sleep", long.class)
        .orShould()
        .dependOnClassesThat()
        .resideInAPackage("java.time.chrono..")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.time.Instant")
        .check(MODULE);
  }

  @Test
  void visibility_isLeast() {
    classes()
        .that()
        .arePublic()
        .and()
        .areTopLevelClasses()
        .should()
        .haveSimpleNameStartingWith("Consul")
        .check(MODULE);
  }
}
