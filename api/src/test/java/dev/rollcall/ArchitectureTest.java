package dev.rollcall;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.KeyValueStoreBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

@AnalyzeClasses(packages = "dev.rollcall", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String ENGINE = "dev.rollcall.engine";

  /** Where an application or a backend opens the engine: these alone name what lies below them. */
  private static final DescribedPredicate<JavaClass> DOORS =
      belongToAnyOf(
          Registry.class,
          RegistryBuilder.class,
          KeyValueStore.class,
          KeyValueStoreBuilder.class,
          Balancer.class);

  @ArchTest
  static final ArchRule PACKAGES_HAVE_NO_CYCLE =
      slices()
          .assignedFrom(
              new SliceAssignment() {
                @Override
                public SliceIdentifier getIdentifierOf(JavaClass type) {
                  return SliceIdentifier.of(type.getPackageName());
                }

                @Override
                public String getDescription() {
                  return "packages";
                }
              })
          .should()
          .beFreeOfCycles()
          .ignoreDependency(DOORS, resideInAnyPackage("dev.rollcall.spi..", ENGINE));

  /** Draws the arrows between packages, with how many there are of each, for Mermaid. */
  @ArchTest
  static void packages_areDrawn(JavaClasses all) throws IOException {
    Map<String, Long> arrows =
        all.stream()
            .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
            .filter(arrow -> arrow.getTargetClass().getPackageName().startsWith("dev.rollcall"))
            .map(
                arrow ->
                    arrow.getOriginClass().getPackageName()
                        + " --> "
                        + arrow.getTargetClass().getPackageName())
            .filter(arrow -> !arrow.matches("(.*) --> \\1"))
            .collect(Collectors.groupingBy(arrow -> arrow, TreeMap::new, Collectors.counting()));
    Path drawing = Path.of("target", "packages.mmd");
    Files.createDirectories(drawing.getParent());
    Files.writeString(
        drawing,
        arrows.entrySet().stream()
            .map(arrow -> "  " + arrow.getKey().replace("-->", "--" + arrow.getValue() + "-->"))
            .collect(Collectors.joining("\n", "graph TD\n", "\n")));
    assertThat(arrows).containsKey("dev.rollcall.engine --> dev.rollcall.spi");
  }

  @ArchTest
  static final ArchRule ENGINE_IS_OPENED_AT_ITS_DOORS =
      noClasses()
          .that(not(DOORS).and(not(resideInAPackage(ENGINE))))
          .should()
          .dependOnClassesThat()
          .resideInAPackage(ENGINE);

  @ArchTest
  static final ArchRule SPI_IS_INTERFACES_AND_VALUES =
      noClasses()
          .that()
          .resideInAPackage("dev.rollcall.spi")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.rollcall.spi.support", ENGINE);

  @ArchTest
  static final ArchRule API_KNOWS_FEW_LIBRARIES =
      classes()
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "dev.rollcall..",
              "java..",
              "javax.net.ssl",
              "jdk.jfr..",
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

  /**
   * A monotonic clock cannot tell how long a state has lain on disk; nothing else needs another.
   */
  @ArchTest
  static final ArchRule NOBODY_ELSE_READS_THE_WALL_CLOCK =
      noClasses()
          .that()
          .doNotHaveFullyQualifiedName(ENGINE + ".StateCache")
          .should()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(Instant.class, "now")
          .orShould()
          .callMethod(InstantSource.class, "system");
}
