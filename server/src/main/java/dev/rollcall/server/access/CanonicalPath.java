package dev.rollcall.server.access;

import com.google.common.base.Splitter;

/**
 * Whether a path means the same to every reader. Rules that look at a path are worth nothing where
 * {@code /v1/x/../kv} or {@code /v1%2Fkv} is one path to the rule and another to the service; so
 * such a path is refused before any rule looks at it.
 *
 * <p>The keys of the key-value store may hold encoded and empty segments: all that lies below
 * {@code /v1/kv/} takes the same right, whatever it means. Below {@code /v1/agent/service/} ids may
 * hold an encoded slash, as Rollcall's own do: to read takes the same right for all of them, and a
 * writing path that hides its verb so matches no rule but that of administrators.
 */
final class CanonicalPath {
  private static final String KEYS = "/v1/kv/";
  private static final String SERVICES = "/v1/agent/service/";

  private CanonicalPath() {}

  /** Takes the path as it was sent, with its query. */
  static boolean isCanonical(String sent) {
    int end = sent.indexOf('?');
    String path = end < 0 ? sent : sent.substring(0, end);
    if (!path.startsWith("/")) {
      return false;
    }
    boolean key = path.startsWith(KEYS);
    boolean slashes = key || path.startsWith(SERVICES);
    StringBuilder decoded = new StringBuilder();
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      if (c <= ' ' || c > '~' || c == '\\' || c == '#' || (c == ';' && !key)) {
        return false;
      }
      if (c == '%') {
        int octet = octetAt(path, i + 1);
        boolean slash = octet == '/';
        if (octet < ' ' || octet == 0x7f || octet == '\\' || (slash && !slashes)) {
          return false;
        }
        // An encoded dot is still a dot to a reader that decodes before it resolves.
        decoded.append((char) octet);
        i += 2;
      } else {
        decoded.append(c);
      }
    }
    return hasPlainSegments(decoded.toString(), key);
  }

  private static boolean hasPlainSegments(String path, boolean key) {
    int empty = 0;
    int last = 0;
    for (String segment : Splitter.on('/').split(path.substring(1))) {
      last++;
      if (segment.equals(".") || segment.equals("..")) {
        return false;
      }
      if (segment.isEmpty() && empty == 0) {
        empty = last;
      }
    }
    // Only the last segment may be empty: a path that ends with a slash.
    return key || empty == 0 || empty == last;
  }

  private static int octetAt(String path, int at) {
    if (at + 2 > path.length()) {
      return -1;
    }
    int high = Character.digit(path.charAt(at), 16);
    int low = Character.digit(path.charAt(at + 1), 16);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
  }
}
