package dev.rollcall.etcd;

import org.junit.jupiter.api.AfterAll;

/** The contract on etcd 3.5. */
final class Etcd35ContractTest extends EtcdContract {
  private static final EtcdPool POOL = new EtcdPool("3.5");

  Etcd35ContractTest() {
    super(POOL);
  }

  @AfterAll
  static void closeServers() {
    POOL.close();
  }
}
