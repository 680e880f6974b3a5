package dev.rollcall.server.access;

import com.linecorp.armeria.common.HttpMethod;
import dev.rollcall.RegistryException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Paths and token files: a canonical path stays the same however it is resolved. */
public final class AccessFuzz {
  private AccessFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    if (CanonicalPath.isCanonical(text) && !text.startsWith("/v1/kv/")) {
      int query = text.indexOf('?');
      String path = query < 0 ? text : text.substring(0, query);
      if (path.contains("/../") || path.contains("//") || path.toLowerCase(Locale.ROOT).contains("%2f")) {
        throw new AssertionError("taken: " + path);
      }
      RequiredRole.of(HttpMethod.GET, path);
    }
    try {
      Tokens tokens = Tokens.parse("tokens", text, false);
      if (tokens.find("a-token-that-is-not-there").isPresent()) {
        throw new AssertionError("a token that is not there");
      }
    } catch (RegistryException refused) {
      if (refused.getMessage() == null) {
        throw new AssertionError("refused without a sentence", refused);
      }
    }
  }
}
