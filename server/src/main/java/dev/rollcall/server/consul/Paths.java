package dev.rollcall.server.consul;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Decodes paths: strictly, since what two readers read differently is how one is fooled. */
final class Paths {
  private Paths() {}

  static String decode(String path) {
    if (path.indexOf('%') < 0) {
      return Fields.clean("path", path);
    }
    byte[] raw = path.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream decoded = new ByteArrayOutputStream(raw.length);
    for (int i = 0; i < raw.length; i++) {
      if (raw[i] != '%') {
        decoded.write(raw[i]);
        continue;
      }
      int high = i + 2 < raw.length ? Character.digit(raw[i + 1], 16) : -1;
      int low = i + 2 < raw.length ? Character.digit(raw[i + 2], 16) : -1;
      if (high < 0 || low < 0) {
        throw RefusedException.bad("path: a malformed %-escape");
      }
      decoded.write(16 * high + low);
      i += 2;
    }
    try {
      return Fields.clean(
          "path",
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(decoded.toByteArray()))
              .toString());
    } catch (CharacterCodingException malformed) {
      throw RefusedException.bad("path: (expected: UTF-8)");
    }
  }
}
