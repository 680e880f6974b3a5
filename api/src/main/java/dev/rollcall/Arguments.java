package dev.rollcall;

import com.google.common.net.InetAddresses;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The rules for what may enter the registry, in one place, so that what one store takes all take.
 * Code in front of Rollcall may ask them before it builds a value. Each failure reads {@code field:
 * value (expected: rule), context}. Stateless.
 *
 * @since 0.1.0
 */
public final class Arguments {
  static final int MAX_NAME_BYTES = 253;
  static final int MAX_ENTRIES = 64;
  static final int MAX_VALUE_BYTES = 512;
  static final int MAX_KEY_BYTES = 512;

  /** The shortest TTL, and the shortest of most other times. */
  public static final Duration MIN_TTL = Duration.ofSeconds(1);

  /** The longest TTL, and the longest of most other times. */
  public static final Duration MAX_TTL = Duration.ofDays(1);

  private static final int SHOWN = 60;
  private static final Pattern METADATA_KEY = Pattern.compile("[A-Za-z0-9_./-]{1,128}");
  private static final Pattern ADDRESS_NAME = Pattern.compile("[A-Za-z0-9_-]{1,128}");
  private static final Pattern SCHEME = Pattern.compile("[a-z][a-z0-9+.-]{0,31}");
  private static final Pattern HOST_LABEL =
      Pattern.compile("[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?");
  private static final Pattern DIGITS = Pattern.compile("[0-9]+|0[xX][0-9a-fA-F]*");

  private Arguments() {}

  /**
   * Refuses null.
   *
   * @param field the field's name, for the message
   * @param value what was given
   * @param context ends the message; may be empty
   * @param <T> the value's type
   * @return the value
   * @throws RegistryException of kind {@code INVALID} where it is null
   */
  public static <T> T notNull(String field, @Nullable T value, String context) {
    if (value == null) {
      throw missing(field, context);
    }
    return value;
  }

  /**
   * Refuses null, with a context that is put together only where it is wanted.
   *
   * @param field the field's name, for the message
   * @param value what was given
   * @param context ends the message
   * @param <T> the value's type
   * @return the value
   * @throws RegistryException of kind {@code INVALID} where it is null
   */
  public static <T> T notNull(String field, @Nullable T value, Supplier<String> context) {
    if (value == null) {
      throw missing(field, context.get());
    }
    return value;
  }

  private static RegistryException missing(String field, String context) {
    return RegistryException.invalid(field + ": null (expected: a value)" + context);
  }

  /**
   * Checks a service's name or an instance's id, which becomes one segment of a key or a path.
   *
   * @param field the field's name, for the message
   * @param given what was given
   * @param context ends the message; may be empty
   * @return the name
   * @throws RegistryException of kind {@code INVALID} where it breaks a rule
   */
  public static String name(String field, @Nullable String given, String context) {
    String value = notNull(field, given, context);
    if (value.isEmpty() || utf8Length(value) > MAX_NAME_BYTES) {
      throw refused(field, value, "1-" + MAX_NAME_BYTES + " bytes of UTF-8", context);
    }
    if (value.indexOf('/') >= 0 || value.equals(".") || value.equals("..")) {
      throw refused(field, value, "no '/', and not '.' or '..'", context);
    }
    return addressable(field, value, context);
  }

  /**
   * The alphabet of names, ids and keys, for all stores: letters, marks, numbers, punctuation,
   * symbols and the ordinary space, which is what a Consul agent takes in the path of a URL. It
   * registers anything, and answers 400 to every request that reads, renews or removes what has
   * another character in its name; such characters are invisible besides, or look like another one.
   */
  private static String addressable(String field, String value, String context) {
    for (int i = 0; i < value.length(); ) {
      int c = value.codePointAt(i);
      if (!isAddressable(c)) {
        throw refused(
            field,
            value,
            "no control, format, separator, surrogate, private or unassigned character; found "
                + escaped(c),
            context);
      }
      i += Character.charCount(c);
    }
    return value;
  }

