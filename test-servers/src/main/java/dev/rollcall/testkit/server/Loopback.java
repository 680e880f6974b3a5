package dev.rollcall.testkit.server;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/** The one address on which anything here listens: IPv4, whatever the JVM prefers. */
final class Loopback {
  static final String HOST = "127.0.0.1";

  private static final byte[] ADDRESS = {127, 0, 0, 1};

  private Loopback() {}

  static InetSocketAddress address(int port) {
    try {
      return new InetSocketAddress(InetAddress.getByAddress(HOST, ADDRESS), port);
    } catch (UnknownHostException e) {
      throw new AssertionError("four bytes are an address", e);
    }
  }

  static String url(String scheme, int port) {
    return scheme + "://" + HOST + ":" + port;
  }
}
