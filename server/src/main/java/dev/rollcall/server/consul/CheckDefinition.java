package dev.rollcall.server.consul;

import com.fasterxml.jackson.core.JsonGenerator;
import com.google.common.net.HostAndPort;
import dev.rollcall.Health;
import dev.rollcall.HostPort;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.server.outbound.CheckRequest;
import io.netty.util.AsciiString;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A check as a client has defined it.
 *
 * @param id empty where the agent is to choose
 * @param ttl zero where it is not a TTL check
 * @param probe what to ask over the network; null for a check by TTL or alias
 * @param alias whose checks it follows; null for one that does not
 * @param request what an HTTP check sends
 * @param reapAfter zero for never
 * @param successesBeforePassing how many successes in a row it takes after a failure; 0 as 1
 * @param failuresBeforeWarning how many failures in a row it takes after a success; 0 for as many
 *     as to be critical
 * @param failuresBeforeCritical how many failures in a row it takes after a success; 0 as 1
 */
record CheckDefinition(
    String id,
    String name,
    String notes,
    String status,
    Duration ttl,
    Liveness.@Nullable Check probe,
    @Nullable CheckAlias alias,
    CheckRequest request,
    Duration reapAfter,
    int successesBeforePassing,
    int failuresBeforeWarning,
    int failuresBeforeCritical) {

  /** In {@code agent/service/register} everything else is refused, as Consul does. */
  private static final Set<String> KNOWN =
      Set.of(
          "id",
          "checkid",
          "name",
          "notes",
          "status",
          "serviceid",
          "ttl",
          "interval",
          "timeout",
          "http",
          "tcp",
          "tcpusetls",
          "udp",
          "h2ping",
          "h2pingusetls",
          "osservice",
          "method",
          "header",
          "body",
          "tlsskipverify",
          "disableredirects",
          "scriptargs",
          "args",
          "script",
          "dockercontainerid",
          "shell",
          "grpc",
          "grpcusetls",
          "aliasnode",
          "aliasservice",
          "deregistercriticalserviceafter",
          "successbeforepassing",
          "failuresbeforewarning",
          "failuresbeforecritical",
          "outputmaxsize",
          "token",
          "namespace",
          "proxyhttp",
          "proxygrpc");

  /** Consul raises anything shorter to this. */
  private static final Duration MIN_REAP = Duration.ofMinutes(1);

  private static final int MAX_ID_BYTES = 253;
  private static final Duration MIN_INTERVAL = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofDays(1);
  private static final Duration USUAL_TIMEOUT = Duration.ofSeconds(10);

  static CheckDefinition of(Fields fields, String prefix) {
    fields.requireOnly(KNOWN);
    Unkept.requireFields(fields);
    String status = fields.text("Status");
    Duration ttl = fields.duration("TTL");
    Duration interval = fields.duration("Interval");
    Duration reapAfter = fields.duration("DeregisterCriticalServiceAfter");
    refuseUnserved(fields, prefix);
    boolean asks = fields.has("HTTP") || fields.has("TCP") || fields.has("GRPC");
    Liveness.Check probe = null;
    CheckAlias alias = CheckAlias.of(fields);
    if (!interval.isZero() && !ttl.isZero()) {
      throw RefusedException.bad(prefix + "Interval and TTL cannot both be specified");
    }
    if (asks) {
      if (interval.isZero()) {
        throw RefusedException.bad(prefix + "Interval must be > 0 for Script, HTTP, or TCP checks");
      }
      if (alias != null) {
        throw RefusedException.bad(prefix + "Interval cannot be set for Alias checks");
      }
      probe = probe(fields, interval, prefix);
    } else if (alias != null && !ttl.isZero()) {
      throw RefusedException.bad(prefix + "TTL must be not be set for Alias checks");
    } else if (alias == null && ttl.isZero()) {
      throw RefusedException.bad(prefix + "TTL must be > 0 for TTL checks");
    }
    if (!status.isEmpty() && !CatalogCheck.isStatus(status)) {
      throw RefusedException.bad("Status for checks must 'passing', 'warning', 'critical'");
    }
    int failuresBeforeWarning = fields.number("FailuresBeforeWarning", 0);
    int failuresBeforeCritical = fields.number("FailuresBeforeCritical", 0);
    if (failuresBeforeWarning > failuresBeforeCritical) {
      throw RefusedException.bad(
          prefix + "FailuresBeforeWarning can't be higher than FailuresBeforeCritical");
    }
    String id = fields.text("CheckID");
    return new CheckDefinition(
        requireId(id.isEmpty() ? fields.text("ID") : id),
        fields.text("Name"),
        fields.prose("Notes"),
        status,
        ttl,
        probe,
        alias,
        request(fields, prefix),
        reapAfter.isZero() || reapAfter.compareTo(MIN_REAP) >= 0 ? reapAfter : MIN_REAP,
        fields.number("SuccessBeforePassing", 0),
        failuresBeforeWarning,
        failuresBeforeCritical);
  }

  /** Returns what says that a service, or the node, is in maintenance. */
  static CheckDefinition maintenance(String id, String name, String reason) {
    return new CheckDefinition(
        id,
        name,
        reason,
        CatalogCheck.CRITICAL,
        Duration.ZERO,
        null,
        null,
        CheckRequest.GET,
        Duration.ZERO,
        0,
        0,
        0);
  }

  /** Writes what {@link #of} reads, but for the first status, which counts only once. */
  void write(JsonGenerator to) throws IOException {
    to.writeStartObject();
    to.writeStringField("CheckID", id);
    to.writeStringField("Name", name);
    to.writeStringField("Notes", notes);
    if (!ttl.isZero()) {
      to.writeNumberField("TTL", ttl.toNanos());
    }
    if (probe instanceof Liveness.HttpCheck http) {
      to.writeStringField("HTTP", http.uri().toString());
      to.writeStringField("Method", request.method().name());
      to.writeObjectFieldStart("Header");
      for (AsciiString header : request.headers().names()) {
        ConsulJsonWriter.texts(to, header.toString(), request.headers().getAll(header));
      }
      to.writeEndObject();
      to.writeStringField("Body", request.body().text());
    } else if (probe instanceof Liveness.TcpCheck tcp) {
      to.writeStringField("TCP", tcp.address().toString());
    } else if (probe instanceof Liveness.GrpcCheck grpc) {
      to.writeStringField("GRPC", target(grpc));
      to.writeBooleanField("GRPCUseTLS", grpc.tls().isPresent());
    }
    if (alias != null) {
      to.writeStringField("AliasNode", alias.node());
      to.writeStringField("AliasService", alias.service());
    }
    if (probe != null) {
      to.writeNumberField("Interval", probe.interval().toNanos());
      to.writeNumberField("Timeout", probe.timeout().toNanos());
    }
    to.writeNumberField("DeregisterCriticalServiceAfter", reapAfter.toNanos());
    to.writeNumberField("SuccessBeforePassing", successesBeforePassing);
    to.writeNumberField("FailuresBeforeWarning", failuresBeforeWarning);
    to.writeNumberField("FailuresBeforeCritical", failuresBeforeCritical);
    to.writeEndObject();
  }

  /**
   * Refuses an ID that is too long, or that no path can name. What Consul makes up may be longer.
   */
  static String requireId(String id) {
    int longest = id.startsWith("service:") ? 2 * MAX_ID_BYTES + 32 : MAX_ID_BYTES;
    if (id.getBytes(StandardCharsets.UTF_8).length > longest) {
      throw RefusedException.bad(
          "CheckID: " + Fields.shown(id) + " (expected: at most " + MAX_ID_BYTES + " bytes)");
    }
    return Paths.requireNameable("CheckID", id);
  }

  /** A definition without anything in it is none. */
  static Optional<CheckDefinition> ofOptional(Fields fields, String prefix) {
    fields.requireOnly(KNOWN);
    return KNOWN.stream().noneMatch(fields::has)
        ? Optional.empty()
        : Optional.of(of(fields, prefix));
  }

  private static void refuseUnserved(Fields fields, String prefix) {
    if (fields.has("Args") || fields.has("ScriptArgs") || fields.has("Script")) {
      throw RefusedException.failed(
          "Scripts are disabled on this agent from remote calls; to enable, configure"
              + " 'enable_script_checks' to true");
    }
    for (String unserved : new String[] {"DockerContainerID", "UDP", "H2PING", "OSService"}) {
      if (!fields.prose(unserved).isEmpty()) {
        throw RefusedException.bad(
            prefix
                + unserved
                + " is not served by this centre (expected: TTL, HTTP, TCP, GRPC, AliasNode or"
                + " AliasService)");
      }
    }
    if (fields.flag("TCPUseTLS")) {
      throw RefusedException.bad(prefix + "TCPUseTLS: true (expected: false, or an HTTP check)");
    }
  }

  private static CheckRequest request(Fields fields, String prefix) {
    try {
      return CheckRequest.of(fields.text("Method"), fields.lists("Header"), fields.prose("Body"));
    } catch (RegistryException refused) {
      throw RefusedException.bad(prefix + refused.getMessage());
    }
  }

  private static Liveness.Check probe(Fields fields, Duration asked, String prefix) {
    Duration interval = asked.compareTo(MIN_INTERVAL) < 0 ? MIN_INTERVAL : asked;
    interval = interval.compareTo(LONGEST) > 0 ? LONGEST : interval;
    Duration timeout = fields.duration("Timeout");
    timeout = timeout.isZero() || timeout.isNegative() ? USUAL_TIMEOUT : timeout;
    timeout = timeout.compareTo(interval) > 0 ? interval : timeout;
    try {
      if (fields.has("HTTP")) {
        return Liveness.httpCheck(URI.create(fields.text("HTTP")), interval).timeout(timeout);
      }
      if (fields.has("TCP")) {
        return new Liveness.TcpCheck(
            address(fields.text("TCP")), interval, timeout, Liveness.DEFAULT_DEREGISTER_AFTER);
      }
      String target = fields.text("GRPC");
      int slash = target.indexOf('/');
      return new Liveness.GrpcCheck(
          address(slash < 0 ? target : target.substring(0, slash)),
          slash < 0 ? "" : target.substring(slash + 1),
          fields.flag("GRPCUseTLS") ? Optional.of(Liveness.Tls.DEFAULT) : Optional.empty(),
          interval,
          timeout,
          Liveness.DEFAULT_DEREGISTER_AFTER);
    } catch (RegistryException refused) {
      throw RefusedException.bad(prefix + refused.getMessage());
    } catch (IllegalArgumentException | IllegalStateException malformed) {
      throw RefusedException.bad(
          prefix
              + (fields.has("HTTP")
                  ? "HTTP: (expected: an http or https URL)"
                  : fields.has("TCP")
                      ? "TCP: (expected: host:port)"
                      : "GRPC: (expected: host:port, or host:port/service)"));
    }
  }

  private static HostPort address(String text) {
    HostAndPort target = HostAndPort.fromString(text);
    return new HostPort(target.getHost(), target.getPort());
  }

  private static String target(Liveness.GrpcCheck grpc) {
    return grpc.address() + (grpc.service().isEmpty() ? "" : "/" + grpc.service());
  }

  /** Returns the ID that a check gets that is registered by itself. */
  String idOrName() {
    return id.isEmpty() ? name : id;
  }

  /** Returns what Consul calls the kind of check. */
  String type() {
    if (alias != null) {
      return "alias";
    }
    if (probe instanceof Liveness.HttpCheck) {
      return "http";
    }
    if (probe instanceof Liveness.GrpcCheck) {
      return "grpc";
    }
    return probe == null ? "ttl" : "tcp";
  }

  /** Returns what a check of this kind is shown to have said. */
  String outputOf(Health health) {
    if (probe instanceof Liveness.GrpcCheck grpc) {
      return "gRPC check "
          + target(grpc)
          + (health == Health.PASSING ? ": success" : ": does not serve");
    }
    String target =
        probe instanceof Liveness.HttpCheck http
            ? "HTTP " + request.method() + " " + http.uri()
            : "TCP connect " + (probe instanceof Liveness.TcpCheck tcp ? tcp.address() : "");
    return target
        + switch (health) {
          case PASSING -> ": Success";
          case WARNING -> ": Warning";
          case CRITICAL -> ": Failed";
        };
  }
}
