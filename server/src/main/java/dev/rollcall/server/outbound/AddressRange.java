package dev.rollcall.server.outbound;

import com.google.common.net.InetAddresses;
import com.google.common.primitives.Ints;
import dev.rollcall.RegistryException;
import java.net.InetAddress;

/**
 * All addresses that begin with the same bits, like {@code 10.0.0.0/8} or {@code fd00::/8}.
 * Immutable.
 *
 * @since 0.1.0
 */
public final class AddressRange {
  private final byte[] network;
  private final int bits;

  private AddressRange(byte[] network, int bits) {
    this.network = network;
    this.bits = bits;
  }

  /**
   * Reads a range.
   *
   * @param text an IP address, which stands for itself alone, or an address, a slash and the number
   *     of leading bits; the bits after those must be zero
   * @return the range
   * @throws RegistryException of kind {@code INVALID} where the text is no range
   */
  public static AddressRange parse(String text) {
    int slash = text.indexOf('/');
    String address = slash < 0 ? text : text.substring(0, slash);
    if (!InetAddresses.isInetAddress(address) || address.indexOf('%') >= 0) {
      throw refused(text);
    }
    byte[] network = InetAddresses.forString(address).getAddress();
    int most = network.length * Byte.SIZE;
    Integer bits = slash < 0 ? Integer.valueOf(most) : Ints.tryParse(text.substring(slash + 1));
    if (bits == null || bits < 0 || bits > most) {
      throw refused(text);
    }
    AddressRange range = new AddressRange(network, bits);
    for (int bit = bits; bit < most; bit++) {
      if (bitOf(network, bit) != 0) {
        throw refused(text);
      }
    }
    return range;
  }

  /**
   * Tells whether an address lies in this range. An IPv4 address never lies in an IPv6 range, and
   * the other way round.
   *
   * @param address the address
   * @return whether it does
   */
  public boolean contains(InetAddress address) {
    byte[] other = address.getAddress();
    if (other.length != network.length) {
      return false;
    }
    for (int bit = 0; bit < bits; bit++) {
      if (bitOf(other, bit) != bitOf(network, bit)) {
        return false;
      }
    }
    return true;
  }

  private static int bitOf(byte[] address, int bit) {
    return address[bit / Byte.SIZE] >> (Byte.SIZE - 1 - bit % Byte.SIZE) & 1;
  }

  private static RegistryException refused(String text) {
    return RegistryException.invalid(
        "address range: "
            + Shown.of(text)
            + " (expected: address/bits like 10.0.0.0/8 or fd00::/8, without bits after those)");
  }
}
