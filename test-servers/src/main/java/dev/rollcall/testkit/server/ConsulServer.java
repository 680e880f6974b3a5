package dev.rollcall.testkit.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A Consul server with its agent, alone or a member of a {@link ConsulCluster}.
 *
 * <p>In development mode, the default, it starts in a fraction of a second and forgets everything
 * when it ends. With {@link ConsulServerBuilder#persistent()} it has a data folder, which {@link
 * #kill()} and {@link #stop()} leave, and takes a second or two to elect itself.
 *
 * <p>It counts as started when a consistent read, which takes a leader, lists this server's own
 * {@code consul} service as passing.
 *
 * <pre>{@code
 * try (ConsulServer consul = ConsulServer.launch()) {
 *   connect(consul.endpoint());
 *   consul.pause();
 *   consul.resume();
 * }
 * }</pre>
 *
 * @since 0.1.0
 */
public final class ConsulServer extends ChildServer {
  private final ConsulServerBuilder.Config config;
  private final List<Integer> gossipPorts;

  ConsulServer(
      ConsulServerBuilder.Config config,
      ServerBinary binary,
      PortLease ports,
      List<Integer> gossipPorts) {
    super(ServerKind.CONSUL, binary, ports, config.startTimeout());
    this.config = config;
    this.gossipPorts = List.copyOf(gossipPorts);
  }

  /**
   * Starts one server in development mode, with any version of Consul. Blocks until it serves.
   *
   * @return a running server
   * @throws ServerNotFoundException if there is no executable
   * @throws ServerException if it does not start
   */
  public static ConsulServer launch() {
    return builder().launch();
  }

  /**
   * Prepares a server or a cluster with further options.
   *
   * @return a builder with the defaults
   */
  public static ConsulServerBuilder builder() {
    return new ConsulServerBuilder();
  }

  /**
   * Returns the address for clients that speak TLS.
   *
   * @return {@code https://127.0.0.1:port}
   * @throws IllegalStateException if the server was built without a certificate
   */
  public String tlsEndpoint() {
    if (config.tls().isEmpty()) {
      throw new IllegalStateException(name() + ": no certificate (expected: builder.tls(…))");
    }
    return Loopback.url("https", port(3));
  }

  @Override
  List<String> arguments() {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "agent",
                "-node=" + name(),
                "-bind=" + Loopback.HOST,
                "-client=" + Loopback.HOST,
                "-http-port=" + port(),
                "-server-port=" + port(1),
                "-serf-lan-port=" + port(2),
                "-serf-wan-port=-1",
                "-dns-port=-1",
                "-grpc-port=-1",
                "-log-level=info",
                "-hcl=disable_update_check=true"));
    if (binary().isAtLeast(1, 14)) {
      arguments.add("-grpc-tls-port=-1");
    }
    if (!config.tls().isEmpty()) {
      arguments.add("-https-port=" + port(3));
      arguments.add("-hcl=" + tlsConfiguration());
    }
    if (!config.token().isEmpty()) {
      arguments.add("-hcl=" + accessControlConfiguration());
    }
    if (config.persistent()) {
      arguments.add("-server");
      arguments.add("-bootstrap-expect=" + gossipPorts.size());
      arguments.add("-data-dir=" + dataFolder());
      arguments.add("-hcl=performance{raft_multiplier=1}");
    } else {
      arguments.add("-dev");
    }
    if (gossipPorts.size() > 1) {
      arguments.add("-retry-interval=1s");
      gossipPorts.stream()
          .filter(port -> port != port(2))
          .forEach(port -> arguments.add("-retry-join=" + Loopback.HOST + ":" + port));
    }
    config.hcl().forEach(hcl -> arguments.add("-hcl=" + hcl));
    return arguments;
  }

  private String accessControlConfiguration() {
    String management = binary().isAtLeast(1, 11) ? "initial_management" : "master";
    return String.format(
        "acl{enabled=true default_policy=\"deny\" tokens{%1$s=\"%2$s\" agent=\"%2$s\"}}",
        management, config.token());
  }

  private String tlsConfiguration() {
    boolean perListener = binary().isAtLeast(1, 12);
    List<String> settings = new ArrayList<>(config.tls());
    if (!config.clientAuthority().isEmpty()) {
      settings.add("ca_file=\"" + config.clientAuthority() + "\"");
      settings.add(perListener ? "verify_incoming=true" : "verify_incoming_https=true");
    }
    String joined = String.join(" ", settings);
    return perListener ? "tls{https{" + joined + "}}" : joined;
  }

  @Override
  boolean isServing() {
    return Http.get(endpoint() + "/v1/health/service/consul?passing&consistent", headers())
        .filter(reply -> reply.isOk() && listsThisNode(reply.body()))
        .isPresent();
  }

  /** Development mode prints its JSON with spaces, others do not. */
  private boolean listsThisNode(String body) {
    return Pattern.compile("\"Node\":\\s*\"" + Pattern.quote(name()) + "\"").matcher(body).find();
  }

  boolean leads() {
    String own = "\"" + Loopback.HOST + ":" + port(1) + "\"";
    return Http.get(endpoint() + "/v1/status/leader", headers())
        .filter(reply -> reply.isOk() && reply.body().strip().equals(own))
        .isPresent();
  }

  private Map<String, String> headers() {
    return config.token().isEmpty() ? Map.of() : Map.of("X-Consul-Token", config.token());
  }
}
