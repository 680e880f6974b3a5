package dev.rollcall.server.consul;

/** The names of topics. */
final class Topics {
  static final String NODES = "nodes";
  static final String SERVICES = "services";
  static final String CHECKS = "checks";
  static final String EVENTS = "events";
  static final String KEYS = "keys";
  static final String SESSIONS = "sessions";

  private static final String SERVICE = "service/";
  private static final String NODE = "node/";
  private static final String KEY = "key/";
  private static final String KEY_PREFIX = "keys/";

  private Topics() {}

  static String service(String name) {
    return SERVICE + name;
  }

  static String node(String name) {
    return NODE + name;
  }

  static String key(String key) {
    return KEY + key;
  }

  /** Returns the topic of all keys with a prefix. */
  static String keys(String prefix) {
    return KEY_PREFIX + prefix;
  }

  /** Tells whether a topic is only there while a waiter waits for it. */
  static boolean isOfKeys(String topic) {
    return topic.startsWith(KEY) || topic.startsWith(KEY_PREFIX);
  }

  static boolean isService(String topic) {
    return topic.startsWith(SERVICE);
  }

  static boolean isNode(String topic) {
    return topic.startsWith(NODE);
  }
}
