package dev.rollcall;

import java.net.URI;
import java.time.Duration;
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
    return new HttpCheck(uri, interval, Check.defaultTimeout(interval), DEFAULT_DEREGISTER_AFTER);
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
   * Nobody asks: the instance stays, in the health it was given, until it is deregistered.
   *
   * @return the liveness
   */
  static Permanent permanent() {
    return Permanent.INSTANCE;
  }

  /**
   * Returns how long an instance may be critical before it is removed from the store.
   *
   * @return zero or more; {@link #DEFAULT_DEREGISTER_AFTER} where nothing was said
   */
  Duration deregisterAfter();

  /** A liveness that somebody has to go and ask for. */
  sealed interface Check extends Liveness permits HttpCheck, TcpCheck {
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
   * See {@link Liveness#httpCheck(URI, Duration)}.
   *
   * @param uri an absolute {@code http} or {@code https} URI without user information
   * @param interval 1 s to 1 day
   * @param timeout more than zero, at most the interval
   * @param deregisterAfter zero to 1 day
   */
  record HttpCheck(URI uri, Duration interval, Duration timeout, Duration deregisterAfter)
      implements Check {
    /**
     * Checks the URI and the ranges.
     *
     * @param uri as the record says
     * @param interval as the record says
     * @param timeout as the record says
     * @param deregisterAfter as the record says
     */
    public HttpCheck {
      Arguments.notNull("check uri", uri, "");
      String scheme = uri.getScheme();
      if (uri.getHost() == null
          || uri.getRawUserInfo() != null
          || !("http".equalsIgnoreCase(scheme) || "https".equalsIgnoreCase(scheme))) {
        throw RegistryException.invalid(
            "check uri: (expected: http(s)://host[:port]/path without user information)");
      }
      Arguments.between("interval", interval, Arguments.MIN_TTL, Arguments.MAX_TTL);
      Arguments.between("timeout", timeout, Duration.ofMillis(1), interval);
      Arguments.between("deregisterAfter", deregisterAfter, Duration.ZERO, Arguments.MAX_TTL);
    }

    /**
     * Returns the same check with another timeout.
     *
     * @param timeout more than zero, at most the interval
     * @return a new check
     */
    public HttpCheck timeout(Duration timeout) {
      return new HttpCheck(uri, interval, timeout, deregisterAfter);
    }

    /**
     * Returns the same check with another time to removal.
     *
     * @param deregisterAfter zero to 1 day
     * @return a new check
     */
    public HttpCheck deregisterAfter(Duration deregisterAfter) {
      return new HttpCheck(uri, interval, timeout, deregisterAfter);
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
      Arguments.between("interval", interval, Arguments.MIN_TTL, Arguments.MAX_TTL);
      Arguments.between("timeout", timeout, Duration.ofMillis(1), interval);
      Arguments.between("deregisterAfter", deregisterAfter, Duration.ZERO, Arguments.MAX_TTL);
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
