package dev.rollcall.server.access;

import com.google.common.base.Splitter;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Whether a path means the same to every reader. Rules that look at a path are worth nothing where
 * {@code /v1/x/../kv} or {@code /v1%2Fkv} is one path to the rule and another to the service; so
 * such a path is refused before any rule looks at it.
 *
 * <p>Below {@code /v1/}, keys, ids and names are the rest of a path. They may hold a semicolon and,
 * as Rollcall's own ids do, an encoded slash: their handlers read the path as it was sent, and so
 * does the rule. An encoded slash in what says which call it is, is refused. So is an empty segment
 * everywhere but at the end: Consul's agent answers it with another path.
 */
final class CanonicalPath {
  private static final String CONSUL = "/v1/";

  /** What begins so goes on with a key, an id or a name. */
  private static final List<String> NAMING =
      List.of(
          "/v1/kv/",
          "/v1/agent/service/",
          "/v1/agent/check/",
          "/v1/agent/health/service/",
          "/v1/catalog/",
          "/v1/health/");

  private CanonicalPath() {}

  /**
   * Returns a canonical path decoded, as rules look at it. One that Consul's interface serves is
   * taken as it was sent, and every other as the server routes it.
   */
  static String decoded(String sent, String routed) {
    if (!sent.startsWith(CONSUL)) {
      return routed;
    }
    return new String(PercentEncoding.decode(sent), StandardCharsets.UTF_8);
  }

  /** Takes the path as it was sent, with its query. */
  static boolean isCanonical(String sent) {
    int end = sent.indexOf('?');
    String path = end < 0 ? sent : sent.substring(0, end);
    if (!path.startsWith("/")) {
      return false;
    }
    boolean naming = NAMING.stream().anyMatch(path::startsWith);
    StringBuilder decoded = new StringBuilder();
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      if (c <= ' ' || c > '~' || c == '\\' || c == '#' || (c == ';' && !naming)) {
        return false;
      }
      if (c == '%') {
        int octet =
            i + 2 < path.length()
                ? PercentEncoding.octet(path.charAt(i + 1), path.charAt(i + 2))
                : -1;
        boolean slash = octet == '/';
        if (octet < ' ' || octet == 0x7f || octet == '\\' || (slash && !naming)) {
          return false;
        }
        // An encoded dot is still a dot to a reader that decodes before it resolves.
        decoded.append((char) octet);
        i += 2;
      } else {
        decoded.append(c);
      }
    }
    return hasPlainSegments(decoded.toString());
  }

  private static boolean hasPlainSegments(String path) {
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
    return empty == 0 || empty == last;
  }
}
