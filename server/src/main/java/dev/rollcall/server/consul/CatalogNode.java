package dev.rollcall.server.consul;

import java.util.Map;

/** A node as the catalog has it. Empty maps stand for what Consul writes as null. */
record CatalogNode(
    String id,
    String name,
    String address,
    Map<String, String> taggedAddresses,
    Map<String, String> meta,
    long createIndex,
    long modifyIndex) {

  CatalogNode {
    taggedAddresses = Map.copyOf(taggedAddresses);
    meta = Map.copyOf(meta);
  }

  CatalogNode at(long create, long modify) {
    return new CatalogNode(id, name, address, taggedAddresses, meta, create, modify);
  }

  boolean says(CatalogNode other) {
    return equals(other.at(createIndex, modifyIndex));
  }
}
