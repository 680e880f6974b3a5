package dev.rollcall.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.AccessMode;
import com.github.dockerjava.api.model.Bind;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.GenericContainer;

/** All of the way to Docker that can be gone without an engine. */
@Timeout(120)
class DockerImagesTest {
  private static final WantedServer ETCD_3_5 = new WantedServer(ServerKind.ETCD, "3.5");
  private static final WantedServer CONSUL =
      new WantedServer(ServerKind.CONSUL, WantedServer.ANY_LINE);

  @TempDir Path folder;
  private final Map<String, String> environment = new HashMap<>();
  private final Recording engine = new Recording();
  private Path bin;

  /** An engine that remembers what it is to run. */
  private static final class Recording implements ContainerEngine {
    final List<ContainerDefinition> started = new ArrayList<>();
    int asked;

    @Override
    public Optional<String> unavailable() {
      asked++;
      return Optional.empty();
    }

    @Override
    public ServerProcess start(ContainerDefinition definition) {
      started.add(definition);
      throw new ServerException("recorded");
    }
  }

  @BeforeEach
  void emptyMachine() throws Exception {
    bin = Files.createDirectories(folder.resolve("bin"));
    environment.put("PATH", bin.toString());
    environment.put("XDG_CACHE_HOME", folder.resolve("cache").toString());
  }

  private ServerBinary find(WantedServer wanted) {
    return BinaryFinder.of(environment, engine).find(wanted);
  }

  @Test
  void docker_isTheLastResort() {
    Path variable = FakePrograms.etcd(folder.resolve("variable"), "3.5.1");
    environment.put("ROLLCALL_ETCD_3_5", variable.toString());
    Path onPath = FakePrograms.etcd(bin, "3.5.2");
    Path cached = FakePrograms.etcd(folder.resolve("cache/rollcall/servers/etcd-3.5"), "3.5.3");
    assertThat(find(ETCD_3_5).origin()).isEqualTo("ROLLCALL_ETCD_3_5");
    environment.remove("ROLLCALL_ETCD_3_5");
    assertThat(find(ETCD_3_5).origin()).isEqualTo("PATH");
    assertThat(onPath.toFile().delete()).isTrue();
    assertThat(find(ETCD_3_5).origin()).isEqualTo("cache");
    assertThat(cached.toFile().delete()).isTrue();
    FakePrograms.apt(bin, "Debian|bookworm|main|http://mirror.test/debian/", "");
    FakePrograms.dpkg(bin, "3.5.16");
    assertThat(find(ETCD_3_5).origin()).isEqualTo("Debian package");
    assertThat(engine.asked).isZero();
    assertThat(cached.toFile().delete()).isTrue();
    FakePrograms.apt(bin, "Debian|bookworm|main|http://mirror.test/debian/", "exit 100");
    ServerBinary last = find(ETCD_3_5);
    assertThat(last.origin()).isEqualTo("Docker image");
    assertThat(last.version()).isEqualTo("3.5.16");
    assertThat(last.path()).isEqualTo(Path.of("/usr/local/bin/etcd"));
  }

  @Test
  void noEngine_isSaidInASentence() {
    ContainerEngine none = ContainerEngine.ofClassPath();
    Optional<String> unavailable = none.unavailable();
    BinaryFinder finder =
        BinaryFinder.of(
            environment,
            unavailable.isPresent() ? none : new ContainerEngine.None("no Docker engine runs"));
    assertThatThrownBy(() -> finder.find(ETCD_3_5))
        .isInstanceOf(ServerNotFoundException.class)
        .hasMessageStartingWith(
            "etcd 3.5 was not found: install it and put it on the PATH, set ROLLCALL_ETCD_3_5 to"
                + " its executable, or run Docker with Testcontainers on the class path (")
        .hasMessageEndingWith("; no Docker engine runs)");
  }

  @Test
  void noTestcontainers_isSaid() throws Exception {
    // As for a user who has not added the optional dependency.
    ClassLoader without =
        new ClassLoader(null) {
          @Override
          protected Class<?> findClass(String name) throws ClassNotFoundException {
            if (!name.startsWith("dev.rollcall.")) {
              throw new ClassNotFoundException(name);
            }
            try (var in =
                ContainerEngine.class.getResourceAsStream(
                    "/" + name.replace('.', '/') + ".class")) {
              byte[] bytes = in.readAllBytes();
              return defineClass(name, bytes, 0, bytes.length);
            } catch (java.io.IOException e) {
              throw new ClassNotFoundException(name, e);
            }
          }
        };
    var ofClassPath =
        without.loadClass(ContainerEngine.class.getName()).getDeclaredMethod("ofClassPath");
    ofClassPath.setAccessible(true);
    assertThat(ofClassPath.invoke(null))
        .hasToString(
            "None[reason=Testcontainers, which would run it in Docker, is not on the class path]");
  }

