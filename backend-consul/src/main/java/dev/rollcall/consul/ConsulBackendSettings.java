package dev.rollcall.consul;

import dev.rollcall.HostPort;
import dev.rollcall.spi.support.TlsOptions;
import java.time.Duration;
import java.util.Optional;

/**
 * The options of a URI, checked.
 *
 * @param address the agent's
 * @param tls how to speak TLS; empty for plain HTTP
 * @param token sent with each request; empty for none
 * @param datacentre what to read from; empty for the agent's own
 * @param namespace sent with what takes one; empty for the token's
 * @param partition sent with what takes one; empty for the agent's
 * @param consistency of reads that have no reason of their own
 * @param patience how long a blocking query waits, whole seconds
 * @param timeout the deadline of each verb, and of each request that does not wait
 */
record ConsulBackendSettings(
    HostPort address,
    Optional<TlsOptions> tls,
    String token,
    String datacentre,
    String namespace,
    String partition,
    ReadOptions.Consistency consistency,
    Duration patience,
    Duration timeout) {

  /** Returns how long a silent agent can go unnoticed by a watch. */
  Duration silence() {
    return patience.plus(patience.dividedBy(16)).plusSeconds(2);
  }

  /** Returns how to read what was written before, unless the user wants stale reads. */
  ReadOptions read() {
    return consistency == ReadOptions.Consistency.STALE
        ? ReadOptions.now(consistency)
        : ReadOptions.CONSISTENT;
  }

  /** Returns how to read what is newer than an index; 0 reads anew, consistently. */
  ReadOptions readAfter(long index) {
    return index == 0 ? ReadOptions.CONSISTENT : ReadOptions.after(index, patience, consistency);
  }

  String baseUrl() {
    return (tls.isPresent() ? "https://" : "http://") + address;
  }

  /** Says where, and nothing that is secret. */
  @Override
  public String toString() {
    return "consul at " + address;
  }
}
