package dev.rollcall.consul;

import dev.rollcall.InstanceKey;
import dev.rollcall.spi.Owner;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How keys are written to Consul. Consul's IDs are unique within an agent, ours within a service.
 * So an ID must lead back to one service alone: {@code orders-7} and {@code orders-<UUID>} of
 * {@code orders} do, and stay as they are; any other is written as {@code service/id}, since
 * neither of the two may hold a '/'. And Consul takes {@code A} and {@code a} for the same: where
 * one of the two has capitals, a hash follows as a third part, but for ids that end in a UUID.
 */
final class Names {
  static final String OWNER = "rollcall-owner";
  static final String EPOCH = "rollcall-epoch";
  static final String SCHEME = "rollcall-scheme";
  static final String ZONE = "rollcall-zone";
  static final String WEIGHT = "rollcall-weight";

  /** A tagged address that is none: what Consul's metadata has no room for, as JSON. */
  static final String MORE = "rollcall-more";

  /** Begins the IDs of all checks of ours. */
  static final String CHECK = "rollcall:";

  private static final Pattern UUID_SUFFIX =
      Pattern.compile("-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$");

  private Names() {}

  /** Returns the ID that an instance of ours has at its agent. */
  static String consulId(InstanceKey key) {
    Matcher uuid = UUID_SUFFIX.matcher(key.id());
    if (uuid.find() && key.id().substring(0, uuid.start()).equals(key.service())) {
      return key.id();
    }
    String both = key.service() + "/" + key.id();
    if (!both.equals(both.toLowerCase(Locale.ROOT))) {
      return both + "/" + Long.toHexString(CheckDigest.mix(31, both));
    }
    int dash = key.id().lastIndexOf('-');
    return dash > 0 && key.id().substring(0, dash).equals(key.service()) ? key.id() : both;
  }

  /** Returns the IDs that an instance may have, by any tool; ours comes first. */
  static List<String> candidates(InstanceKey key) {
    String ours = consulId(key);
    return ours.equals(key.id()) ? List.of(ours) : List.of(ours, key.id());
  }

  /** Returns the instance id that an ID stands for. */
  static String instanceId(String service, String consulId) {
    String prefix = service + "/";
    if (!consulId.startsWith(prefix)) {
      return consulId;
    }
    int end = consulId.indexOf('/', prefix.length());
    return consulId.substring(prefix.length(), end < 0 ? consulId.length() : end);
  }

  /**
   * Returns the ID of the TTL check of an owner. It is the fence: Consul drops it when another
   * owner registers the instance, and from then on refuses the heartbeats of the superseded owner.
   */
  static String heartbeatCheck(String consulId, Owner owner) {
    return CHECK + owner.id() + ":" + Long.toHexString(CheckDigest.mix(17, consulId));
  }
}
