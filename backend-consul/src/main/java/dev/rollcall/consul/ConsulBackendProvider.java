package dev.rollcall.consul;

import dev.rollcall.HostPort;
import dev.rollcall.RegistryException;
import dev.rollcall.spi.BackendProvider;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.Secrets;
import dev.rollcall.spi.support.TlsOptions;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Opens {@code consul://host:port}, and {@code consuls://host:port} for TLS: the address of one
 * agent, the one on the same machine wherever there is one. Port 8500, and 8501 with TLS, where
 * none is given. Found by {@link java.util.ServiceLoader}; there is no reason to name it.
 *
 * <table>
 * <caption>Options</caption>
 * <tr><th>name</th><th>meaning</th><th>default</th></tr>
 * <tr><td>token</td><td>the ACL token; leaves the process in a header only, and over plain HTTP
 *   only to this machine</td><td>that of token-file, of token-env, of the variable
 *   {@code CONSUL_HTTP_TOKEN}, or none</td></tr>
 * <tr><td>token-file</td><td>a file that holds the token, read once</td><td></td></tr>
 * <tr><td>token-env</td><td>the environment variable that holds the token</td><td></td></tr>
 * <tr><td>dc</td><td>the datacentre to read from; an agent writes into its own only</td><td>the
 *   agent's</td></tr>
 * <tr><td>ns</td><td>the namespace, Consul Enterprise</td><td>the token's</td></tr>
 * <tr><td>partition</td><td>the admin partition, Consul Enterprise</td><td>the agent's</td></tr>
 * <tr><td>consistency</td><td>{@code default}, {@code consistent} or {@code stale}: of blocking
 *   queries; what follows a fault is read consistently in any case</td><td>default</td></tr>
 * <tr><td>wait</td><td>how long a blocking query waits, 1 s to 10 m in whole seconds: a silent
 *   agent is noticed after 17/16 of it and 2 s</td><td>5s</td></tr>
 * <tr><td>timeout</td><td>the deadline of each call, 100 ms to 1 m</td><td>5s</td></tr>
 * <tr><td>ca</td><td>a PEM file of the authorities to trust instead of the JDK's, TLS only</td>
 *   <td></td></tr>
 * <tr><td>cert, key</td><td>PEM files of this client's certificates and its PKCS #8 private key,
 *   TLS only</td><td></td></tr>
 * </table>
 *
 * @since 0.1.0
 */
public final class ConsulBackendProvider implements BackendProvider {
  private static final Set<String> OPTIONS =
      Set.of(
          "token",
          "token-file",
          "token-env",
          "dc",
          "ns",
          "partition",
          "consistency",
          "wait",
          "timeout",
          "ca",
          "cert",
          "key");
  private static final Pattern LABEL = Pattern.compile("[A-Za-z0-9_-]{1,64}");

  /** Visible ASCII: what a header can carry. Keeps line breaks out of requests. */
  private static final Pattern TOKEN = Pattern.compile("[!-~]{1,1024}");

  private final Map<String, String> environment;

  /** Creates the provider, which has no state of its own. */
  public ConsulBackendProvider() {
    this(System.getenv());
  }

  ConsulBackendProvider(Map<String, String> environment) {
    this.environment = environment;
  }

  @Override
  public Set<String> schemes() {
    return Set.of("consul", "consuls");
  }

  @Override
  public ConsulBackend open(BackendUri uri, Timer timer) {
    requireNoPath(uri);
    return new ConsulBackend(settings(uri), timer);
  }

  @Override
  public String identity(BackendUri uri) {
    return uri.identity("dc", "ns", "partition");
  }

  @Override
  public KeyValueBackend openKeyValue(BackendUri uri, Timer timer) {
    String path = uri.path().replaceAll("^/|/$", "");
    String root = path.isEmpty() ? "" : ConsulWatches.requireKey("path", path) + "/";
    return new ConsulKeyValueBackend(settings(uri), root, timer);
  }

  static void requireNoPath(BackendUri uri) {
    if (!uri.path().isEmpty() && !uri.path().equals("/")) {
      throw RegistryException.invalid(
          "uri: a path in "
              + uri
              + " (expected: none, since Consul's services have no prefix; a path is where a store"
              + " of keys begins)");
    }
  }

  ConsulBackendSettings settings(BackendUri uri) {
    uri.requireOnly(OPTIONS);
    boolean encrypted = uri.scheme().equals("consuls");
    HostPort address = address(uri, encrypted ? 8501 : 8500);
    String token = token(uri);
    if (!encrypted && !token.isEmpty() && !Secrets.isLoopback(address.host())) {
      throw RegistryException.invalid(
          "uri: a token over plain HTTP to "
              + address.host()
              + " (expected: consuls://, or an agent on this machine)");
    }
    Optional<TlsOptions> tls = TlsOptions.of(uri, "consuls");
    Duration wait = uri.duration("wait", Duration.ofSeconds(5));
    if (wait.compareTo(Duration.ofSeconds(1)) < 0
        || wait.compareTo(Duration.ofMinutes(10)) > 0
        || wait.toMillisPart() != 0) {
      throw uri.invalid("wait", "1s to 10m, in whole seconds");
    }
    Duration timeout = uri.duration("timeout", Duration.ofSeconds(5));
    if (timeout.compareTo(Duration.ofMillis(100)) < 0
        || timeout.compareTo(Duration.ofMinutes(1)) > 0) {
      throw uri.invalid("timeout", "100ms to 1m");
    }
    ReadOptions.Consistency consistency =
        ReadOptions.Consistency.valueOf(
            uri.oneOf("consistency", List.of("default", "consistent", "stale"))
                .toUpperCase(Locale.ROOT));
    return new ConsulBackendSettings(
        address,
        tls,
        token,
        label(uri, "dc"),
        label(uri, "ns"),
        label(uri, "partition"),
        consistency,
        wait,
        timeout);
  }

  private static String label(BackendUri uri, String option) {
    String label = uri.option(option).orElse("");
    if (uri.option(option).isPresent() && !LABEL.matcher(label).matches()) {
      throw uri.invalid(option, "1-64 of A-Z a-z 0-9 _ -");
    }
    return label;
  }

  private static HostPort address(BackendUri uri, int defaultPort) {
    if (uri.hosts().size() != 1) {
      throw RegistryException.invalid(
          "uri: "
              + uri.hosts().size()
              + " hosts in "
              + uri
              + " (expected: one, that of an agent, which knows all servers itself)");
    }
    String given = uri.hosts().get(0);
    String host = given;
    int port = defaultPort;
    int colon = given.lastIndexOf(':');
    boolean bracketed = given.startsWith("[");
    if (colon > given.indexOf(']') && (bracketed || given.indexOf(':') == colon)) {
      host = given.substring(0, colon);
      String digits = given.substring(colon + 1);
      if (!digits.matches("[0-9]{1,5}")) {
        throw RegistryException.invalid("uri: the port in " + uri + " (expected: 1-65535)");
      }
      port = Integer.parseInt(digits);
    }
    if (bracketed && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    return new HostPort(host, port);
  }

  private String token(BackendUri uri) {
    long given =
        List.of("token", "token-file", "token-env").stream()
            .filter(option -> uri.option(option).isPresent())
            .count();
    if (given > 1) {
      throw uri.invalid("token", "only one of token, token-file and token-env");
    }
    Optional<String> found =
        uri.option("token")
            .or(() -> Secrets.fromFile(uri, "token-file"))
            .or(() -> uri.option("token-env").map(name -> fromEnvironment(uri, name)));
    String token = found.orElseGet(() -> environment.getOrDefault("CONSUL_HTTP_TOKEN", ""));
    if (found.isPresent() || !token.isEmpty()) {
      if (!TOKEN.matcher(token).matches()) {
        throw uri.invalid("token", "1-1024 characters of visible ASCII");
      }
    }
    return token;
  }

  private String fromEnvironment(BackendUri uri, String name) {
    String value = environment.get(name);
    if (value == null) {
      throw uri.invalid("token-env", "the name of an environment variable that is set");
    }
    return value;
  }
}
