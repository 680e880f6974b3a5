package dev.rollcall.server.consul;

import dev.rollcall.RegistryException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What Consul's API needs to be told.
 *
 * @param datacentre the name that it gives itself
 * @param node the name of this centre's node; centres that share a store need one each
 * @param blockingQueriesByClient how many queries of one address may wait at a time
 * @param firstIndex what the index begins at, 1 or more; higher than any that an earlier process
 *     has given out, so that a client that still holds an old index is answered at once
 * @param permissions asked before a registration is made, changed or removed
 * @param data a folder in which registrations, and the keys of a store in memory, are kept over the
 *     end of the process; one centre's at a time. Empty where nothing is to be kept
 * @param version the version of Consul that it says it is, as {@code 1.8.7}; from 1.9 on its
 *     answers have the headers that Consul has since then
 * @since 0.1.0
 */
public record ConsulApiSettings(
    String datacentre,
    String node,
    int blockingQueriesByClient,
    long firstIndex,
    Permissions permissions,
    Optional<Path> data,
    String version) {
  /** The version that the answers are compared with. */
  public static final String USUAL_VERSION = "1.8.7";

  private static final Pattern VERSION = Pattern.compile("1\\.[0-9]{1,3}\\.[0-9]{1,3}");
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");

  /**
   * Checks names and ranges.
   *
   * @param datacentre as the record says
   * @param node as the record says
   * @param blockingQueriesByClient as the record says
   * @param firstIndex as the record says
   * @param permissions as the record says
   * @param data as the record says
   * @param version as the record says
   */
  public ConsulApiSettings {
    requireName("datacentre", datacentre);
    requireName("node", node);
    if (blockingQueriesByClient < 1) {
      throw RegistryException.invalid(
          "blockingQueriesByClient: " + blockingQueriesByClient + " (expected: 1 or more)");
    }
    if (!VERSION.matcher(version).matches()) {
      throw RegistryException.invalid(
          "version: " + Fields.shown(version) + " (expected: one of Consul's, such as 1.8.7)");
    }
    if (firstIndex < 1) {
      throw RegistryException.invalid("firstIndex: " + firstIndex + " (expected: 1 or more)");
    }
  }

  /**
   * Returns settings with which nothing is kept over the end of the process.
   *
   * @param datacentre as the record says
   * @param node as the record says
   * @param blockingQueriesByClient as the record says
   * @param firstIndex as the record says
   * @param permissions as the record says
   */
  public ConsulApiSettings(
      String datacentre,
      String node,
      int blockingQueriesByClient,
      long firstIndex,
      Permissions permissions) {
    this(
        datacentre,
        node,
        blockingQueriesByClient,
        firstIndex,
        permissions,
        Optional.empty(),
        USUAL_VERSION);
  }

  /**
   * Returns these settings with a folder in which what must not be lost is kept.
   *
   * @param folder made where it is not there; its user's alone
   * @return new settings
   */
  public ConsulApiSettings keptIn(Path folder) {
    return with(permissions, Optional.of(folder), version);
  }

  /**
   * Returns these settings with another version of Consul to say.
   *
   * @param version three numbers, as {@code 1.20.1}
   * @return new settings
   */
  public ConsulApiSettings reporting(String version) {
    return with(permissions, data, version);
  }

  /**
   * Returns these settings with others' permissions.
   *
   * @param permissions asked before a registration is made, changed or removed
   * @return new settings
   */
  public ConsulApiSettings guardedBy(Permissions permissions) {
    return with(permissions, data, version);
  }

  private ConsulApiSettings with(Permissions permissions, Optional<Path> data, String version) {
    return new ConsulApiSettings(
        datacentre, node, blockingQueriesByClient, firstIndex, permissions, data, version);
  }

  private static void requireName(String field, String name) {
    if (!NAME.matcher(name).matches()) {
      throw RegistryException.invalid(
          field + ": " + Fields.shown(name) + " (expected: 1-63 of A-Z a-z 0-9 . _ -)");
    }
  }
}
