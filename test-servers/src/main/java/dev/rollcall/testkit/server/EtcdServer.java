package dev.rollcall.testkit.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An etcd server, alone or a member of an {@link EtcdCluster}. Its data survives {@link #kill()}
 * and {@link #stop()}.
 *
 * <p>It is tuned to elect quickly: heartbeat 50 ms, election timeout 250 ms alone and 500 ms in a
 * cluster. It counts as started when it answers a linearizable read, which takes a leader and a
 * majority as a write does, but leaves the revision where it is.
 *
 * <pre>{@code
 * try (EtcdServer etcd = EtcdServer.launch("3.5")) {
 *   connect(etcd.endpoint());
 *   etcd.kill();
 *   etcd.start();
 * }
 * }</pre>
 *
 * @since 0.1.0
 */
public final class EtcdServer extends ChildServer {
  private static final String MISSING_KEY = "{\"key\":\"AA==\"}";
  private static final Pattern CODE = Pattern.compile("\"code\":(\\d+)");

  /**
   * INVALID_ARGUMENT, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNAUTHENTICATED: it serves, and says
   * no.
   */
  private static final Set<String> REFUSALS = Set.of("3", "7", "8", "16");

  private static final Pattern OWN_ID = Pattern.compile("\"member_id\":\"(\\d+)\"");
  private static final Pattern LEADER_ID = Pattern.compile("\"leader\":\"(\\d+)\"");

  private final EtcdServerBuilder.Config config;
  private final Membership membership;

  EtcdServer(
      EtcdServerBuilder.Config config,
      ServerBinary binary,
      PortLease ports,
      Membership membership) {
    super(ServerKind.ETCD, binary, ports, config.startTimeout());
    this.config = config;
    this.membership = membership;
  }

  /**
   * Starts one server. Blocks until it serves.
   *
   * @param versionLine major and minor version, such as {@code "3.5"}
   * @return a running server
   * @throws IllegalArgumentException if the version line is not of that form
   * @throws ServerNotFoundException if there is no such executable
   * @throws ServerException if it does not start
   */
  public static EtcdServer launch(String versionLine) {
    return builder(versionLine).launch();
  }

  /**
   * Prepares a server or a cluster with further options.
   *
   * @param versionLine major and minor version, such as {@code "3.5"}
   * @return a builder with the defaults
   * @throws IllegalArgumentException if the version line is not of that form
   */
  public static EtcdServerBuilder builder(String versionLine) {
    return new EtcdServerBuilder(versionLine);
  }

  /**
   * Returns the address for clients that speak TLS.
   *
   * @return {@code https://127.0.0.1:port}
   * @throws IllegalStateException if the server was built without a certificate
   */
  public String tlsEndpoint() {
    if (!config.tls()) {
      throw new IllegalStateException(name() + ": no certificate (expected: builder.tls(…))");
    }
    return Loopback.url("https", port(2));
  }

  static String peerAddress(PortLease ports) {
    return Loopback.url("http", ports.port(1));
  }

  static String memberName(PortLease ports) {
    return ServerKind.ETCD.executable() + "-" + ports.port(0);
  }

  @Override
  List<String> arguments() {
    String peer = Loopback.url("http", port(1));
    String listen = config.tls() ? endpoint() + "," + tlsEndpoint() : endpoint();
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--name=" + name(),
                "--data-dir=" + dataFolder(),
                "--listen-client-urls=" + listen,
                "--advertise-client-urls=" + endpoint(),
                "--listen-peer-urls=" + peer,
                "--initial-advertise-peer-urls=" + peer,
                "--initial-cluster=" + membership.initialCluster(),
                "--initial-cluster-token=" + membership.token(),
                "--heartbeat-interval=50",
                "--election-timeout=" + membership.electionMillis()));
    arguments.addAll(config.arguments());
    return arguments;
  }

  @Override
  boolean isServing() {
    return Http.post(endpoint() + "/v3/kv/range", MISSING_KEY)
        .filter(reply -> reply.isOk() || isRefusal(reply.body()))
        .isPresent();
  }

  private static boolean isRefusal(String body) {
    Matcher code = CODE.matcher(body);
    return code.find() && REFUSALS.contains(code.group(1));
  }

  boolean leads() {
    return Http.post(endpoint() + "/v3/maintenance/status", "{}")
        .filter(Http.Reply::isOk)
        .filter(
            reply -> {
              Matcher own = OWN_ID.matcher(reply.body());
              Matcher leader = LEADER_ID.matcher(reply.body());
              return own.find() && leader.find() && own.group(1).equals(leader.group(1));
            })
        .isPresent();
  }

  /** What all members of a cluster are told alike. */
  record Membership(String initialCluster, String token, int electionMillis) {}
}
