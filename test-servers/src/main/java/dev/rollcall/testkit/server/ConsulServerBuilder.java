package dev.rollcall.testkit.server;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Options of a {@link ConsulServer} or a {@link ConsulCluster}.
 *
 * <p>Not thread-safe. A builder may start several servers; later calls do not change those that it
 * started.
 *
 * @since 0.1.0
 */
public final class ConsulServerBuilder {
  private static final int PORTS = 4;

  private final List<String> hcl = new ArrayList<>();
  private String versionLine = WantedServer.ANY_LINE;
  private String token = "";
  private boolean persistent;
  private List<String> tls = List.of();
  private String clientAuthority = "";
  private Duration startTimeout = Duration.ofSeconds(30);

  ConsulServerBuilder() {}

  /**
   * Asks for a version line. Default: any.
   *
   * @param line major and minor version, such as {@code "1.8"}
   * @return this builder
   * @throws IllegalArgumentException if it is not of that form
   */
  public ConsulServerBuilder version(String line) {
    versionLine = new WantedServer(ServerKind.CONSUL, line).line();
    return this;
  }

  /**
   * Keeps data in a folder, across restarts. Default: development mode, without. A cluster is
   * always persistent.
   *
   * @return this builder
   */
  public ConsulServerBuilder persistent() {
    persistent = true;
    return this;
  }

  /**
   * Adds a piece of configuration in Consul's language.
   *
   * @param configuration for example <code>limits{http_max_conns_per_client=2000}</code>
   * @return this builder
   */
  public ConsulServerBuilder hcl(String configuration) {
    hcl.add(configuration);
    return this;
  }

  /**
   * Turns access control on, with {@code deny} where no policy says otherwise and one token that
   * may do everything. It is the agent's own token too.
   *
   * @param managementToken a UUID
   * @return this builder
   * @throws IllegalArgumentException if it is not a UUID
   */
  public ConsulServerBuilder accessControl(String managementToken) {
    token = UUID.fromString(managementToken).toString();
    return this;
  }

  /**
   * Serves TLS too, on a port of its own; see {@link ConsulServer#tlsEndpoint()}.
   *
   * @param certificate a PEM file
   * @param key its private key, a PEM file
   * @return this builder
   */
  public ConsulServerBuilder tls(Path certificate, Path key) {
    tls = List.of("cert_file=\"" + certificate + "\"", "key_file=\"" + key + "\"");
    return this;
  }

  /**
   * Demands a certificate of TLS clients. To be combined with {@link #tls}.
   *
   * @param authority the authority that must have signed it, a PEM file
   * @return this builder
   */
  public ConsulServerBuilder clientAuthority(Path authority) {
    clientAuthority = authority.toString();
    return this;
  }

  /**
   * Sets how long a start may take until the server serves. Default: 30 s.
   *
   * @param timeout more than zero
   * @return this builder
   * @throws IllegalArgumentException if it is not more than zero
   */
  public ConsulServerBuilder startTimeout(Duration timeout) {
    startTimeout = Durations.requirePositive("timeout", timeout);
    return this;
  }

  /**
   * Starts one server. Blocks until it serves.
   *
   * @return a running server
   * @throws ServerNotFoundException if there is no such executable
   * @throws ServerException if it does not start
   */
  public ConsulServer launch() {
    Config config = config(persistent);
    ServerBinary binary = binary();
    return PortLease.retryOnClash(
        () -> {
          ConsulServer server = servers(config, binary, List.of(PortLease.of(PORTS))).get(0);
          try {
            server.start();
            return server;
          } catch (RuntimeException e) {
            server.close();
            throw e;
          }
        });
  }

  /**
   * Starts a cluster. Blocks until each member serves.
   *
   * @param members 3, 5 or 7
   * @return a running cluster
   * @throws IllegalArgumentException if it is another number of members
   * @throws ServerNotFoundException if there is no such executable
   * @throws ServerException if a member does not start
   */
  public ConsulCluster launchCluster(int members) {
    TestCluster.requireMembers(members);
    Config config = config(true);
    ServerBinary binary = binary();
    return PortLease.retryOnClash(
        () ->
            TestCluster.started(
                new ConsulCluster(servers(config, binary, PortLease.several(members, PORTS)))));
  }

  private ServerBinary binary() {
    return versionLine.isEmpty() ? ServerBinary.consul() : ServerBinary.consul(versionLine);
  }

  private Config config(boolean withData) {
    return new Config(hcl, token, withData, tls, clientAuthority, startTimeout);
  }

  private static List<ConsulServer> servers(
      Config config, ServerBinary binary, List<PortLease> leases) {
    List<Integer> gossipPorts = leases.stream().map(ports -> ports.port(2)).toList();
    return leases.stream()
        .map(ports -> new ConsulServer(config, binary, ports, gossipPorts))
        .toList();
  }

  /** A copy of the options, so that a server does not see later calls. */
  record Config(
      List<String> hcl,
      String token,
      boolean persistent,
      List<String> tls,
      String clientAuthority,
      Duration startTimeout) {
    Config {
      hcl = List.copyOf(hcl);
    }
  }
}
