package dev.rollcall.etcd;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;

/** The contract on etcd 3.4. */
@Tag("long")
final class Etcd34ContractTest extends EtcdContract {
  private static final EtcdPool POOL = new EtcdPool("3.4");

  Etcd34ContractTest() {
    super(POOL);
  }

  @AfterAll
  static void closeServers() {
    POOL.close();
  }
}
