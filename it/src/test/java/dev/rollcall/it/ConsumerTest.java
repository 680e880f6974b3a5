package dev.rollcall.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.testkit.server.ConsulExtension;
import dev.rollcall.testkit.server.EtcdExtension;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What users resolve is what is tested: projects of their own, with the artifacts as they are
 * installed and the versions that each one's bill of materials manages, on real stores.
 */
class ConsumerTest {
  private static final Duration STAND = Duration.ofSeconds(12);

  private static final Set<Consumer> USUAL =
      EnumSet.of(Consumer.PLAIN, Consumer.BOM, Consumer.SPRING_BOOT_3);

  /** Those that are no cell of the matrix: they have no store, or are meant to fail. */
  private static final Set<Consumer> APART = EnumSet.of(Consumer.JLINK, Consumer.FAT_JAR_UNMERGED);

  @RegisterExtension static final EtcdExtension etcd = EtcdExtension.version("3.5");
  @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();

  static Stream<Arguments> usual() {
    return cells(USUAL);
  }

  static Stream<Arguments> others() {
    Set<Consumer> others = EnumSet.complementOf(EnumSet.copyOf(USUAL));
    others.removeAll(APART);
    others.removeIf(consumer -> !consumer.runsProgram());
    return cells(others);
  }

  private static Stream<Arguments> cells(Set<Consumer> consumers) {
    return consumers.stream()
        .flatMap(consumer -> Stream.of(Store.values()).map(store -> Arguments.of(consumer, store)));
  }

  @ParameterizedTest(name = "{0} on {1}")
  @MethodSource("usual")
  void usualConsumer_staysAndLeavesNothing(Consumer consumer, Store store) throws Exception {
    assertStays(consumer, store, STAND);
  }

  @Tag("long")
  @ParameterizedTest(name = "{0} on {1}")
  @MethodSource("others")
  void consumer_staysAndLeavesNothing(Consumer consumer, Store store) throws Exception {
    assertStays(consumer, store, STAND);
  }

  @Tag("long")
  @Test
  @DisplayName("Beside Spring Boot 3.5's Netty, a TTL of 3 s holds for a minute")
  void springBoot3_onEtcd_staysForAMinute() throws Exception {
    assertStays(Consumer.SPRING_BOOT_3, Store.ETCD, Duration.ofMinutes(1));
  }

  @Tag("long")
  @Test
  @DisplayName("A runtime image of the API and the memory store runs without a JDK")
  void image_onMemory_stays() throws Exception {
    Child program = run(Consumer.JLINK, List.of("memory:", "memory:"), "image", STAND);
    assertThat(program.exitCode()).as("%s", program).isZero();
    assertThat(program.said("RESULT")).isEqualTo("lost=0 states=[ACTIVE, CLOSED] value=hello");
  }

  @Tag("long")
  @Test
  @DisplayName("A fat jar that kept one of the service files says so at once")
  void fatJar_withoutMergedServiceFiles_isToldSo() throws Exception {
    Child program =
        run(Consumer.FAT_JAR_UNMERGED, uris(Store.CONSUL, "unmerged"), "unmerged", STAND);
    assertThat(program.exitCode()).as("%s", program).isEqualTo(1);
    assertThat(program.said("RESULT"))
        .startsWith("lost=0 states=[] dev.rollcall.RegistryException: ")
        .contains("rollcall-backend-consul is there", "merge META-INF/services");
  }

  @AfterAll
  static void storesAreEmpty() throws Exception {
    assertThat(Store.ETCD.entries(etcd.endpoint())).isEmpty();
    assertThat(Store.ETCD.leases(etcd.endpoint())).isEmpty();
    assertThat(Store.CONSUL.entries(consul.endpoint())).isEmpty();
    assertThat(Store.CONSUL.leases(consul.endpoint())).isEmpty();
  }

  private static void assertStays(Consumer consumer, Store store, Duration stand)
      throws IOException, InterruptedException {
    String cell = consumer.project() + "-" + stand.toSeconds();
    Child program = run(consumer, uris(store, cell), cell, stand);
    System.out.printf(
        "%s on %s: %s; on the class path: %s%n",
        consumer.project(), store, program.said("RESULT"), program.said("WIRES"));
    assertThat(program.said("RESULT"))
        .as("%s", program)
        .isEqualTo("lost=0 states=[ACTIVE, CLOSED] value=hello");
    assertThat(program.exitCode()).as("%s", program).isZero();
    String own = consumer.ownLibraries();
    assertThat(program.said("WIRES")).containsPattern(own.isEmpty() ? "^none$" : own);
    assertThat(store.entries(endpoint(store), cell)).isEmpty();
  }

  private static Child run(Consumer consumer, List<String> uris, String cell, Duration stand)
      throws IOException, InterruptedException {
    Path built = ConsumerBuilds.of(consumer);
    List<String> command = new ArrayList<>(consumer.command(built));
    command.addAll(uris);
    command.addAll(List.of(cell, stand.toString()));
    String scheme = uris.get(0).substring(0, uris.get(0).indexOf(':'));
    String log = scheme + "-" + stand.toSeconds() + ".log";
    return Child.run(
        command, built, Map.of(), built.resolve(log), stand.plus(Duration.ofMinutes(2)));
  }

  private static List<String> uris(Store store, String cell) {
    return store.uris(endpoint(store), cell);
  }

  private static String endpoint(Store store) {
    return store == Store.ETCD ? etcd.endpoint() : consul.endpoint();
  }
}
