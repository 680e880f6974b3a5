package dev.rollcall.etcd;

import org.junit.jupiter.api.AfterAll;

/** The contract of keys and values on etcd 3.4. */
final class Etcd34KeyValueContractTest extends EtcdKeyValueContract {
  private static final EtcdPool POOL = new EtcdPool("3.4");

  Etcd34KeyValueContractTest() {
    super(POOL);
  }

  @AfterAll
  static void closeServers() {
    POOL.close();
  }
}
