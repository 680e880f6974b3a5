package dev.rollcall.server.outbound;

import dev.rollcall.HostPort;
import dev.rollcall.RegistryException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/**
 * What a call is sent to: the parts of an {@code http} or {@code https} URL. Immutable.
 *
 * @param secure whether by TLS
 * @param address the host, a name or a literal address in its usual form, and the port
 * @param pathAndQuery begins with a slash
 * @since 0.1.0
 */
public record CallTarget(boolean secure, HostPort address, String pathAndQuery) {
  private static final int MAX_CHARACTERS = 512;

  /**
   * Reads a URL that a stranger has sent. Disguised addresses (hexadecimal, octal, one number) are
   * no hosts.
   *
   * @param field how the stranger calls it, for the message
   * @param url an absolute {@code http} or {@code https} URL without user information
   * @return the target
   * @throws RegistryException of kind {@code INVALID} where it is no such URL
   */
  public static CallTarget parse(String field, String url) {
    if (url.length() > MAX_CHARACTERS) {
      throw refused(field, url);
    }
    URI uri;
    try {
      uri = new URI(url);
    } catch (URISyntaxException | IllegalArgumentException malformed) {
      // The JDK's parser throws the second one for a long number in an IPv6 address.
      throw refused(field, url);
    }
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    boolean secure = scheme.equals("https");
    String host = uri.getHost();
    if (!(secure || scheme.equals("http"))
        || host == null
        || host.indexOf('%') >= 0
        || uri.getRawUserInfo() != null) {
      throw refused(field, url);
    }
    int port = uri.getPort() == -1 ? (secure ? 443 : 80) : uri.getPort();
    String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
    try {
      return new CallTarget(secure, new HostPort(unbracketed(host), port), ascii(path + query));
    } catch (RegistryException noHost) {
      throw refused(field, url);
    }
  }

  private static String ascii(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) <= ' ' || text.charAt(i) > '~') {
        throw RegistryException.invalid("path");
      }
    }
    return text;
  }

  private static String unbracketed(String host) {
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  private static RegistryException refused(String field, String url) {
    return RegistryException.invalid(
        field
            + ": "
            + Shown.of(url)
            + " (expected: an http or https URL of at most "
            + MAX_CHARACTERS
            + " characters, with a host and without user information)");
  }
}
