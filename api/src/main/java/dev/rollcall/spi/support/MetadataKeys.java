package dev.rollcall.spi.support;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Keys of metadata for stores that take {@code [A-Za-z0-9_-]} alone, as Consul does. A key with a
 * dot or a slash is written as in a URI, percent-encoded, with {@code _} in place of the percent
 * sign: {@code .} is {@code _2E}, {@code /} is {@code _2F}, and {@code _} itself {@code _5F}; a
 * prefix says that it was. So {@code app.kubernetes.io/name} becomes {@code
 * rollcall-meta-app_2Ekubernetes_2Eio_2Fname}. Keys that need none of that stay as they are.
 * Stateless.
 *
 * @since 0.1.0
 */
public final class MetadataKeys {
  /** Begins each key that was escaped. */
  public static final String ESCAPED = "rollcall-meta-";

  private static final Pattern ESCAPE = Pattern.compile("_(2E|2F|5F)");
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_-]*");

  private MetadataKeys() {}

  /**
   * Tells whether a key has to be escaped.
   *
   * @param key a key of metadata
   * @return whether it holds a dot or a slash
   */
  public static boolean isToBeEscaped(String key) {
    return key.indexOf('.') >= 0 || key.indexOf('/') >= 0;
  }

  /**
   * Escapes a key.
   *
   * @param key a key of metadata
   * @return the prefix and the escaped key, three times as long as the key at most
   */
  public static String escaped(String key) {
    return ESCAPED + key.replace("_", "_5F").replace(".", "_2E").replace("/", "_2F");
  }

  /**
   * Returns the key that was escaped.
   *
   * @param stored what a store holds
   * @return the key, empty where this is none that was escaped
   */
  public static Optional<String> unescaped(String stored) {
    if (!stored.startsWith(ESCAPED) || !PLAIN.matcher(stored).matches()) {
      return Optional.empty();
    }
    String key = stored.substring(ESCAPED.length());
    if (ESCAPE.matcher(key).replaceAll("").indexOf('_') >= 0) {
      return Optional.empty();
    }
    return Optional.of(key.replace("_2E", ".").replace("_2F", "/").replace("_5F", "_"));
  }
}
