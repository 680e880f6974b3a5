package dev.rollcall.etcd;

import dev.rollcall.ServiceInstance;
import java.util.Optional;

/**
 * What a value says.
 *
 * @param instance the instance; empty where it is leaving
 * @param ownerId whose it is; empty where the value's form cannot say
 * @param epoch the owner's
 * @param format which form it has
 */
record Stored(Optional<ServiceInstance> instance, String ownerId, long epoch, Format format) {

  /** Whether the owner has taken its leave, and the key is about to vanish. */
  boolean leaving() {
    return instance.isEmpty();
  }

  /** The forms of a value. */
  enum Format {
    /** Rollcall's own: every field. */
    JSON,
    /** The record of etcd's Go naming package; Rollcall's fields travel in its metadata. */
    GO,
    /** A bare {@code host:port}. */
    PLAIN
  }
}
