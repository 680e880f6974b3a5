package dev.rollcall.cli;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.BackendUri;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Optional;

/** The address of this machine that others are most likely to reach it by. */
final class OwnAddress {
  private OwnAddress() {}

  /**
   * Returns the address that this machine speaks to a store from. Sends nothing: connecting a
   * datagram socket only asks the routing table.
   */
  static String towards(BackendUri store) {
    Optional<String> host = store.hosts().stream().findFirst().map(OwnAddress::host);
    if (host.isPresent()) {
      try (DatagramSocket socket = new DatagramSocket()) {
        socket.connect(new InetSocketAddress(InetAddress.getByName(host.get()), 9));
        InetAddress own = socket.getLocalAddress();
        if (!own.isAnyLocalAddress()) {
          return own.getHostAddress().replaceFirst("%.*", "");
        }
      } catch (IOException | RuntimeException unknown) {
        // Said below, with what can be done about it.
      }
    }
    throw RegistryException.invalid(
        "--address: not given, and the way to the store does not tell it (expected: the address"
            + " that others reach this instance by)");
  }

  private static String host(String hostAndPort) {
    String host = URI.create("//" + hostAndPort).getHost();
    return host == null ? hostAndPort : host.replaceAll("[\\[\\]]", "");
  }
}
