package dev.rollcall.etcd;

/**
 * A revision of one store.
 *
 * @param cluster the store's id
 * @param term of its leader; it falls only where the store has lost its data
 * @param revision the store's
 */
record Moment(long cluster, long term, long revision) {
  static Moment of(io.etcd.jetcd.Response.Header header) {
    return new Moment(header.getClusterId(), header.getRaftTerm(), header.getRevision());
  }

  /** Whether another moment, seen after this one, is older than this and of the same history. */
  boolean isBehind(Moment later) {
    return later.cluster == cluster && later.term >= term && later.revision < revision;
  }

  /** Whether a later moment belongs to another history than this one. */
  boolean isCutOffFrom(Moment later) {
    return later.cluster != cluster || later.term < term || later.revision < revision;
  }
}
