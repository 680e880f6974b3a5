package dev.rollcall.spi;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSortedSet;
import dev.rollcall.RegistryException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A store's address with everything that a user configures: {@code
 * scheme://host:port,host:port/path?option=value&option=value}, or {@code scheme:name}. Immutable.
 * {@link #toString()} shows no option's value, since one may be a secret.
 *
 * @since 0.1.0
 */
public final class BackendUri {
  private static final Pattern FORM =
      Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*):(//([^/?#]*))?([^?#]*)(?:\\?([^#]*))?");

  /** Where a URI without its scheme begins; nothing of it can be a secret. */
  private static final Pattern ADDRESS =
      Pattern.compile("((?:[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+]):([0-9]{1,5}))(?:[,/?].*)?");

  private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");

  private final String scheme;
  private final List<String> hosts;
  private final String path;
  private final Map<String, String> options;

  private BackendUri(String scheme, List<String> hosts, String path, Map<String, String> options) {
    this.scheme = scheme;
    this.hosts = List.copyOf(hosts);
    this.path = path;
    this.options = ImmutableMap.copyOf(options);
  }

  /**
   * Writes an address as a URI of the store that is usually found at its port, for a message.
   *
   * @param address a host and a port
   * @param port the same port
   * @return what was probably meant
   */
  public static String suggestion(String address, String port) {
    return switch (port) {
      case "2379" -> "etcd://" + address;
      case "8500" -> "consul://" + address;
      case "8501" -> "consuls://" + address;
      default -> "etcd://" + address + ", or consul://" + address;
    };
  }

  /**
   * Takes a URI apart.
   *
   * @param uri the text
   * @return its parts
   * @throws RegistryException of kind {@code INVALID} where it has not the form, gives an option
   *     twice, or carries user information
   */
  public static BackendUri parse(String uri) {
    if (uri == null) {
      throw RegistryException.invalid("uri: null (expected: scheme:name or scheme://host:port)");
    }
    Matcher form = FORM.matcher(uri);
    if (!form.matches()) {
      // Not shown: what is no URI may still hold a token.
      Matcher address = ADDRESS.matcher(uri);
      throw RegistryException.invalid(
          "uri: not of the form scheme:name or scheme://host:port/path?option=value"
              + (address.matches()
                  ? "; is a scheme missing? " + suggestion(address.group(1), address.group(2))
                  : ""));
    }
    String scheme = form.group(1).toLowerCase(Locale.ROOT);
    List<String> hosts = new ArrayList<>();
    String authority = form.group(3);
    if (authority != null && !authority.isEmpty()) {
      if (authority.indexOf('@') >= 0) {
        throw RegistryException.invalid(
            "uri: user information before '@' in " + scheme + "://… (expected: options)");
      }
      for (String host : authority.split(",", -1)) {
        if (host.isBlank()) {
          throw RegistryException.invalid("uri: an empty host in " + scheme + "://" + authority);
        }
        hosts.add(host.trim());
      }
    }
    return new BackendUri(
        scheme, hosts, decode(scheme, form.group(4)), options(scheme, form.group(5)));
  }

  /**
   * Returns the scheme.
   *
   * @return in lower case
   */
  public String scheme() {
    return scheme;
  }

  /**
   * Returns the hosts as they were given, each with or without a port.
   *
   * @return in their order, empty for {@code scheme:name}
   */
  public List<String> hosts() {
    return hosts;
  }

  /**
   * Returns what stands between the hosts, or the scheme, and the options.
   *
   * @return decoded, with its leading slash; may be empty
   */
  public String path() {
    return path;
  }

  /**
   * Names the store, for {@link BackendProvider#identity}: scheme, hosts in the order of the
   * alphabet, path, and some options.
   *
   * @param options those whose values make another store of it; none that may be a secret
   * @return a text that is equal for URIs of one store
   */
  public String identity(String... options) {
    StringBuilder out = new StringBuilder(scheme).append("://");
    out.append(String.join(",", ImmutableSortedSet.copyOf(hosts))).append(path);
    for (String option : options) {
      String value = this.options.get(option);
      if (value != null) {
        out.append('?').append(option).append('=').append(value);
      }
    }
    return out.toString();
  }

  /**
   * Refuses every option that is not among the known ones.
   *
   * @param known the options that the backend reads
   * @return this
   * @throws RegistryException of kind {@code INVALID}, naming the option, the nearest known one and
   *     all known ones
   */
  public BackendUri requireOnly(Set<String> known) {
    for (String option : options.keySet()) {
      if (!known.contains(option)) {
        String near =
            Nearest.to(option, known).map(n -> "; did you mean \"" + n + "\"?").orElse(";");
        String all =
            known.isEmpty()
                ? " there are none"
                : " options: " + String.join(", ", ImmutableSortedSet.copyOf(known));
        throw RegistryException.invalid(
            "unknown option \"" + option + "\" in " + scheme + "://…" + near + all);
      }
    }
    return this;
  }

  /**
   * Returns an option's value.
   *
   * @param name the option
   * @return its decoded value, empty where it was not given
   */
  public Optional<String> option(String name) {
    return Optional.ofNullable(options.get(name));
  }

  /**
   * Returns an option that is one of a few words.
   *
   * @param name the option
   * @param words the words that are allowed, the default first
   * @return one of them
   * @throws RegistryException of kind {@code INVALID} where the value is another word
   */
  public String oneOf(String name, List<String> words) {
    String value = options.getOrDefault(name, words.get(0));
    if (!words.contains(value)) {
      throw invalid(name, String.join("|", words));
    }
    return value;
  }

  /**
   * Returns an option that is a length of time, written as {@code 500ms}, {@code 10s}, {@code 5m}
   * or {@code 1h}.
   *
   * @param name the option
   * @param otherwise what to return where it was not given
   * @return the duration
   * @throws RegistryException of kind {@code INVALID} where the value has not that form
   */
  public Duration duration(String name, Duration otherwise) {
    String value = options.get(name);
    if (value == null) {
      return otherwise;
    }
    Matcher form = DURATION.matcher(value);
    if (!form.matches()) {
      throw invalid(name, "a duration like 500ms, 10s, 5m or 1h");
    }
    long amount = Long.parseLong(form.group(1));
    return switch (form.group(2)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      case "m" -> Duration.ofMinutes(amount);
      default -> Duration.ofHours(amount);
    };
  }

  /**
   * Returns the failure for an option whose value breaks a rule. Does not show the value.
   *
   * @param name the option
   * @param rule what was expected
   * @return the failure, to be thrown
   */
  public RegistryException invalid(String name, String rule) {
    return RegistryException.invalid(
        "option \"" + name + "\" in " + scheme + "://… (expected: " + rule + ")");
  }

  /** Returns the URI with the names of its options and none of their values. */
  @Override
  public String toString() {
    StringBuilder out = new StringBuilder(scheme).append(':');
    if (!hosts.isEmpty()) {
      out.append("//").append(String.join(",", hosts));
    }
    out.append(path);
    char before = '?';
    for (String option : options.keySet()) {
      out.append(before).append(option).append("=…");
      before = '&';
    }
    return out.toString();
  }

  private static Map<String, String> options(String scheme, String query) {
    Map<String, String> options = new LinkedHashMap<>();
    if (query == null || query.isEmpty()) {
      return options;
    }
    for (String pair : query.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = decode(scheme, equals < 0 ? pair : pair.substring(0, equals));
      String value = equals < 0 ? "" : decode(scheme, pair.substring(equals + 1));
      if (name.isEmpty()) {
        throw RegistryException.invalid("uri: an option without a name in " + scheme + "://…");
      }
      if (options.putIfAbsent(name, value) != null) {
        throw RegistryException.invalid(
            "uri: option \"" + name + "\" given twice in " + scheme + "://…");
      }
    }
    return options;
  }

  private static String decode(String scheme, String text) {
    try {
      // In a URI a plus sign is a plus sign; only forms write a space that way.
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException malformed) {
      throw RegistryException.invalid("uri: a malformed %-escape in " + scheme + "://…");
    }
  }
}
