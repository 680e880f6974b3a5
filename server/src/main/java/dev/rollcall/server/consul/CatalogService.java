package dev.rollcall.server.consul;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSortedMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An instance of a service as the catalog has it, unique by node and id. */
record CatalogService(
    String node,
    String id,
    String name,
    String kind,
    List<String> tags,
    String address,
    Map<String, Address> taggedAddresses,
    Map<String, String> meta,
    int port,
    int passingWeight,
    int warningWeight,
    boolean enableTagOverride,
    @Nullable Locality locality,
    List<NamedPort> ports,
    long createIndex,
    long modifyIndex) {

  /** A further address; not checked, since clients keep other things in it too. */
  record Address(String address, int port) {}

  CatalogService {
    tags = List.copyOf(tags);
    ports = List.copyOf(ports);
    taggedAddresses = ImmutableSortedMap.copyOf(taggedAddresses);
    meta = meta.isEmpty() ? ImmutableMap.of() : ImmutableSortedMap.copyOf(meta);
  }

  /** A service of one port, of which nobody has said where it is. */
  CatalogService(
      String node,
      String id,
      String name,
      String kind,
      List<String> tags,
      String address,
      Map<String, Address> taggedAddresses,
      Map<String, String> meta,
      int port,
      int passingWeight,
      int warningWeight,
      boolean enableTagOverride,
      long createIndex,
      long modifyIndex) {
    this(
        node,
        id,
        name,
        kind,
        tags,
        address,
        taggedAddresses,
        meta,
        port,
        passingWeight,
        warningWeight,
        enableTagOverride,
        null,
        List.of(),
        createIndex,
        modifyIndex);
  }

  /** Returns the port for clients that ask for none by name; 0 where there is none. */
  int usualPort() {
    return port != 0
        ? port
        : ports.stream().filter(NamedPort::isDefault).findFirst().map(NamedPort::port).orElse(0);
  }

  CatalogService at(long create, long modify) {
    return new CatalogService(
        node,
        id,
        name,
        kind,
        tags,
        address,
        taggedAddresses,
        meta,
        port,
        passingWeight,
        warningWeight,
        enableTagOverride,
        locality,
        ports,
        create,
        modify);
  }

  CatalogService withoutTaggedAddresses() {
    return new CatalogService(
        node,
        id,
        name,
        kind,
        tags,
        address,
        Map.of(),
        meta,
        port,
        passingWeight,
        warningWeight,
        enableTagOverride,
        locality,
        ports,
        createIndex,
        modifyIndex);
  }

  boolean says(CatalogService other) {
    return equals(other.at(createIndex, modifyIndex));
  }
}
