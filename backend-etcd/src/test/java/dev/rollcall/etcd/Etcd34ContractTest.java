package dev.rollcall.etcd;

import org.junit.jupiter.api.AfterAll;

/** The contract on etcd 3.4. */
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
