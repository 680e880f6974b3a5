package dev.rollcall.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.domain.properties.HasModifiers;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Whoever compiles against the artifacts sees no type of the libraries that they are built on. */
class PublicApiTest {
  /** The packages that are ours to show; what is relocated below them is not. */
  private static final Pattern OURS =
      Pattern.compile(
          "dev\\.rollcall(\\.(kv|spi(\\.support)?|memory|etcd|consul|grpc|http"
              + "|server(\\.[a-z0-9]+)?))?");

  private static final Pattern OURS_IN_JARS =
      Pattern.compile(".*/" + OURS.pattern().replace("\\.", "/") + "/[^/]+\\.class");

  private static final String CENTRE = "dev.rollcall.server";

  private static final String GRPC = "dev.rollcall.grpc";

  private static final JavaClasses ARTIFACTS =
      new ClassFileImporter()
          .withImportOption(location -> location.matches(OURS_IN_JARS))
          .importPackages("dev.rollcall");

  @Test
  @DisplayName("Signatures of the API and the backends name Java's types and our own alone")
  void signatures_nameNoLibrary() {
    assertThat(foreign(name -> !name.startsWith(CENTRE) && !name.equals(GRPC))).isEmpty();
  }

  @Test
  @DisplayName("Those of the centre name Armeria as well, whose server its parts add themselves to")
  void signaturesOfTheCentre_nameArmeriaAlone() {
    assertThat(foreign(name -> name.startsWith(CENTRE)))
        .isNotEmpty()
        .allMatch(line -> line.startsWith("com.linecorp.armeria."));
  }

  @Test
  @DisplayName("Those of the gRPC integration name the API of gRPC as well, and nothing below it")
  void signaturesForGrpc_nameTheApiOfGrpcAlone() {
    assertThat(foreign(GRPC::equals))
        .isNotEmpty()
        .allMatch(line -> line.matches("io\\.grpc\\.[A-Z].*"));
  }

  @Test
  @DisplayName("The test would see a wire")
  void signatures_areFound() {
    assertThat(ARTIFACTS.stream().filter(PublicApiTest::isShown).map(JavaClass::getName))
        .contains(
            "dev.rollcall.Registry",
            "dev.rollcall.spi.RegistryBackend",
            "dev.rollcall.memory.MemoryStore",
            "dev.rollcall.etcd.EtcdBackend",
            "dev.rollcall.consul.ConsulBackend",
            "dev.rollcall.grpc.RollcallGrpc",
            "dev.rollcall.http.ServiceClient",
            "dev.rollcall.server.Centre");
    assertThat(isAllowed("io.netty.channel")).isFalse();
    assertThat(isAllowed("dev.rollcall.etcd.shaded.io.netty.channel")).isFalse();
  }

  /** Lines "type of a signature in member", for the packages that a name passes. */
  private static SortedSet<String> foreign(Predicate<String> packages) {
    SortedSet<String> found = new TreeSet<>();
    for (JavaClass type : ARTIFACTS) {
      if (packages.test(type.getPackageName()) && isShown(type)) {
        signatures(type)
            .forEach(
                signature ->
                    signature
                        .types()
                        .flatMap(part -> part.getAllInvolvedRawTypes().stream())
                        .filter(raw -> !isAllowed(raw.getBaseComponentType()))
                        .forEach(raw -> found.add(raw.getName() + " in " + signature.name())));
      }
    }
    return found;
  }

  private static Stream<Signature> signatures(JavaClass type) {
    Stream<Signature> own =
        Stream.of(
            new Signature(
                type.getName(),
                Stream.of(
                        type.getSuperclass().stream(),
                        type.getInterfaces().stream(),
                        type.getTypeParameters().stream())
                    .flatMap(part -> part)));
    Stream<Signature> fields =
        type.getFields().stream()
            .filter(PublicApiTest::isShownMember)
            .map(PublicApiTest::signature);
    Stream<Signature> codeUnits =
        type.getCodeUnits().stream()
            .filter(PublicApiTest::isShownMember)
            .map(PublicApiTest::signature);
    return Stream.of(own, fields, codeUnits).flatMap(part -> part);
  }

  private static Signature signature(JavaField field) {
    return new Signature(field.getFullName(), Stream.of(field.getType()));
  }

  private static Signature signature(JavaCodeUnit codeUnit) {
    return new Signature(
        codeUnit.getFullName(),
        Stream.of(
                Stream.of(codeUnit.getReturnType()),
                codeUnit.getParameterTypes().stream(),
                codeUnit.getTypeParameters().stream(),
                codeUnit.getExceptionTypes().stream())
            .flatMap(part -> part));
  }

  /** Whether users can name it: itself and all around it are public or protected. */
  private static boolean isShown(JavaClass type) {
    Optional<JavaClass> around = type.getEnclosingClass();
    return OURS.matcher(type.getPackageName()).matches()
        && isShownMember(type)
        && around.map(PublicApiTest::isShown).orElse(true);
  }

  private static boolean isShownMember(HasModifiers member) {
    return !member.getModifiers().contains(JavaModifier.SYNTHETIC)
        && (member.getModifiers().contains(JavaModifier.PUBLIC)
            || member.getModifiers().contains(JavaModifier.PROTECTED));
  }

  private static boolean isAllowed(JavaClass type) {
    return type.isPrimitive() || isAllowed(type.getPackageName());
  }

  private static boolean isAllowed(String packageName) {
    return packageName.startsWith("java.")
        || packageName.equals("javax.net.ssl") // in java.base
        || OURS.matcher(packageName).matches();
  }

  private record Signature(String name, Stream<? extends JavaType> types) {}
}
