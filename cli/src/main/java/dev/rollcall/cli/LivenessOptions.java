package dev.rollcall.cli;

import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** How {@code register} lets the store learn that the instance is alive. */
final class LivenessOptions {
  @ArgGroup private Kind kind = new Kind();

  @Option(
      names = "--interval",
      paramLabel = "TIME",
      defaultValue = "10s",
      converter = DurationConverter.class,
      description = "The time between two checks, 1s to 24h; ${DEFAULT-VALUE} if not given.")
  private Duration interval = Duration.ofSeconds(10);

  @Option(
      names = "--deregister-after",
      paramLabel = "TIME",
      defaultValue = "1m",
      converter = DurationConverter.class,
      description =
          "How long it may be critical before it is removed; ${DEFAULT-VALUE} if not given.")
  private Duration deregisterAfter = Liveness.DEFAULT_DEREGISTER_AFTER;

  Liveness liveness() {
    String http = kind.httpCheck;
    if (http != null) {
      return Liveness.httpCheck(uri(http), interval).deregisterAfter(deregisterAfter);
    }
    String tcp = kind.tcpCheck;
    if (tcp != null) {
      URI address = uri("tcp://" + tcp);
      if (address.getHost() == null) {
        throw RegistryException.invalid(
            "--tcp-check: \"" + Cells.cut(Cells.safe(tcp), 60) + "\" (expected: HOST:PORT)");
      }
      return Liveness.tcpCheck(
              address.getHost().replaceAll("[\\[\\]]", ""), address.getPort(), interval)
          .deregisterAfter(deregisterAfter);
    }
    return kind.permanent
        ? Liveness.permanent()
        : Liveness.heartbeat(kind.ttl).deregisterAfter(deregisterAfter);
  }

  private static URI uri(String text) {
    try {
      return new URI(text);
    } catch (URISyntaxException malformed) {
      throw RegistryException.invalid("check: not of the form http://host:port/path or host:port");
    }
  }

  /** One of them, the heartbeat where none is given. */
  static final class Kind {
    @Option(
        names = "--ttl",
        paramLabel = "TIME",
        converter = DurationConverter.class,
        description =
            "Renew a lease three times in TIME, 1s to 24h, for as long as this command runs; 10s,"
                + " where none of these four is given.")
    private Duration ttl = Duration.ofSeconds(10);

    @Option(
        names = "--http-check",
        paramLabel = "URL",
        description = "Ask URL: 2xx is passing, 429 a warning.")
    private @Nullable String httpCheck;

    @Option(
        names = "--tcp-check",
        paramLabel = "HOST:PORT",
        description = "Connect to HOST:PORT: accepted is passing.")
    private @Nullable String tcpCheck;

    @Option(
        names = "--permanent",
        description =
            "Nobody asks: register and end, without a command. It stays until it is deregistered.")
    private boolean permanent;
  }
}
