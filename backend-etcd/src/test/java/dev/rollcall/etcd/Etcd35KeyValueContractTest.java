package dev.rollcall.etcd;

import org.junit.jupiter.api.AfterAll;

/** The contract of keys and values on etcd 3.5. */
final class Etcd35KeyValueContractTest extends EtcdKeyValueContract {
  private static final EtcdPool POOL = new EtcdPool("3.5");

  Etcd35KeyValueContractTest() {
    super(POOL);
  }

  @AfterAll
  static void closeServers() {
    POOL.close();
  }
}
