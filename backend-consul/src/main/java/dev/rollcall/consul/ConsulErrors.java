package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.support.BrokenClassPath;
import java.io.IOException;
import java.util.Optional;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/** Makes what Consul, or the line to it, says one of the four kinds of failure. Immutable. */
final class ConsulErrors {
  /** How much of an answer that is a refusal is read. */
  static final int READ = 800;

  private static final int SHOWN = 200;

  /** How a server says, with status 500, that it does not take a key. */
  private static final String KEY_RULE = "invalid key name";

  private final ConsulBackendSettings settings;

  ConsulErrors(ConsulBackendSettings settings) {
    this.settings = settings;
  }

  RegistryException of(int status, String words) {
    String said = settings + rule(status, words) + ": status " + status + ": " + shown(words);
    if (status == 500 && words.contains(KEY_RULE)) {
      return RegistryException.invalid(said);
    }
    return switch (status) {
      case 400, 413 -> RegistryException.invalid(said);
      case 401, 403 -> RegistryException.denied(said, null);
      default ->
          words.contains("ACL not found") || words.contains("Permission denied")
              ? RegistryException.denied(said, null)
              : RegistryException.unavailable(said, null);
    };
  }

  /** Returns the rule that a request has broken, where a server's words are known to mean one. */
  private String rule(int status, String words) {
    if (words.contains(KEY_RULE)) {
      return ": key (expected: a-z A-Z 0-9 , _ . / - ? & = alone, which is all that some servers"
          + " take, Consul 1.21.5 and 1.22.0 among them)";
    }
    if (status == 400
        && (words.contains("Enterprise feature")
            || words.contains("unknown field \"Partition\""))) {
      String option = words.contains("artition") ? "partition" : "ns";
      return ": option \"" + option + "\" (expected: none, or a server of Consul Enterprise)";
    }
    return "";
  }

  RegistryException of(Throwable failed) {
    Optional<RegistryException> broken = BrokenClassPath.in(failed);
    if (broken.isPresent()) {
      return broken.get();
    }
    for (Throwable cause = failed; cause != null; cause = cause.getCause()) {
      if (cause instanceof SSLHandshakeException || cause instanceof SSLPeerUnverifiedException) {
        return RegistryException.denied(
            settings + ": TLS: " + shown(String.valueOf(cause.getMessage())), cause);
      }
      if (cause instanceof BoundedInput.TooLong) {
        return RegistryException.invalid(settings + ": " + cause.getMessage());
      }
      if (cause instanceof IOException) {
        return unavailable(shown(cause.toString()), cause);
      }
    }
    return unavailable(shown(failed.toString()), failed);
  }

  RegistryException unavailable(String what, @Nullable Throwable cause) {
    return RegistryException.unavailable(settings + ": " + what, cause);
  }

  /** On one line and shortened: it may be anything. */
  private static String shown(String words) {
    String line = words.replaceAll("\\p{Cntrl}+", " ").strip();
    return line.length() > SHOWN ? line.substring(0, SHOWN) + "…" : line;
  }
}
