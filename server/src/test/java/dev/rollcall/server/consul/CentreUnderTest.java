package dev.rollcall.server.consul;

import dev.rollcall.server.Centre;
import dev.rollcall.server.CentreLimits;
import java.nio.file.Path;
import java.util.Optional;

/** A centre with Consul's API on a free port. */
final class CentreUnderTest {
  private CentreUnderTest() {}

  static Centre start(String store) {
    return start(store, 0, "n1");
  }

  static Centre start(String store, int port, String node) {
    return start(store, port, node, CentreLimits.standard());
  }

  static Centre start(String store, int port, String node, CentreLimits limits) {
    return start(store, port, node, limits, Optional.empty());
  }

  /** Starts one that keeps what is registered in a folder. */
  static Centre start(String store, String node, Path data) {
    return start(store, 0, node, CentreLimits.standard(), Optional.of(data));
  }

  private static Centre start(
      String store, int port, String node, CentreLimits limits, Optional<Path> data) {
    return Centre.builder(store)
        .port(port)
        .limits(limits)
        .part(
            context ->
                new ConsulApi(
                    context,
                    new ConsulApiSettings(
                        "dc1",
                        node,
                        10_000,
                        System.currentTimeMillis(),
                        Permissions.everything(),
                        data,
                        ConsulApiSettings.USUAL_VERSION)))
        .start();
  }
}
