package dev.rollcall.server.outbound;

import static java.util.Objects.requireNonNull;

import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import com.linecorp.armeria.common.HttpMethod;
import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What an HTTP check sends, besides where to. Immutable. Headers and body may hold secrets, so that
 * {@link #toString} shows neither.
 *
 * @param method the method
 * @param headers besides those that the centre sets itself, or in their place
 * @param body empty for none
 * @since 0.1.0
 */
public record CheckRequest(HttpMethod method, HttpHeaders headers, Bytes body) {
  /** What is sent where nothing else was said. */
  public static final CheckRequest GET =
      new CheckRequest(HttpMethod.GET, HttpHeaders.of(), Bytes.empty());

  static final int MAX_HEADERS = 32;
  static final int MAX_HEADER_BYTES = 4 * 1024;
  static final int MAX_BODY_BYTES = 16 * 1024;

  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

  /** What is between the centre and the target alone, and what says where the request ends. */
  private static final Set<String> OWN =
      Set.of(
          "connection",
          "content-length",
          "expect",
          "host",
          "http2-settings",
          "keep-alive",
          "proxy-authenticate",
          "proxy-authorization",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  private static final Pattern NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}");
  private static final Pattern VALUE = Pattern.compile("[\\t\\x20-\\x7e]*");

  /**
   * Checks that nothing is null.
   *
   * @param method as the record says
   * @param headers as the record says
   * @param body as the record says
   */
  public CheckRequest {
    requireNonNull(method, "method");
    requireNonNull(headers, "headers");
    requireNonNull(body, "body");
  }

  /**
   * Reads what a stranger wants to be sent.
   *
   * @param method {@code GET}, {@code HEAD}, {@code POST}, {@code PUT}, {@code PATCH}, {@code
   *     DELETE} or {@code OPTIONS}, in any case; empty for {@code GET}
   * @param headers at most 32 values and 4 KiB in all, in visible ASCII; not {@code Host}, nor a
   *     header that is between the centre and the target alone
   * @param body at most 16 KiB of UTF-8
   * @return the request
   * @throws RegistryException of kind {@code INVALID} with the field ({@code Method}, {@code
   *     Header}, {@code Body}) and the rule
   */
  public static CheckRequest of(String method, Map<String, List<String>> headers, String body) {
    String upper = method.isEmpty() ? "GET" : method.toUpperCase(Locale.ROOT);
    if (!METHODS.contains(upper)) {
      throw RegistryException.invalid(
          "Method: "
              + Shown.of(method)
              + " (expected: GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS)");
    }
    HttpHeadersBuilder read = HttpHeaders.builder();
    int bytes = 0;
    for (Map.Entry<String, List<String>> header : headers.entrySet()) {
      String name = requireName(header.getKey());
      for (String value : header.getValue()) {
        if (!VALUE.matcher(value).matches()) {
          // The value is not shown: it may well be a password.
          throw RegistryException.invalid(
              "Header: the value of " + Shown.of(name) + " (expected: visible ASCII, one line)");
        }
        bytes += name.length() + value.length();
        read.add(name, value);
      }
    }
    if (read.size() > MAX_HEADERS || bytes > MAX_HEADER_BYTES) {
      throw RegistryException.invalid(
          "Header: "
              + read.size()
              + " values of "
              + bytes
              + " bytes (expected: at most "
              + MAX_HEADERS
              + " of "
              + MAX_HEADER_BYTES
              + " bytes in all)");
    }
    byte[] sent = body.getBytes(StandardCharsets.UTF_8);
    if (sent.length > MAX_BODY_BYTES) {
      throw RegistryException.invalid(
          "Body: " + sent.length + " bytes (expected: at most " + MAX_BODY_BYTES + ")");
    }
    return new CheckRequest(HttpMethod.valueOf(upper), read.build(), Bytes.of(sent));
  }

  private static String requireName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw RegistryException.invalid(
          "Header: " + Shown.of(name) + " (expected: a header's name of at most 128 characters)");
    }
    String lower = name.toLowerCase(Locale.ROOT);
    if (OWN.contains(lower)) {
      throw RegistryException.invalid(
          "Header: "
              + Shown.of(name)
              + " (expected: none of Host, Content-Length, Transfer-Encoding and others that the"
              + " centre sets itself)");
    }
    return lower;
  }

  /** Tells the method, and no more. */
  @Override
  public String toString() {
    return method + " request";
  }
}
