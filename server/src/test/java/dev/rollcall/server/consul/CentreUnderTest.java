package dev.rollcall.server.consul;

import dev.rollcall.server.Centre;
import dev.rollcall.server.CentreLimits;

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
    return Centre.builder(store)
        .port(port)
        .limits(limits)
        .part(
            context ->
                new ConsulApi(
                    context,
                    new ConsulApiSettings(
                        "dc1", node, 10_000, System.currentTimeMillis(), Permissions.everything())))
        .start();
  }
}
