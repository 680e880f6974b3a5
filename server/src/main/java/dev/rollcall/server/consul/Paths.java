package dev.rollcall.server.consul;

import dev.rollcall.server.access.PercentEncoding;
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
    try {
      ByteBuffer octets = ByteBuffer.wrap(PercentEncoding.decode(path));
      return Fields.clean("path", StandardCharsets.UTF_8.newDecoder().decode(octets).toString());
    } catch (IllegalArgumentException malformed) {
      throw RefusedException.bad("path: " + malformed.getMessage());
    } catch (CharacterCodingException malformed) {
      throw RefusedException.bad("path: (expected: UTF-8)");
    }
  }
}