  @Test
  void fetchingForbidden_forbidsImages() {
    environment.put("ROLLCALL_FETCH", "false");
    assertThatThrownBy(() -> find(ETCD_3_5))
        .hasMessageContaining("ROLLCALL_FETCH=false forbids fetching its image");
    assertThat(engine.asked).isZero();
  }

  @Test
  void versionWithoutImage_isSaid() {
    assertThatThrownBy(() -> find(new WantedServer(ServerKind.CONSUL, "1.2")))
        .hasMessageContaining("no Docker image of that version is known");
  }

  @Test
  void etcd_isDefinedAsTheProcessWouldBe() throws Exception {
    Path certificate = Files.writeString(folder.resolve("cert.pem"), "x");
    ServerBinary binary = find(ETCD_3_5);
    PortLease ports = PortLease.of(3);
    try (EtcdServer server =
        new EtcdServer(
            new EtcdServerBuilder.Config(
                List.of("--cert-file=" + certificate), false, java.time.Duration.ofSeconds(1)),
            binary,
            ports,
            new EtcdServer.Membership("all", "token", 250))) {
      assertThatThrownBy(server::start).hasMessage("recorded");
      ContainerDefinition defined = engine.started.get(0);
      assertThat(defined.image()).isEqualTo("quay.io/coreos/etcd:v3.5.16");
      assertThat(defined.command())
          .startsWith("/usr/local/bin/etcd")
          .contains(
              "--listen-client-urls=http://127.0.0.1:" + server.port(),
              "--data-dir=" + server.dataFolder());
      assertThat(defined.folder()).isEqualTo(server.dataFolder().getParent());
      assertThat(defined.files()).containsExactly(certificate);

      try (GenericContainer<?> container = DockerEngine.container(defined)) {
        assertThat(container.getImage()).asString().contains("quay.io/coreos/etcd:v3.5.16,");
        assertThat(container.getNetworkMode()).isEqualTo("host");
        assertThat(container.getExposedPorts()).isEmpty();
        assertThat(List.of(container.getCommandParts()))
            .isEqualTo(defined.command().subList(1, defined.command().size()));
        assertThat(container.getBinds())
            .extracting(Bind::getPath, bind -> bind.getVolume().getPath(), Bind::getAccessMode)
            .containsExactly(
                tuple(defined.folder().toString(), defined.folder().toString(), AccessMode.rw),
                tuple(certificate.toString(), certificate.toString(), AccessMode.ro));
        assertThat(created(container))
            .containsEntry("withEntrypoint", "/usr/local/bin/etcd")
            .hasEntrySatisfying("withUser", user -> assertThat(user).matches("\\d+:\\d+"));
      }
    }
  }

  @Test
  void consul_isDefinedAsTheProcessWouldBe() {
    ServerBinary binary = find(CONSUL);
    assertThatThrownBy(
            () ->
                binary
                    .launcher(ServerKind.CONSUL)
                    .start(List.of("agent", "-http-port=1"), folder, folder.resolve("log")))
        .hasMessage("recorded");
    ContainerDefinition defined = engine.started.get(0);
    assertThat(defined.image()).isEqualTo("consul:1.8.7");
    assertThat(defined.command()).containsExactly("/bin/consul", "agent", "-http-port=1");
    assertThat(defined.files()).isEmpty();
  }

  /** What the container asks of Docker beyond its own properties. */
  private static Map<String, String> created(GenericContainer<?> container) {
    Map<String, String> asked = new HashMap<>();
    CreateContainerCmd command =
        (CreateContainerCmd)
            Proxy.newProxyInstance(
                CreateContainerCmd.class.getClassLoader(),
                new Class<?>[] {CreateContainerCmd.class},
                (self, method, arguments) -> {
                  Object first = arguments[0];
                  asked.put(
                      method.getName(),
                      first instanceof String[] several ? String.join(" ", several) : "" + first);
                  return self;
                });
    container.getCreateContainerCmdModifiers().forEach(modifier -> modifier.modify(command));
    return asked;
  }
}
