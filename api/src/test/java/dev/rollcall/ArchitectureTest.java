package dev.rollcall;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.TimeUnit;

@AnalyzeClasses(packages = "dev.rollcall", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  /** What an application registers and finds; the SPI speaks of it. */
  private static final Set<String> VALUES =
      Set.of(
          "Bytes",
          "Health",
          "HostPort",
          "InstanceKey",
          "KeyValue",
          "Keys",
          "Liveness",
          "RegistryException",
          "ServiceInstance");

  /** The engine: nobody outside of its package knows it. */
  private static final Set<String> ENGINE =
      Set.of(
          "Answers",
          "BackedKeyValueStore",
          "Backoff",
          "BalancedView",
          "CachedView",
          "CatalogMailbox",
          "Checks",
          "Chunk",
          "Complaint",
          "ConsistentHash",
          "Dispatcher",
          "Due",
          "Failures",
          "Fanout",
          "FlatMap",
          "InstanceCache",
          "InstanceList",
          "ShownInstances",
          "KeyHash",
          "KeyValueMailbox",
          "LeastLoaded",
          "LossGuard",
          "Machine",
          "Mailbox",
          "RandomChoice",
          "RealMachine",
          "RecentViews",
          "RoundRobin",
          "ServiceMailbox",
          "Shared",
          "Since",
          "SlowStart",
          "StateMailbox",
          "Sticky",
          "StoreCatalog",
          "StoreContact",
          "StoreRegistration",
          "StoreRegistry",
          "Target",
          "Targets",
          "WatchedKeys",
          "WatchedService",
          "Weighted",
          "ZonePreference");

  private static DescribedPredicate<JavaClass> inTopLevel(Set<String> names) {
    DescribedPredicate<JavaClass> named =
        describe("one of " + names, type -> names.contains(topLevel(type).getSimpleName()));
    return named.and(resideInAPackage("dev.rollcall"));
  }

  private static JavaClass topLevel(JavaClass type) {
    JavaClass outer = type;
    while (outer.getEnclosingClass().isPresent()) {
      outer = outer.getEnclosingClass().get();
    }
    return outer;
  }

  @ArchTest
  static void engine_isAllThatIsNotPublic(JavaClasses all) {
    assertThat(
            all.stream()
                .filter(type -> type.getPackageName().equals("dev.rollcall"))
                .filter(type -> type.getEnclosingClass().isEmpty())
                .filter(type -> !type.getModifiers().contains(JavaModifier.PUBLIC))
                .map(JavaClass::getSimpleName)
                .filter(name -> !name.equals("package-info")))
        .containsExactlyInAnyOrderElementsOf(ENGINE);
  }

  @ArchTest
  static final ArchRule SPI_KNOWS_VALUES_ONLY =
      noClasses()
          .that()
          .resideInAPackage("dev.rollcall.spi")
          .should()
          .dependOnClassesThat(
              resideInAPackage("dev.rollcall").and(DescribedPredicate.not(inTopLevel(VALUES))));

  @ArchTest
  static final ArchRule VALUES_KNOW_NO_SPI =
      noClasses()
          .that(inTopLevel(VALUES))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.rollcall.spi");

  @ArchTest
  static final ArchRule API_KNOWS_FEW_LIBRARIES =
      classes()
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "dev.rollcall",
              "dev.rollcall.spi",
              "java..",
              "com.google.common..",
              "org.slf4j",
              "org.jspecify.annotations");

  @ArchTest
  static final ArchRule NAMES_SAY_SOMETHING =
      noClasses().should().haveNameMatching(".*(Manager|Helper|Util|Utils|Impl)(\\$.*)?");

  @ArchTest
  static final ArchRule NO_PUBLIC_FIELD_IS_MUTABLE =
      fields().that().arePublic().should().beFinal().allowEmptyShould(true);

  @ArchTest
  static final ArchRule NOBODY_PRINTS =
      noClasses()
          .should()
          .accessField(System.class, "out")
          .orShould()
          .accessField(System.class, "err");

  @ArchTest
  static final ArchRule NOBODY_SLEEPS =
      noClasses()
          .should()
          .callMethod(Thread.class, "sleep", long.class)
          .orShould()
          .callMethod(Thread.class, "sleep", long.class, int.class)
          .orShould()
          .callMethod(TimeUnit.class, "sleep", long.class);

  @ArchTest
  static final ArchRule NOBODY_READS_THE_WALL_CLOCK =
      noClasses()
          .should()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(Instant.class, "now");
}
