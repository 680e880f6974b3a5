package dev.rollcall.server.dependencies;

import dev.rollcall.RegistryException;

/** A posted registration is taken or refused, nothing else. */
public final class DependencyRequestFuzz {
  private DependencyRequestFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    try {
      DependencyRequest request = DependencyRequest.parse(input);
      if (request.required().size() > DependencyRequest.MAX_REQUIRED
          || request.instance().service().indexOf('\n') >= 0
          || request.heartbeat().pathAndQuery().indexOf(' ') >= 0) {
        throw new AssertionError("taken, though it breaks a rule");
      }
    } catch (DependencyRequest.MalformedException | RegistryException refused) {
      if (refused.getMessage() == null || refused.getMessage().length() > 1_000) {
        throw new AssertionError("refused without a fit sentence", refused);
      }
    }
  }
}
