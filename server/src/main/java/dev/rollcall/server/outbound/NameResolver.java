package dev.rollcall.server.outbound;

import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Finds the addresses of a host name. Thread-safe; does not block.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface NameResolver {

  /**
   * Looks a name up.
   *
   * @param host a host name, not an address
   * @return completes with its addresses, exceptionally or with none where there are none
   */
  CompletionStage<List<InetAddress>> resolve(String host);
}
