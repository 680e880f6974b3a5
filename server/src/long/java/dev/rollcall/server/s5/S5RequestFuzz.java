package dev.rollcall.server.s5;

import dev.rollcall.RegistryException;

/** A posted registration is taken or refused, nothing else. */
public final class S5RequestFuzz {
  private S5RequestFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    try {
      S5Request request = S5Request.parse(input);
      if (request.required().size() > S5Request.MAX_REQUIRED
          || request.instance().service().indexOf('\n') >= 0
          || request.heartbeat().pathAndQuery().indexOf(' ') >= 0) {
        throw new AssertionError("taken, though it breaks a rule");
      }
    } catch (S5Request.MalformedException | RegistryException refused) {
      if (refused.getMessage() == null || refused.getMessage().length() > 1_000) {
        throw new AssertionError("refused without a fit sentence", refused);
      }
    }
  }
}
