package dev.rollcall.stork;

import dev.rollcall.testkit.server.ConsulExtension;
import org.junit.jupiter.api.extension.RegisterExtension;

class ConsulTest extends StoreTest {
  @RegisterExtension static final ConsulExtension consul = ConsulExtension.create();

  @Override
  String uri() {
    return "consul://127.0.0.1:" + consul.port();
  }
}
