package dev.rollcall.server.outbound;

import com.google.common.primitives.Ints;
import dev.rollcall.RegistryException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where the centre may call. Immutable.
 *
 * <ul>
 *   <li><b>Address.</b> The address that registered, and the ranges that the operator allows. A
 *       client on the centre's own machine may name any address of that machine. Addresses that are
 *       link-local, that are used for clouds' metadata, that stand for no host, for many, or that
 *       hide an IPv4 address in an IPv6 one are never called, whatever is allowed.
 *   <li><b>Port.</b> 80, 443 and 1024 to 65535 without those of protocols that a request could
 *       trick (X11, SIP, IRC, Redis, memcached, Docker, etcd), unless the operator gives a list. At
 *       the address that registered, and on the centre's own machine for its clients there, without
 *       such a list, a connection may be opened to every port, and a request sent to every one that
 *       a browser would send one to.
 *   <li><b>Time.</b> 2 s in all for a call, unless the operator says otherwise.
 * </ul>
 *
 * @since 0.1.0
 */
public final class OutboundPolicy {
  private static final List<AddressRange> NEVER =
      Stream.of(
              "0.0.0.0/8",
              "169.254.0.0/16",
              "224.0.0.0/4",
              "240.0.0.0/4",
              // Metadata of clouds outside 169.254.0.0/16: Alibaba, Azure, Oracle, AWS, Google.
              "100.100.100.200",
              "168.63.129.16",
              "192.0.0.192",
              "fd00:ec2::254",
              "fd20:ce::254",
              "fe80::/10",
              "ff00::/8",
              // 6to4, Teredo and NAT64 carry an IPv4 address that was not looked at.
              "2002::/16",
              "2001::/32",
              "64:ff9b::/96",
              "64:ff9b:1::/48")
          .map(AddressRange::parse)
          .toList();

  private static final AddressRange COMPATIBLE = AddressRange.parse("::/96");

  private static final List<PortRange> USUAL_PORTS = ports("80,443,1024-65535");
  private static final List<PortRange> TRICKY_PORTS =
      ports(
          "1719-1720,1723,2049,2375-2376,2379-2380,3659,4045,4190,5060-5061,6000-6063,6379,6566,"
              + "6665-6669,6679,6697,10080,11211");

  /** What browsers refuse to call below 1024, for the same reason. */
  private static final List<PortRange> TRICKY_LOW_PORTS =
      ports(
          "1,7,9,11,13,15,17,19-23,25,37,42-43,53,69,77,79,87,95,101-104,109-111,113,115,117,119,"
              + "123,135,137,139,143,161,179,389,427,465,512-515,526,530-532,540,548,554,556,563,587,"
              + "601,636,989-990,993,995");

  private final List<AddressRange> allowed;
  private final List<PortRange> ports;
  private final List<PortRange> refusedPorts;
  private final Duration limit;

  private OutboundPolicy(
      List<AddressRange> allowed,
      List<PortRange> ports,
      List<PortRange> refusedPorts,
      Duration limit) {
    this.allowed = allowed;
    this.ports = ports;
    this.refusedPorts = refusedPorts;
    this.limit = limit;
  }

  /**
   * Returns the policy that allows nothing but the address that registered.
   *
   * @return the standard policy
   */
  public static OutboundPolicy standard() {
    return new OutboundPolicy(List.of(), USUAL_PORTS, TRICKY_PORTS, Duration.ofSeconds(2));
  }

  /**
   * Returns the policy that allows every port, and every address but those that are never called,
   * and lets one call take up to a minute: for a centre whose clients are all trusted.
   *
   * @return the widest policy
   */
  public static OutboundPolicy anywhere() {
    return new OutboundPolicy(
        List.of(AddressRange.parse("0.0.0.0/0"), AddressRange.parse("::/0")),
        ports("1-65535"),
        List.of(),
        Duration.ofMinutes(1));
  }

  /**
   * Returns this policy with ranges that may be called for every client.
   *
   * @param ranges the operator's ranges
   * @return a new policy
   */
  public OutboundPolicy allow(List<AddressRange> ranges) {
    return new OutboundPolicy(List.copyOf(ranges), ports, refusedPorts, limit);
  }

