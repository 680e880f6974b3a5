package dev.rollcall.testkit.server;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Executables in images that an engine runs: the last resort, since an image may be large. */
final class DockerImages implements BinarySource {
  private static final Image CONSUL_1_8 =
      new Image("consul:1.8.7", Path.of("/bin/consul"), "1.8.7");

  private static final Map<WantedServer, Image> KNOWN =
      Map.of(
          new WantedServer(ServerKind.ETCD, "3.4"),
          etcd("3.4.23"),
          new WantedServer(ServerKind.ETCD, "3.5"),
          etcd("3.5.16"),
          new WantedServer(ServerKind.CONSUL, "1.8"),
          CONSUL_1_8,
          new WantedServer(ServerKind.CONSUL, WantedServer.ANY_LINE),
          CONSUL_1_8);

  private final ContainerEngine engine;

  /** An image, and where the executable lies in it. */
  private record Image(String name, Path executable, String version) {}

  DockerImages(ContainerEngine engine) {
    this.engine = engine;
  }

  private static Image etcd(String version) {
    return new Image("quay.io/coreos/etcd:v" + version, Path.of("/usr/local/bin/etcd"), version);
  }

  @Override
  public Optional<ServerBinary> find(WantedServer wanted, Consumer<String> reasons) {
    Image image = KNOWN.get(wanted);
    if (image == null) {
      reasons.accept("no Docker image of that version is known");
      return Optional.empty();
    }
    Optional<String> unavailable = engine.unavailable();
    if (unavailable.isPresent()) {
      reasons.accept(unavailable.get());
      return Optional.empty();
    }
    return Optional.of(
        new ServerBinary(
            image.executable,
            image.version,
            "Docker image",
            (arguments, folder, log) ->
                engine.start(
                    ContainerDefinition.of(image.name, image.executable, arguments, folder, log))));
  }
}
