package dev.rollcall.server;

import dev.rollcall.Registry;
import dev.rollcall.server.outbound.OutboundCalls;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;

/**
 * What the centre offers to its parts; all of it is the centre's to close.
 *
 * @param storeUri where the store is; may hold a secret
 * @param backend the store
 * @param registry the engine on that store: cached views, and registrations that are kept
 * @param timer the clock and scheduler
 * @param calls makes all calls to what clients name: checks, heartbeats, updates. Its type is
 *     internal and may change in any release; a part of yours makes its own calls
 * @param memory how much memory clients may hold. Its types are internal and may change in any
 *     release
 * @param storeName what kind of store it is: {@code memory}, {@code etcd}, {@code consul}
 * @param isStoreInProcess whether the store ends with this process
 * @since 0.1.0
 */
public record CentreContext(
    String storeUri,
    RegistryBackend backend,
    Registry registry,
    Timer timer,
    OutboundCalls calls,
    ClientMemory memory,
    String storeName,
    boolean isStoreInProcess) {

  /** Returns the kind of store, without its address. */
  @Override
  public String toString() {
    return "centre on " + storeName;
  }
}
