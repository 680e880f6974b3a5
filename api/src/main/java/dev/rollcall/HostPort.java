package dev.rollcall;

import java.net.URI;
import java.net.URISyntaxException;

/**
 * A host and a port.
 *
 * @param host an IPv4 or IPv6 address (without brackets) or a host name
 * @param port 1 to 65535
 * @since 0.1.0
 */
public record HostPort(String host, int port) {

  /**
   * Checks both parts.
   *
   * @param host as the record says
   * @param port as the record says
   * @throws RegistryException of kind {@code INVALID} where the host is no host or the port is
   *     outside its range
   */
  public HostPort {
    Arguments.host("host", host, "");
    Arguments.port("port", port, "");
  }

  /**
   * Returns the URI of something at this address.
   *
   * @param scheme lower case, 1 to 32 characters
   * @param path empty, or from its slash on, with a query or without, percent-encoded where a URI
   *     has to be
   * @return the URI; its {@link URI#getHost()} is null for a host name that {@link URI} takes for
   *     none, as one with an underscore
   * @throws RegistryException of kind {@code INVALID} where the scheme is none, or the path does
   *     not begin with a slash or cannot stand in a URI
   */
  public URI uri(String scheme, String path) {
    Arguments.scheme(scheme, "");
    Arguments.notNull("path", path, "");
    if (!path.isEmpty() && path.charAt(0) != '/') {
      throw noPath(path);
    }
    try {
      return new URI(scheme + "://" + this + path);
    } catch (URISyntaxException malformed) {
      throw noPath(path);
    }
  }

  private static RegistryException noPath(String path) {
    return RegistryException.invalid(
        "path: "
            + Arguments.shown(path)
            + " (expected: empty, or a '/' first and percent-encoded as in a URI)");
  }

  /** Returns the authority of a URI: {@code host:port}, an IPv6 address in brackets. */
  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
