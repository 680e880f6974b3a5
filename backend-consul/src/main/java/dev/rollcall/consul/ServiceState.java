package dev.rollcall.consul;

import dev.rollcall.ServiceInstance;
import dev.rollcall.spi.WatchSink;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What {@link CatalogState} knows of one service. Guarded by the feed. */
final class ServiceState {
  final String service;
  final List<SinkMailbox<WatchSink>> sinks = new ArrayList<>();
  final Set<String> nodes = new HashSet<>();
  @Nullable List<ServiceInstance> last;
  long revision;

  /** Fetched in this turn. */
  boolean known;

  /** Stands in the queue. */
  boolean queued;

  /** Is being fetched; {@code again} says that it changed meanwhile. */
  boolean fetching;

  boolean again;

  /** Has lost instances with an interruption and is to be looked at once more. */
  boolean held;

  ServiceState(String service) {
    this.service = service;
  }

  /** A new turn begins. */
  void forget() {
    known = false;
    queued = false;
    fetching = false;
    again = false;
    held = false;
  }
}