  /**
   * Returns this policy with another list of ports.
   *
   * @param list ports and ranges like {@code 80,443,8000-8999}
   * @return a new policy, which allows these ports and no other
   * @throws RegistryException of kind {@code INVALID} where the text is no such list
   */
  public OutboundPolicy allowPorts(String list) {
    return new OutboundPolicy(allowed, ports(list), List.of(), limit);
  }

  /**
   * Returns this policy with another time for one call.
   *
   * @param limit 100 ms to 1 minute
   * @return a new policy
   * @throws RegistryException of kind {@code INVALID} where the time is outside its range
   */
  public OutboundPolicy limit(Duration limit) {
    if (limit.compareTo(Duration.ofMillis(100)) < 0 || limit.compareTo(Duration.ofMinutes(1)) > 0) {
      throw RegistryException.invalid("limit: " + limit + " (expected: PT0.1S to PT1M)");
    }
    return new OutboundPolicy(allowed, ports, refusedPorts, limit);
  }

  /**
   * Tells whether a port may be called.
   *
   * @param port the port
   * @return whether it may
   */
  public boolean permitsPort(int port) {
    return ports.stream().anyMatch(range -> range.contains(port))
        && refusedPorts.stream().noneMatch(range -> range.contains(port));
  }

  /** Tells whether the port may be permitted at some address, although it is not at every one. */
  boolean permitsPortSomewhere(int port, boolean sendsRequest) {
    return permitsPort(port)
        || (refusedPorts.equals(TRICKY_PORTS) && !(sendsRequest && isTricky(port)));
  }

  /**
   * Tells whether a port may be called at an address.
   *
   * @param sendsRequest whether more is done than to open a connection
   */
  boolean permitsPort(int port, boolean sendsRequest, InetAddress address, InetAddress registrant) {
    return permitsPort(port)
        || (permitsPortSomewhere(port, sendsRequest) && isOwn(address, registrant));
  }

  private static boolean isTricky(int port) {
    return Stream.concat(TRICKY_PORTS.stream(), TRICKY_LOW_PORTS.stream())
        .anyMatch(range -> range.contains(port));
  }

  private static boolean isOwn(InetAddress address, InetAddress registrant) {
    return address.equals(registrant) || (isOfThisMachine(registrant) && isOfThisMachine(address));
  }

  /**
   * Tells whether an address may be called for a client.
   *
   * @param address where to call
   * @param registrant the address that the request to register came from
   * @return whether it may
   */
  public boolean permits(InetAddress address, InetAddress registrant) {
    if (isNeverCalled(address)) {
      return false;
    }
    return isOwn(address, registrant)
        || allowed.stream().anyMatch(range -> range.contains(address));
  }

  Duration limit() {
    return limit;
  }

  private static boolean isNeverCalled(InetAddress address) {
    return NEVER.stream().anyMatch(range -> range.contains(address))
        || (COMPATIBLE.contains(address) && !address.isLoopbackAddress());
  }

  private static boolean isOfThisMachine(InetAddress address) {
    try {
      return address.isLoopbackAddress() || NetworkInterface.getByInetAddress(address) != null;
    } catch (SocketException unknown) {
      return false;
    }
  }

  private static List<PortRange> ports(String list) {
    List<PortRange> ranges = new ArrayList<>();
    for (String part : list.split(",", -1)) {
      int dash = part.indexOf('-');
      Integer first = Ints.tryParse(dash < 0 ? part : part.substring(0, dash));
      Integer last = dash < 0 ? first : Ints.tryParse(part.substring(dash + 1));
      if (first == null || last == null || first < 1 || last > 65_535 || first > last) {
        throw RegistryException.invalid(
            "ports: " + Shown.of(list) + " (expected: ports and ranges like 80,443,8000-8999)");
      }
      ranges.add(new PortRange(first, last));
    }
    return List.copyOf(ranges);
  }

  private record PortRange(int first, int last) {
    boolean contains(int port) {
      return first <= port && port <= last;
    }
  }
}
