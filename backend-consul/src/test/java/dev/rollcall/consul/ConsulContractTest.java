package dev.rollcall.consul;

import dev.rollcall.testkit.server.ConsulServer;
import org.junit.jupiter.api.AfterAll;

/** The contract on an agent in development mode, which forgets everything when it ends. */
final class ConsulContractTest extends ConsulContract {
  private static final ConsulPool POOL = new ConsulPool(ConsulServer.builder());

  ConsulContractTest() {
    super(POOL);
  }

  @AfterAll
  static void closeServers() {
    POOL.close();
  }
}
