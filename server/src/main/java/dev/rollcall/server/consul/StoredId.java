package dev.rollcall.server.consul;

import com.google.common.hash.Hashing;
import dev.rollcall.RegistryException;
import java.nio.charset.StandardCharsets;

/**
 * Under which id an instance of the catalog stands in the store. Consul's IDs are unique on a node,
 * the store's within a service: so the node's name becomes a part of it. An instance that Rollcall
 * itself registered through Consul's interface has an id that is unique within its service, and
 * keeps it, so that it is taken over and not there twice when its program moves to another centre.
 * Stateless.
 */
final class StoredId {
  /** What our own Consul backend adds to all that it registers. */
  private static final String OWNER = "rollcall-owner";

  private static final char OF_NODE = '@';
  private static final int MAX_BYTES = 253;
  private static final int KEPT_CHARACTERS = 60;
  private static final int HASH_CHARACTERS = 32;

  private StoredId() {}

  /**
   * Returns the id.
   *
   * @param isOwnNode whether the node is the one whose ids need no addition
   */
  static String of(CatalogService service, boolean isOwnNode) {
    if (service.meta().containsKey(OWNER)) {
      return withinService(service.name(), service.id());
    }
    String id = service.id();
    if (isOwnNode && id.indexOf(OF_NODE) < 0 && isFit(id)) {
      return id;
    }
    String both = escaped(id) + OF_NODE + escaped(service.node());
    if (isFit(both)) {
      return both;
    }
    String hash =
        Hashing.sha256()
            .hashString(id + '\n' + service.node(), StandardCharsets.UTF_8)
            .toString()
            .substring(0, HASH_CHARACTERS);
    String kept = both.substring(0, Math.min(both.length(), KEPT_CHARACTERS));
    return kept.replaceAll("[^A-Za-z0-9._-]", "-") + OF_NODE + OF_NODE + hash;
  }

  /** Our Consul backend writes {@code service/id} where an id alone would not lead back. */
  static String withinService(String service, String id) {
    String prefix = service + "/";
    if (!id.startsWith(prefix)) {
      return id;
    }
    int end = id.indexOf('/', prefix.length());
    return id.substring(prefix.length(), end < 0 ? id.length() : end);
  }

  private static boolean isFit(String id) {
    try {
      dev.rollcall.InstanceId.check(id);
      return id.getBytes(StandardCharsets.UTF_8).length <= MAX_BYTES;
    } catch (RegistryException unfit) {
      return false;
    }
  }

  private static String escaped(String text) {
    return text.replace("%", "%25").replace("/", "%2F").replace("@", "%40");
  }
}
