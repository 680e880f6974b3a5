package dev.rollcall.testkit.server;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Options of an {@link EtcdServer} or an {@link EtcdCluster}.
 *
 * <p>Not thread-safe. A builder may start several servers; later calls do not change those that it
 * started.
 *
 * @since 0.1.0
 */
public final class EtcdServerBuilder {
  private static final int PORTS = 3;

  private final WantedServer wanted;
  private final List<String> arguments = new ArrayList<>();
  private boolean tls;
  private Duration startTimeout = Duration.ofSeconds(30);

  EtcdServerBuilder(String versionLine) {
    if (versionLine.isEmpty()) {
      throw new IllegalArgumentException("versionLine: empty (expected: major.minor, such as 3.5)");
    }
    this.wanted = new WantedServer(ServerKind.ETCD, versionLine);
  }

  /**
   * Adds an argument to etcd's command line, after those of this library.
   *
   * @param argument for example {@code --quota-backend-bytes=2097152}
   * @return this builder
   * @throws IllegalArgumentException if it does not start with {@code --}
   */
  public EtcdServerBuilder argument(String argument) {
    if (!argument.startsWith("--")) {
      throw new IllegalArgumentException("argument: " + argument + " (expected: --name=value)");
    }
    arguments.add(argument);
    return this;
  }

  /**
   * Serves TLS too, on a port of its own; see {@link EtcdServer#tlsEndpoint()}.
   *
   * @param certificate a PEM file
   * @param key its private key, a PEM file
   * @return this builder
   */
  public EtcdServerBuilder tls(Path certificate, Path key) {
    tls = true;
    return argument("--cert-file=" + certificate).argument("--key-file=" + key);
  }

  /**
   * Demands a certificate of TLS clients. To be combined with {@link #tls}.
   *
   * @param authority the authority that must have signed it, a PEM file
   * @return this builder
   */
  public EtcdServerBuilder clientAuthority(Path authority) {
    return argument("--client-cert-auth=true").argument("--trusted-ca-file=" + authority);
  }

  /**
   * Sets how long a start may take until the server serves. Default: 30 s.
   *
   * @param timeout more than zero
   * @return this builder
   * @throws IllegalArgumentException if it is not more than zero
   */
  public EtcdServerBuilder startTimeout(Duration timeout) {
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
  public EtcdServer launch() {
    Config config = config();
    ServerBinary binary = ServerBinary.etcd(wanted.line());
    return PortLease.retryOnClash(
        () -> {
          EtcdServer server = servers(config, binary, List.of(PortLease.of(PORTS)), 250).get(0);
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
  public EtcdCluster launchCluster(int members) {
    TestCluster.requireMembers(members);
    Config config = config();
    ServerBinary binary = ServerBinary.etcd(wanted.line());
    return PortLease.retryOnClash(
        () ->
            TestCluster.started(
                new EtcdCluster(servers(config, binary, PortLease.several(members, PORTS), 500))));
  }

  private Config config() {
    return new Config(arguments, tls, startTimeout);
  }

  private static List<EtcdServer> servers(
      Config config, ServerBinary binary, List<PortLease> leases, int electionMillis) {
    String cluster =
        leases.stream()
            .map(ports -> EtcdServer.memberName(ports) + "=" + EtcdServer.peerAddress(ports))
            .collect(Collectors.joining(","));
    EtcdServer.Membership membership =
        new EtcdServer.Membership(cluster, EtcdServer.memberName(leases.get(0)), electionMillis);
    return leases.stream().map(ports -> new EtcdServer(config, binary, ports, membership)).toList();
  }

  /** A copy of the options, so that a server does not see later calls. */
  record Config(List<String> arguments, boolean tls, Duration startTimeout) {
    Config {
      arguments = List.copyOf(arguments);
    }
  }
}
