package dev.rollcall.stork;

import io.smallrye.stork.api.MetadataKey;

/**
 * What Stork's metadata of an instance holds besides its labels.
 *
 * @since 0.1.0
 */
public enum RollcallMetadataKey implements MetadataKey {
  /** The id within the service; to a registrar, the id to register. */
  META_ROLLCALL_ID("rollcall-id"),
  /** The weight, an {@link Integer}. */
  META_ROLLCALL_WEIGHT("rollcall-weight"),
  /** The zone, empty where none was given. */
  META_ROLLCALL_ZONE("rollcall-zone");

  private final String key;

  RollcallMetadataKey(String key) {
    this.key = key;
  }

  @Override
  public String getName() {
    return key;
  }
}
