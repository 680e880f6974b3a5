package dev.rollcall.etcd;

/**
 * A revision of one store.
 *
 * @param cluster the store's id
 * @param term of its leader; it falls only where the store has lost its data
 * @param revision the store's
 */
record StoreRevision(long cluster, long term, long revision) {
  static StoreRevision of(io.etcd.jetcd.Response.Header header) {
    return new StoreRevision(header.getClusterId(), header.getRaftTerm(), header.getRevision());
  }

  /** Whether another moment, seen after this one, is older than this and of the same history. */
  boolean isBehind(StoreRevision later) {
    return later.cluster == cluster && later.term >= term && later.revision < revision;
  }

  /** Whether a later moment belongs to another history than this one. */
  boolean isCutOffFrom(StoreRevision later) {
    return later.cluster != cluster || later.term < term || later.revision < revision;
  }
}
