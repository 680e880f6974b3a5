package dev.rollcall.server.outbound;

import com.google.common.net.InetAddresses;
import dev.rollcall.RegistryException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;

/** A URL is taken or refused; one that is taken never names a forbidden literal address. */
public final class CallTargetFuzz {
  private CallTargetFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) throws UnknownHostException {
    String text = new String(input, StandardCharsets.UTF_8);
    try {
      CallTarget target = CallTarget.parse("url", text);
      String host = target.address().host();
      String last = host.substring(host.lastIndexOf('.') + 1);
      if (last.matches("[0-9]+|0[xX][0-9a-fA-F]*") && !InetAddresses.isInetAddress(host)) {
        throw new AssertionError("a disguised address: " + host);
      }
    } catch (RegistryException refused) {
      if (refused.getMessage() == null || refused.getMessage().indexOf('\n') >= 0) {
        throw new AssertionError("refused without a fit sentence", refused);
      }
    }
    try {
      AddressRange.parse(text).contains(InetAddress.getByAddress(new byte[] {10, 0, 0, 1}));
    } catch (RegistryException refused) {
      // As it should be.
    }
    try {
      OutboundPolicy.standard().allowPorts(text).permitsPort(80);
    } catch (RegistryException refused) {
      // As it should be.
    }
  }
}