  private static boolean isAddressable(int c) {
    if (c < 0x7f) {
      return c >= ' ';
    }
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SPACE_SEPARATOR,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }

  private static String escaped(int c) {
    return Character.isBmpCodePoint(c) ? String.format("\\u%04x", c) : String.format("\\u{%x}", c);
  }

  /** Free text: anything that is Unicode, without control characters. */
  static String text(String field, @Nullable String given, String context) {
    String value = notNull(field, given, context);
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (Character.isISOControl(c)) {
        throw refused(field, value, "no control characters", context);
      }
      if (Character.isSurrogate(c)) {
        if (Character.isHighSurrogate(c)
            && i + 1 < value.length()
            && Character.isLowSurrogate(value.charAt(i + 1))) {
          i++;
        } else {
          throw refused(field, value, "well-formed Unicode", context);
        }
      }
    }
    return value;
  }

  /** Free text of at most 512 bytes. */
  static String value(String field, @Nullable String given, String context) {
    String value = text(field, given, context);
    if (utf8Length(value) > MAX_VALUE_BYTES) {
      throw refused(field, value, "at most " + MAX_VALUE_BYTES + " bytes of UTF-8", context);
    }
    return value;
  }

  /**
   * Checks a key of the key-value store. Stores that are spoken to over HTTP see it as a path,
   * which servers and proxies on the way simplify: what they would change is refused.
   *
   * @param field the field's name, for the message
   * @param given what was given
   * @return the key
   * @throws RegistryException of kind {@code INVALID} where it breaks a rule
   */
  public static String key(String field, @Nullable String given) {
    String value = keyPrefix(field, given);
    if (value.isEmpty()) {
      throw refused(field, value, "1-" + MAX_KEY_BYTES + " bytes of UTF-8", "");
    }
    int last = value.lastIndexOf('/') + 1;
    if (value.startsWith(".", last) && isDots(value.substring(last))) {
      throw refused(field, value, "no segment '.' or '..'", "");
    }
    return value;
  }

  /**
   * Checks a prefix of keys of the key-value store. Its last segment may be the beginning of any
   * other.
   *
   * @param field the field's name, for the message
   * @param given what was given; empty for all keys
   * @return the prefix
   * @throws RegistryException of kind {@code INVALID} where it breaks a rule
   */
  public static String keyPrefix(String field, @Nullable String given) {
    String value = addressable(field, notNull(field, given, ""), "");
    if (utf8Length(value) > MAX_KEY_BYTES) {
      throw refused(field, value, "at most " + MAX_KEY_BYTES + " bytes of UTF-8", "");
    }
    int from = 0;
    for (int slash = value.indexOf('/'); slash >= 0; slash = value.indexOf('/', from)) {
      if (slash == from) {
        throw refused(field, value, "no '/' in front, and no \"//\"", "");
      }
      if (isDots(value.substring(from, slash))) {
        throw refused(field, value, "no segment '.' or '..'", "");
      }
      from = slash + 1;
    }
    return value;
  }

  private static boolean isDots(String segment) {
    return segment.equals(".") || segment.equals("..");
  }

  static String metadataKey(@Nullable String given, String context) {
    String key = notNull("metadata key", given, context);
    if (!METADATA_KEY.matcher(key).matches()) {
      throw refused("metadata key", key, "1-128 of A-Z a-z 0-9 _ - . /", context);
    }
    return key;
  }

  static String addressName(@Nullable String given, String context) {
    String name = notNull("address name", given, context);
    if (!ADDRESS_NAME.matcher(name).matches()) {
      throw refused("address name", name, "1-128 of A-Z a-z 0-9 _ -", context);
    }
    return name;
  }

  static void entries(String field, int count, String context) {
    if (count > MAX_ENTRIES) {
      throw RegistryException.invalid(
          field + ": " + count + " entries (expected: at most " + MAX_ENTRIES + ")" + context);
    }
  }

  static String scheme(@Nullable String given, String context) {
    String value = notNull("scheme", given, context);
    if (!SCHEME.matcher(value).matches()) {
      throw refused("scheme", value, "1-32 of a-z 0-9 + . -, a letter first", context);
    }
    return value;
  }

  static String host(String field, @Nullable String given, String context) {
    String value = notNull(field, given, context);
    if (!isHost(value)) {
      throw refused(field, value, "an IP address or a host name", context);
    }
    return value;
  }

  /** A host that means the same to each reader, as that of an instance must. */
  static String reachableHost(@Nullable String given, String context) {
    String value = notNull("host", given, context);
    if (value.indexOf('%') >= 0) {
      throw refused(
          "host",
          value,
          "an address without a zone: a zone is the name of an interface of one machine, and none to"
              + " others",
          context);
    }
    host("host", value, context);
    char first = value.charAt(0);
    if ((first == '0' || first == ':') // as all spellings of it do
        && InetAddresses.isInetAddress(value)
        && InetAddresses.forString(value).isAnyLocalAddress()) {
      throw refused(
          "host",
          value,
          "an address that others can reach: this one stands for all addresses of the machine that"
              + " listens, and leads its readers to themselves",
          context);
    }
    if ((first == 'f' || first == 'F') // as fe80::/10 does
        && value.indexOf(':') >= 0
        && InetAddresses.forString(value).isLinkLocalAddress()) {
      throw refused(
          "host",
          value,
          "an address that others can reach: a link-local one needs a zone, which is the name of an"
              + " interface of one machine, and none to others",
          context);
    }
    return value;
  }

  static int port(String field, int value, String context) {
    if (value < 1 || value > 65_535) {
      throw RegistryException.invalid(field + ": " + value + " (expected: 1-65535)" + context);
    }
    return value;
  }

  static int weight(int value, String context) {
    if (value < 0) {
      throw RegistryException.invalid("weight: " + value + " (expected: 0 or more)" + context);
    }
    return value;
  }

  /**
   * Checks a time against its bounds.
   *
   * @param field the field's name, for the message
   * @param given what was given
   * @param least the least that is taken
   * @param most the most that is taken
   * @return the time
   * @throws RegistryException of kind {@code INVALID} where it is null or out of bounds
   */
  public static Duration between(
      String field, @Nullable Duration given, Duration least, Duration most) {
    Duration value = notNull(field, given, "");
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw RegistryException.invalid(
          field + ": " + value + " (expected: " + least + " to " + most + ")");
    }
    return value;
  }

  /**
   * Shortens a text and makes visible what cannot be seen, fit for a message or a log line.
   *
   * @param value any text
   * @return the text in quotes, or its beginning
   */
  public static String shown(String value) {
    StringBuilder out = new StringBuilder();
    int end = Math.min(value.length(), SHOWN);
    for (int i = 0; i < end; ) {
      int c = value.codePointAt(i);
      if (isAddressable(c)) {
        out.appendCodePoint(c);
      } else {
        out.append(escaped(c));
      }
      i += Character.charCount(c);
    }
    return value.length() > SHOWN
        ? out + "… (" + value.length() + " characters)"
        : "\"" + out + "\"";
  }

  private static boolean isHost(String host) {
    if (host.isEmpty() || host.length() > MAX_NAME_BYTES) {
      return false;
    }
    if (InetAddresses.isInetAddress(host)) {
      return true;
    }
    String[] labels = host.split("\\.", -1);
    for (String label : labels) {
      if (!HOST_LABEL.matcher(label).matches()) {
        return false;
      }
    }
    // "10.0.0.256" or "0x7f.1" is a mistyped or disguised address, not a name.
    return !DIGITS.matcher(labels[labels.length - 1]).matches();
  }

  private static int utf8Length(String value) {
    return value.getBytes(StandardCharsets.UTF_8).length;
  }

  private static RegistryException refused(
      String field, String value, String rule, String context) {
    return RegistryException.invalid(
        field + ": " + shown(value) + " (expected: " + rule + ")" + context);
  }
}
