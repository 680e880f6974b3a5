package dev.rollcall.server.consul;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A node as the catalog has it. Empty maps stand for what Consul writes as null. */
record CatalogNode(
    String id,
    String name,
    String address,
    Map<String, String> taggedAddresses,
    Map<String, String> meta,
    @Nullable Locality locality,
    long createIndex,
    long modifyIndex) {

  CatalogNode {
    taggedAddresses = Map.copyOf(taggedAddresses);
    meta = Map.copyOf(meta);
  }

  /** A node of which nobody has said where it is. */
  CatalogNode(
      String id,
      String name,
      String address,
      Map<String, String> taggedAddresses,
      Map<String, String> meta,
      long createIndex,
      long modifyIndex) {
    this(id, name, address, taggedAddresses, meta, null, createIndex, modifyIndex);
  }

  CatalogNode at(long create, long modify) {
    return new CatalogNode(id, name, address, taggedAddresses, meta, locality, create, modify);
  }

  boolean says(CatalogNode other) {
    return equals(other.at(createIndex, modifyIndex));
  }
}
