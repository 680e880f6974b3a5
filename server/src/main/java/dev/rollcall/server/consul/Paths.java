package dev.rollcall.server.consul;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Decodes paths, and refuses in what becomes part of one what would not lead back. Strict, since
 * what two readers read differently is how one is fooled.
 */
final class Paths {
  private Paths() {}

  /**
   * Refuses an ID or a name that no path can name as it is: an agent answers a path with an empty
   * segment, {@code .} or {@code ..} with another one, and so do proxies; to some of these the
   * segment ends at a semicolon.
   *
   * @return the same text
   */
  static String requireNameable(String field, String text) {
    String rest = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
    boolean nameable = text.indexOf('\\') < 0;
    for (String segment : rest.split("/", -1)) {
      int semicolon = segment.indexOf(';');
      String named = semicolon < 0 ? segment : segment.substring(0, semicolon);
      nameable &= text.isEmpty() || !(named.isEmpty() || named.equals(".") || named.equals(".."));
    }
    if (!nameable) {
      throw RefusedException.bad(
          field
              + ": "
              + Fields.shown(text)
              + " (expected: no '\\', and no segment that is empty, '.' or '..' before a ';')");
    }
    return text;
  }

  static String decode(String sent) {
    int query = sent.indexOf('?');
    String path = query < 0 ? sent : sent.substring(0, query);
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
