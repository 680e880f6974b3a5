package dev.rollcall.consul;

import dev.rollcall.testkit.server.ConsulServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;

/** The contract on a server with a data folder, which knows everything still when it comes back. */
@Tag("long")
final class PersistentConsulContractTest extends ConsulContract {
  private static final ConsulPool POOL = new ConsulPool(ConsulServer.builder().persistent());

  PersistentConsulContractTest() {
    super(POOL);
  }

  @AfterAll
  static void closeServers() {
    POOL.close();
  }
}
