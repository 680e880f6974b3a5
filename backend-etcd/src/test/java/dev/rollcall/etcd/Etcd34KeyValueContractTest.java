package dev.rollcall.etcd;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;

/** The contract of keys and values on etcd 3.4. */
@Tag("long")
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
