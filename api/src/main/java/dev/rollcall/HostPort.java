package dev.rollcall;

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

  /** Returns {@code host:port}, an IPv6 address in brackets. */
  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
