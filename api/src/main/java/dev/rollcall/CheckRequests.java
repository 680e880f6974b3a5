package dev.rollcall;

import com.google.common.net.InetAddresses;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The rules for what a check may send, the same for all stores and all runners. No message shows a
 * header's value or a URI: both may hold a password. Stateless.
 */
final class CheckRequests {
  static final int MAX_HEADERS = 32;
  static final int MAX_HEADER_BYTES = 4 * 1024;
  static final int MAX_BODY_BYTES = 16 * 1024;

  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

  /**
   * What is between the two ends of one connection, and what says where the request ends. The JDK's
   * client sends none of the first five, so that no store is to be told of them.
   */
  private static final Set<String> OWN =
      Set.of(
          "connection",
          "content-length",
          "expect",
          "host",
          "upgrade",
          "http2-settings",
          "keep-alive",
          "proxy-authenticate",
          "proxy-authorization",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding");

  private static final Pattern HEADER_NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}");
  private static final Pattern HEADER_VALUE = Pattern.compile("[\\t\\x20-\\x7e]*");
  private static final Pattern GRPC_SERVICE = Pattern.compile("[A-Za-z0-9._-]{0,253}");

  private CheckRequests() {}

  static void uri(@Nullable URI given) {
    URI uri = Arguments.notNull("check uri", given, "");
    String scheme = uri.getScheme();
    if (uri.getHost() == null
        || uri.getRawUserInfo() != null
        || !("http".equalsIgnoreCase(scheme) || "https".equalsIgnoreCase(scheme))) {
      throw RegistryException.invalid(
          "check uri: (expected: http(s)://host[:port]/path without user information)");
    }
  }

  static void method(@Nullable String given) {
    String method = Arguments.notNull("check method", given, "");
    if (!METHODS.contains(method)) {
      throw RegistryException.invalid(
          "check method: "
              + Arguments.shown(method)
              + " (expected: GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS)");
    }
  }

  /** Returns a checked copy that cannot be changed, whose names are found in any case. */
  static Map<String, List<String>> headers(@Nullable Map<String, List<String>> given) {
    Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    int count = 0;
    int bytes = 0;
    for (Map.Entry<String, List<String>> header :
        Arguments.notNull("check headers", given, "").entrySet()) {
      String name = headerName(header.getKey());
      List<String> values = headers.computeIfAbsent(name, first -> new ArrayList<>());
      for (String value : Arguments.notNull("check header", header.getValue(), ", " + name)) {
        if (!HEADER_VALUE
            .matcher(Arguments.notNull("check header", value, ", " + name))
            .matches()) {
          throw RegistryException.invalid(
              "check header: the value of "
                  + Arguments.shown(name)
                  + " (expected: visible ASCII, in one line)");
        }
        values.add(value);
        count++;
        bytes += name.length() + value.length();
      }
    }
    if (count > MAX_HEADERS || bytes > MAX_HEADER_BYTES) {
      throw RegistryException.invalid(
          "check headers: "
              + count
              + " values of "
              + bytes
              + " bytes (expected: at most "
              + MAX_HEADERS
              + " of "
              + MAX_HEADER_BYTES
              + " bytes in all)");
    }
    headers.replaceAll((name, values) -> List.copyOf(values));
    return Collections.unmodifiableMap(headers);
  }

  /** Returns headers with one more value. */
  static Map<String, List<String>> with(
      Map<String, List<String>> headers, @Nullable String name, @Nullable String value) {
    String checked = headerName(name);
    Map<String, List<String>> more = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    more.putAll(headers);
    List<String> values = new ArrayList<>(headers.getOrDefault(checked, List.of()));
    values.add(Arguments.notNull("check header", value, ", " + checked));
    more.put(checked, values);
    return more;
  }

  private static String headerName(@Nullable String given) {
    String name = Arguments.notNull("check header", given, "");
    if (!HEADER_NAME.matcher(name).matches()) {
      throw RegistryException.invalid(
          "check header: "
              + Arguments.shown(name)
              + " (expected: a header's name of at most 128 characters)");
    }
    if (OWN.stream().anyMatch(name::equalsIgnoreCase)) {
      throw RegistryException.invalid(
          "check header: "
              + Arguments.shown(name)
              + " (expected: none that belongs to the connection, as Host, Connection and"
              + " Content-Length do)");
    }
    return name;
  }

  static void body(@Nullable String given) {
    int bytes = Arguments.notNull("check body", given, "").getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MAX_BODY_BYTES) {
      throw RegistryException.invalid(
          "check body: " + bytes + " bytes (expected: at most " + MAX_BODY_BYTES + ")");
    }
  }

  static void grpcService(@Nullable String given) {
    String service = Arguments.notNull("check service", given, "");
    if (!GRPC_SERVICE.matcher(service).matches()) {
      throw RegistryException.invalid(
          "check service: "
              + Arguments.shown(service)
              + " (expected: at most 253 of A-Z a-z 0-9 . _ -)");
    }
  }

  /** A name, since an IP address is never asked for by name in TLS. */
  static String serverName(@Nullable String given) {
    String name = Arguments.host("tlsServerName", given, "");
    if (InetAddresses.isInetAddress(name)) {
      throw RegistryException.invalid(
          "tlsServerName: " + Arguments.shown(name) + " (expected: a host name)");
    }
    return name;
  }
}
