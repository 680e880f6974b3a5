package dev.rollcall.server.access;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Decodes the percent-escapes of a path, strictly: {@code %} and two hexadecimal digits. A plus
 * sign is one. Stateless.
 *
 * @since 0.1.0
 */
public final class PercentEncoding {
  private PercentEncoding() {}

  /**
   * Decodes a path.
   *
   * @param path without its query
   * @return its octets, those of UTF-8 where it holds other characters than ASCII's as they are
   * @throws IllegalArgumentException where an escape is malformed
   */
  public static byte[] decode(String path) {
    byte[] raw = path.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream decoded = new ByteArrayOutputStream(raw.length);
    for (int i = 0; i < raw.length; i++) {
      if (raw[i] != '%') {
        decoded.write(raw[i]);
        continue;
      }
      int octet = i + 2 < raw.length ? octet((char) raw[i + 1], (char) raw[i + 2]) : -1;
      if (octet < 0) {
        throw new IllegalArgumentException("a malformed %-escape");
      }
      decoded.write(octet);
      i += 2;
    }
    return decoded.toByteArray();
  }

  /** Returns the octet that two digits name, -1 where they are none. */
  static int octet(char first, char second) {
    int high = Character.digit(first, 16);
    int low = Character.digit(second, 16);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
  }
}
