package dev.rollcall.etcd;

import dev.rollcall.HostPort;
import dev.rollcall.RegistryException;
import dev.rollcall.etcd.Stored.Format;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.support.Secrets;
import dev.rollcall.spi.support.TlsOptions;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import javax.net.ssl.SSLException;

/**
 * What a URI says. Its text shows no secret.
 *
 * @param endpoints where the cluster's members are
 * @param base what stands before a service's name in a key: empty, or ending in a slash
 * @param credentials user and password
 * @param tls how to speak TLS; empty for plain text
 * @param timeout how long one call may take
 * @param minTtl the shortest TTL to ask of etcd
 * @param format how to write values
 */
record EtcdOptions(
    List<HostPort> endpoints,
    String base,
    Optional<Credentials> credentials,
    Optional<SslContext> tls,
    Duration timeout,
    Duration minTtl,
    Format format) {
  static final Set<String> SCHEMES = Set.of("etcd", "etcds");

  private static final Set<String> KNOWN =
      Set.of(
          "ca",
          "cert",
          "format",
          "key",
          KeyValueNames.OPTION,
          "password",
          "password-file",
          "prefix",
          "timeout",
          "ttl",
          "user");
  private static final String DEFAULT_BASE = "/rollcall/";
  private static final int DEFAULT_PORT = 2379;
  private static final Duration MAX_TIMEOUT = Duration.ofMinutes(10);
  private static final Duration MAX_TTL = Duration.ofDays(1);

  /**
   * Who asks.
   *
   * @param user the name
   * @param password the secret
   */
  record Credentials(String user, String password) {
    @Override
    public String toString() {
      return "a user and a password";
    }
  }

  static EtcdOptions of(BackendUri uri) {
    uri.requireOnly(KNOWN);
    boolean secure = uri.scheme().equals("etcds");
    if (uri.hosts().isEmpty()) {
      throw RegistryException.invalid(
          "uri: no host in " + uri.scheme() + ": (expected: " + uri.scheme() + "://host:port)");
    }
    List<HostPort> endpoints = uri.hosts().stream().map(EtcdOptions::endpoint).toList();
    Optional<Credentials> credentials = credentials(uri);
    if (credentials.isPresent() && !secure) {
      for (HostPort endpoint : endpoints) {
        if (!Secrets.isLoopback(endpoint.host())) {
          throw uri.invalid(
              "user",
              "etcds://, since a password travels in plain text to a loopback address only");
        }
      }
    }
    return new EtcdOptions(
        endpoints,
        base(uri),
        credentials,
        TlsOptions.of(uri, "etcds").map(EtcdOptions::context),
        between(uri, "timeout", Duration.ofSeconds(5), Duration.ofMillis(100), MAX_TIMEOUT),
        between(uri, "ttl", Duration.ofSeconds(1), Duration.ofSeconds(1), MAX_TTL),
        Format.valueOf(
            uri.oneOf("format", List.of("json", "go", "plain")).toUpperCase(Locale.ROOT)));
  }

  /** The address in the form that jetcd's resolver of fixed addresses takes. */
  String target() {
    return endpoints.stream()
        .map(HostPort::toString)
        .collect(Collectors.joining(",", "ip:///", ""));
  }

  @Override
  public String toString() {
    return endpoints.stream().map(HostPort::toString).collect(Collectors.joining(","));
  }

  private static HostPort endpoint(String text) {
    try {
      boolean noPort = text.endsWith("]") || text.indexOf(':') < 0;
      return ValueReader.hostPort(noPort ? text + ":" + DEFAULT_PORT : text);
    } catch (MalformedException malformed) {
      throw RegistryException.invalid("uri: host \"" + text + "\" (expected: host or host:port)");
    }
  }

  private static String base(BackendUri uri) {
    Optional<String> prefix = uri.option("prefix");
    String path = uri.path();
    if (prefix.isPresent()) {
      if (!path.isEmpty()) {
        throw uri.invalid("prefix", "no path beside it");
      }
      String given = prefix.get();
      return given.isEmpty() || given.endsWith("/") ? given : given + "/";
    }
    if (path.isEmpty()) {
      return DEFAULT_BASE;
    }
    return path.endsWith("/") ? path : path + "/";
  }

  private static Optional<Credentials> credentials(BackendUri uri) {
    Optional<String> user = uri.option("user");
    Optional<String> password = uri.option("password");
    if (password.isPresent() && uri.option("password-file").isPresent()) {
      throw uri.invalid("password-file", "no password beside it");
    }
    password = password.or(() -> Secrets.fromFile(uri, "password-file"));
    if (user.isPresent() != password.isPresent()) {
      throw uri.invalid(user.isPresent() ? "user" : "password", "user and password together");
    }
    if (user.isEmpty() || password.isEmpty()) {
      return Optional.empty();
    }
    if (user.get().isEmpty() || password.get().isEmpty()) {
      throw uri.invalid("user", "neither user nor password empty");
    }
    return Optional.of(new Credentials(user.get(), password.get()));
  }

  private static SslContext context(TlsOptions options) {
    SslContextBuilder builder = GrpcSslContexts.forClient().trustManager(options.trustManager());
    options.keyManager().ifPresent(builder::keyManager);
    try {
      return builder.build();
    } catch (SSLException failed) {
      throw new RegistryException(
          RegistryException.Kind.INVALID, "uri: no TLS on this JVM: " + failed, failed);
    }
  }

  private static Duration between(
      BackendUri uri, String option, Duration otherwise, Duration least, Duration most) {
    Duration value = uri.duration(option, otherwise);
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw uri.invalid(option, least + " to " + most);
    }
    return value;
  }
}
