package dev.rollcall.bench.fleet;

/** A store's own client that watches services and keeps one registration alive. */
interface RawClient extends AutoCloseable {
  int TTL_SECONDS = 10;

  /** Opens one that watches {@code service-0} and so on; blocks until it has the first answers. */
  static RawClient open(Store store, String address, int services) throws Exception {
    return store == Store.ETCD ? new RawEtcd(address, services) : new RawConsul(address, services);
  }

  /** Returns how many changes it was told of. */
  long heard();

  @Override
  void close();
}
