package dev.rollcall.testkit.server;

import java.util.Map;
import java.util.Optional;

/** A package and the Debian release whose version of it is wanted. */
record DebianPackage(String name, String release) {
  private static final DebianPackage CONSUL_1_8 = new DebianPackage("consul", "bullseye");

  private static final Map<WantedServer, DebianPackage> KNOWN =
      Map.of(
          new WantedServer(ServerKind.ETCD, "3.4"),
          new DebianPackage("etcd-server", "bookworm"),
          new WantedServer(ServerKind.ETCD, "3.5"),
          new DebianPackage("etcd-server", "trixie"),
          new WantedServer(ServerKind.CONSUL, "1.8"),
          CONSUL_1_8,
          new WantedServer(ServerKind.CONSUL, WantedServer.ANY_LINE),
          CONSUL_1_8);

  static Optional<DebianPackage> of(WantedServer wanted) {
    return Optional.ofNullable(KNOWN.get(wanted));
  }
}
