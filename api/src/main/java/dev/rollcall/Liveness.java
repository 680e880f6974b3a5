package dev.rollcall;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How the registry learns that an instance is alive. Immutable.
 *
 * <p>An instance that is found dead first turns {@link Health#CRITICAL}, which takes it out of
 * every look-up, and is removed from the store {@link #deregisterAfter()} later. A store that can
 * only remove (etcd) removes at once and says so in its {@linkplain dev.rollcall.spi.Capabilities
 * capabilities}.
 *
 * <p>Checks are run by the store where it can (Consul: by the agent that the instance is registered
 * at), else by this process. The one that runs a check sees all of it: its headers and its body are
 * sent to the store where the store runs it.
 *
 * @since 0.1.0
 */
public sealed interface Liveness {

  /** How long an instance may be critical before it is removed, where nothing else was said. */
  Duration DEFAULT_DEREGISTER_AFTER = Duration.ofMinutes(1);

  /**
   * The library renews by itself, three times a TTL; when renewals stop for a TTL the instance is
   * dead.
   *
   * @param ttl 1 s to 1 day
   * @return the liveness
   */
  static Heartbeat heartbeat(Duration ttl) {
    return new Heartbeat(ttl, Optional.empty(), DEFAULT_DEREGISTER_AFTER);
  }

  /**
   * The registry asks the instance over HTTP: 2xx is passing, 429 is a warning, everything else, a
   * redirect included, is critical. Until the first answer the instance is critical.
   *
   * @param uri an absolute {@code http} or {@code https} URI
   * @param interval 1 s to 1 day
   * @return the liveness, with a timeout of the interval or 5 s, whichever is less
   */
  static HttpCheck httpCheck(URI uri, Duration interval) {
    return new HttpCheck(
        uri,
        "GET",
        Map.of(),
        "",
        Tls.DEFAULT,
        interval,
        Check.defaultTimeout(interval),
        DEFAULT_DEREGISTER_AFTER);
  }

  /**
   * The registry opens a TCP connection to the instance: accepted is passing, everything else is
   * critical. Until the first attempt the instance is critical.
   *
   * @param host an IP address or a host name
   * @param port 1 to 65535
   * @param interval 1 s to 1 day
   * @return the liveness, with a timeout of the interval or 5 s, whichever is less
   */
  static TcpCheck tcpCheck(String host, int port, Duration interval) {
    return new TcpCheck(
        new HostPort(host, port),
        interval,
        Check.defaultTimeout(interval),
        DEFAULT_DEREGISTER_AFTER);
  }

  /**
   * The registry asks the instance over gRPC, by {@code grpc.health.v1.Health/Check}: {@code
   * SERVING} is passing, everything else is critical. Until the first answer the instance is
   * critical. In plain text, and of the server as a whole, unless the check says otherwise.
   *
   * <p>Where the store does not run checks (etcd, memory), this process needs a {@link
   * dev.rollcall.spi.GrpcHealthClient} on its class path, which {@code rollcall-backend-etcd} has;
   * without one the registration is refused.
   *
   * @param address where the gRPC server listens
   * @param interval 1 s to 1 day
   * @return the liveness, with a timeout of the interval or 5 s, whichever is less
   */
  static GrpcCheck grpcCheck(HostPort address, Duration interval) {
    return new GrpcCheck(
        address,
        "",
        Optional.empty(),
        interval,
        Check.defaultTimeout(interval),
        DEFAULT_DEREGISTER_AFTER);
  }

  /**
   * Several checks of one instance, which is as well as the worst of them. A check that has not
   * answered yet is critical.
   *
   * @param first a check
   * @param more further ones; 16 in all at most
   * @return the liveness, with the shortest of the checks' times to removal in place of theirs
   */
  static Checks all(Check first, Check... more) {
    List<Check> checks = new ArrayList<>();
    checks.add(Arguments.notNull("check", first, ""));
    Duration shortest = first.deregisterAfter();
    for (Check check : Arguments.notNull("checks", more, "")) {
      Duration after = Arguments.notNull("check", check, "").deregisterAfter();
      shortest = after.compareTo(shortest) < 0 ? after : shortest;
      checks.add(check);
    }
    return new Checks(checks, shortest);
  }

  /**
   * Nobody asks: the instance stays, in the health it was given, until it is deregistered.
   *
   * @return the liveness
   */
  static Permanent permanent() {
    return Permanent.INSTANCE;
  }

  private static void requireTimes(Duration interval, Duration timeout, Duration deregisterAfter) {
    Arguments.between("interval", interval, Arguments.MIN_TTL, Arguments.MAX_TTL);
    Arguments.between("timeout", timeout, Duration.ofMillis(1), interval);
    Arguments.between("deregisterAfter", deregisterAfter, Duration.ZERO, Arguments.MAX_TTL);
  }

  /**
   * Returns how long an instance may be critical before it is removed from the store.
   *
   * @return zero or more; {@link #DEFAULT_DEREGISTER_AFTER} where nothing was said
   */
  Duration deregisterAfter();

  /**
   * Returns the checks that are run from outside the instance.
   *
   * @return each check; empty for a heartbeat and for a permanent instance
   */
  default List<Check> checks() {
    return List.of();
  }

  /** A liveness that is checked from outside the instance. */
  sealed interface Check extends Liveness permits HttpCheck, TcpCheck, GrpcCheck {
    /**
     * Returns the time between two checks.
     *
     * @return 1 s to 1 day
     */
    Duration interval();

    /**
     * Returns how long one check may take before it counts as failed.
     *
     * @return more than zero, at most the interval
     */
    Duration timeout();

    /** Returns this one. */
    @Override
    default List<Check> checks() {
      return List.of(this);
    }

    private static Duration defaultTimeout(@Nullable Duration interval) {
      Duration most = Duration.ofSeconds(5);
      return interval == null || interval.compareTo(most) > 0 ? most : interval;
    }
  }

  /**
   * See {@link Liveness#heartbeat(Duration)}.
   *
   * @param ttl 1 s to 1 day
   * @param probe asked before each renewal; while it says false the instance is shown as critical,
   *     though its lease is kept. Called on a thread of the library's; must not block. An exception
   *     counts as false.
   * @param deregisterAfter zero to 1 day
   */
  record Heartbeat(Duration ttl, Optional<BooleanSupplier> probe, Duration deregisterAfter)
      implements Liveness {
    /**
     * Checks the ranges.
     *
     * @param ttl as the record says
     * @param probe as the record says
     * @param deregisterAfter as the record says
     */
    public Heartbeat {
      Arguments.between("ttl", ttl, Arguments.MIN_TTL, Arguments.MAX_TTL);
      Arguments.notNull("probe", probe, "");
      Arguments.between("deregisterAfter", deregisterAfter, Duration.ZERO, Arguments.MAX_TTL);
    }

    /**
     * Returns the same heartbeat, passing only while a probe of the application says so.
     *
     * @param probe asked before each renewal; must not block
     * @return a new heartbeat
     */
    public Heartbeat onlyWhile(BooleanSupplier probe) {
      return new Heartbeat(
          ttl, Optional.of(Arguments.notNull("probe", probe, "")), deregisterAfter);
    }

    /**
     * Returns the same heartbeat with another time to removal.
     *
     * @param deregisterAfter zero to 1 day
     * @return a new heartbeat
     */
    public Heartbeat deregisterAfter(Duration deregisterAfter) {
      return new Heartbeat(ttl, probe, deregisterAfter);
    }
  }

  /**
   * How a check verifies the server that it asks over TLS. The runner of the check decides which
   * authorities are trusted: this process those of the JDK's trust store, Consul's agent its own.
   *
   * @param serverName the name to ask for and to find in the certificate; empty for the host of the
   *     address
   * @param skipVerify whether any certificate is accepted, so that another machine on the way may
   *     answer in the server's place
   */
  record Tls(Optional<String> serverName, boolean skipVerify) {
    /** The certificate must be valid for the host of the address. */
    public static final Tls DEFAULT = new Tls(Optional.empty(), false);

    /**
     * Checks the name.
     *
     * @param serverName as the record says
     * @param skipVerify as the record says
     */
    public Tls {
      Arguments.notNull("tlsServerName", serverName, "");
      serverName.ifPresent(name -> CheckRequests.serverName(name));
    }

    Tls named(String serverName) {
      return new Tls(Optional.of(CheckRequests.serverName(serverName)), skipVerify);
    }

    Tls unverified() {
      return new Tls(serverName, true);
    }
  }

  /**
   * See {@link Liveness#httpCheck(URI, Duration)}. Header values and the body may be secrets;
   * {@link #toString} shows neither.
   *
   * @param uri an absolute {@code http} or {@code https} URI without user information
   * @param method {@code GET}, {@code HEAD}, {@code POST}, {@code PUT}, {@code PATCH}, {@code
   *     DELETE} or {@code OPTIONS}
   * @param headers what is sent besides what an HTTP client sends by itself, by name in any case;
   *     at most 32 values, and 4 KiB of names and values, in visible ASCII. Not {@code Host}, nor a
   *     header that is between the two ends of a connection, as {@code Content-Length} is
   * @param body at most 16 KiB of UTF-8; empty for none
   * @param tls for {@code https} only
   * @param interval 1 s to 1 day
   * @param timeout more than zero, at most the interval
   * @param deregisterAfter zero to 1 day
   */
  record HttpCheck(
      URI uri,
      String method,
      Map<String, List<String>> headers,
      String body,
      Tls tls,
      Duration interval,
      Duration timeout,
      Duration deregisterAfter)
      implements Check {
    /**
     * Checks all values, and copies the headers.
     *
     * @param uri as the record says
     * @param method as the record says
     * @param headers as the record says
     * @param body as the record says
     * @param tls as the record says
     * @param interval as the record says
     * @param timeout as the record says
     * @param deregisterAfter as the record says
     */
    public HttpCheck {
      CheckRequests.uri(uri);
      CheckRequests.method(method);
      headers = CheckRequests.headers(headers);
      CheckRequests.body(body);
      if (!Arguments.notNull("check tls", tls, "").equals(Tls.DEFAULT)
          && !"https".equalsIgnoreCase(uri.getScheme())) {
        throw RegistryException.invalid(
            "check tls: given for a URI without TLS (expected: https://…)");
      }
      requireTimes(interval, timeout, deregisterAfter);
    }

    /**
     * Returns the same check with another method.
     *
     * @param method {@code GET}, {@code HEAD}, {@code POST}, {@code PUT}, {@code PATCH}, {@code
     *     DELETE} or {@code OPTIONS}
     * @return a new check
     */
    public HttpCheck method(String method) {
      return new HttpCheck(uri, method, headers, body, tls, interval, timeout, deregisterAfter);
    }

    /**
     * Returns the same check with one more header, or one more value of a header.
     *
     * @param name of the header, in any case
     * @param value visible ASCII, in one line
     * @return a new check
     */
    public HttpCheck header(String name, String value) {
      return new HttpCheck(
          uri,
          method,
          CheckRequests.with(headers, name, value),
          body,
          tls,
          interval,
          timeout,
          deregisterAfter);
    }

    /**
     * Returns the same check with a body.
     *
     * @param body at most 16 KiB of UTF-8; empty for none
     * @return a new check
     */
    public HttpCheck body(String body) {
      return new HttpCheck(uri, method, headers, body, tls, interval, timeout, deregisterAfter);
    }

    /**
     * Returns the same check of a server whose certificate is for another name than the URI's host.
     * Where this process runs the check, the URI's host must be an IP address: the JDK's client
     * asks for a host's own name always. A registration is refused where it is a name.
     *
     * @param serverName the name to ask for and to find in the certificate
     * @return a new check
     */
    public HttpCheck tlsServerName(String serverName) {
      return new HttpCheck(
          uri, method, headers, body, tls.named(serverName), interval, timeout, deregisterAfter);
    }

    /**
     * Returns the same check, which takes any certificate.
     *
     * @return a new check
     */
    public HttpCheck tlsSkipVerify() {
      return new HttpCheck(
          uri, method, headers, body, tls.unverified(), interval, timeout, deregisterAfter);
    }

    /**
     * Returns the same check with another timeout.
     *
     * @param timeout more than zero, at most the interval
     * @return a new check
     */
    public HttpCheck timeout(Duration timeout) {
      return new HttpCheck(uri, method, headers, body, tls, interval, timeout, deregisterAfter);
    }

    /**
     * Returns the same check with another time to removal.
     *
     * @param deregisterAfter zero to 1 day
     * @return a new check
     */
    public HttpCheck deregisterAfter(Duration deregisterAfter) {
      return new HttpCheck(uri, method, headers, body, tls, interval, timeout, deregisterAfter);
    }

    /** Shows the names of the headers, and neither their values nor the body. */
    @Override
    public String toString() {
      return "HttpCheck["
          + method
          + " "
          + uri
          + ", headers="
          + headers.keySet()
          + ", body="
          + body.length()
          + " characters, tls="
          + tls
          + ", interval="
          + interval
          + ", timeout="
          + timeout
          + ", deregisterAfter="
          + deregisterAfter
          + "]";
    }
  }

  /**
   * See {@link Liveness#tcpCheck(String, int, Duration)}.
   *
   * @param address what to connect to
   * @param interval 1 s to 1 day
   * @param timeout more than zero, at most the interval
   * @param deregisterAfter zero to 1 day
   */
  record TcpCheck(HostPort address, Duration interval, Duration timeout, Duration deregisterAfter)
      implements Check {
    /**
     * Checks the ranges.
     *
     * @param address as the record says
     * @param interval as the record says
     * @param timeout as the record says
     * @param deregisterAfter as the record says
     */
    public TcpCheck {
      Arguments.notNull("check address", address, "");
      requireTimes(interval, timeout, deregisterAfter);
    }

    /**
     * Returns the same check with another timeout.
     *
     * @param timeout more than zero, at most the interval
     * @return a new check
     */
    public TcpCheck timeout(Duration timeout) {
      return new TcpCheck(address, interval, timeout, deregisterAfter);
    }

    /**
     * Returns the same check with another time to removal.
     *
     * @param deregisterAfter zero to 1 day
     * @return a new check
     */
    public TcpCheck deregisterAfter(Duration deregisterAfter) {
      return new TcpCheck(address, interval, timeout, deregisterAfter);
    }
  }

  /**
   * See {@link Liveness#grpcCheck(HostPort, Duration)}.
   *
   * @param address where the gRPC server listens
   * @param service the name whose health is asked for; empty for that of the server as a whole
   * @param tls empty for plain text
   * @param interval 1 s to 1 day
   * @param timeout more than zero, at most the interval
   * @param deregisterAfter zero to 1 day
   */
  record GrpcCheck(
      HostPort address,
      String service,
      Optional<Tls> tls,
      Duration interval,
      Duration timeout,
      Duration deregisterAfter)
      implements Check {
    /**
     * Checks all values.
     *
     * @param address as the record says
     * @param service as the record says
     * @param tls as the record says
     * @param interval as the record says
     * @param timeout as the record says
     * @param deregisterAfter as the record says
     */
    public GrpcCheck {
      Arguments.notNull("check address", address, "");
      CheckRequests.grpcService(service);
      Arguments.notNull("check tls", tls, "");
      requireTimes(interval, timeout, deregisterAfter);
    }

    /**
     * Returns the same check of one service of the server.
     *
     * @param service the name that the server's health service knows, 1 to 253 of {@code A-Z a-z
     *     0-9 . _ -}, often that of a protobuf service as in {@code shop.v1.Orders}; empty for the
     *     server as a whole
     * @return a new check
     */
    public GrpcCheck service(String service) {
      return new GrpcCheck(address, service, tls, interval, timeout, deregisterAfter);
    }

    /**
     * Returns the same check over TLS.
     *
     * @return a new check
     */
    public GrpcCheck overTls() {
      return over(tls.orElse(Tls.DEFAULT));
    }

    /**
     * Returns the same check over TLS, of a server whose certificate is for another name than the
     * host of the address.
     *
     * @param serverName the name to ask for and to find in the certificate
     * @return a new check
     */
    public GrpcCheck tlsServerName(String serverName) {
      return over(tls.orElse(Tls.DEFAULT).named(serverName));
    }

    /**
     * Returns the same check over TLS, which takes any certificate.
     *
     * @return a new check
     */
    public GrpcCheck tlsSkipVerify() {
      return over(tls.orElse(Tls.DEFAULT).unverified());
    }

    private GrpcCheck over(Tls tls) {
      return new GrpcCheck(address, service, Optional.of(tls), interval, timeout, deregisterAfter);
    }

    /**
     * Returns the same check with another timeout.
     *
     * @param timeout more than zero, at most the interval
     * @return a new check
     */
    public GrpcCheck timeout(Duration timeout) {
      return new GrpcCheck(address, service, tls, interval, timeout, deregisterAfter);
    }

    /**
     * Returns the same check with another time to removal.
     *
     * @param deregisterAfter zero to 1 day
     * @return a new check
     */
    public GrpcCheck deregisterAfter(Duration deregisterAfter) {
      return new GrpcCheck(address, service, tls, interval, timeout, deregisterAfter);
    }
  }

  /**
   * See {@link Liveness#all(Check, Check...)}.
   *
   * @param checks 1 to 16
   * @param deregisterAfter zero to 1 day, in place of what the checks say. Where Consul runs them,
   *     the time of each check counts by itself
   */
  record Checks(List<Check> checks, Duration deregisterAfter) implements Liveness {
    private static final int MAX = 16;

    /**
     * Checks the range, and copies the list.
     *
     * @param checks as the record says
     * @param deregisterAfter as the record says
     */
    public Checks {
      for (Check check : Arguments.notNull("checks", checks, "")) {
        Arguments.notNull("check", check, "");
      }
      checks = List.copyOf(checks);
      if (checks.isEmpty() || checks.size() > MAX) {
        throw RegistryException.invalid("checks: " + checks.size() + " (expected: 1-" + MAX + ")");
      }
      Arguments.between("deregisterAfter", deregisterAfter, Duration.ZERO, Arguments.MAX_TTL);
    }

    /**
     * Returns the same checks with another time to removal.
     *
     * @param deregisterAfter zero to 1 day
     * @return new checks
     */
    public Checks deregisterAfter(Duration deregisterAfter) {
      return new Checks(checks, deregisterAfter);
    }
  }

  /** See {@link Liveness#permanent()}. */
  record Permanent() implements Liveness {
    private static final Permanent INSTANCE = new Permanent();

    /** Returns a day: never used, since nobody finds a permanent instance dead. */
    @Override
    public Duration deregisterAfter() {
      return Arguments.MAX_TTL;
    }
  }
}
