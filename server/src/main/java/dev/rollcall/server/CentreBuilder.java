package dev.rollcall.server;

import static java.util.Objects.requireNonNull;

import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.server.access.Tls;
import dev.rollcall.server.outbound.OutboundCalls;
import dev.rollcall.server.outbound.OutboundPolicy;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.BackendProviders;
import dev.rollcall.spi.support.SystemTimer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Collects the settings of a {@link Centre}. Not thread-safe.
 *
 * @since 0.1.0
 */
public final class CentreBuilder {
  /** The port that Consul's clients have built in. */
  public static final int DEFAULT_PORT = 8500;

  private final String storeUri;
  private final List<Function<CentreContext, CentrePart>> parts = new ArrayList<>();
  private String host = "127.0.0.1";
  private int port = DEFAULT_PORT;
  private final List<Integer> morePorts = new ArrayList<>();
  private CentreLimits limits = CentreLimits.standard();
  private @Nullable Tls tls;
  private OutboundPolicy outbound = OutboundPolicy.anywhere();

  CentreBuilder(String storeUri) {
    this.storeUri = requireNonNull(storeUri, "storeUri");
  }

  /**
   * Sets the address to listen on; {@code 127.0.0.1} without this call.
   *
   * @param host an address of this machine, or {@code 0.0.0.0} for all
   * @return this
   */
  public CentreBuilder host(String host) {
    this.host = requireNonNull(host, "host");
    return this;
  }

  /**
   * Sets the port; 8500 without this call.
   *
   * @param port 1 to 65535, or 0 for any that is free
   * @return this
   */
  public CentreBuilder port(int port) {
    if (port < 0 || port > 65_535) {
      throw RegistryException.invalid("port: " + port + " (expected: 0-65535)");
    }
    this.port = port;
    return this;
  }

  /**
   * Adds a second port with all that is on the first.
   *
   * @param port 1 to 65535
   * @return this
   */
  public CentreBuilder alsoOn(int port) {
    if (port < 1 || port > 65_535) {
      throw RegistryException.invalid("second port: " + port + " (expected: 1-65535)");
    }
    morePorts.add(port);
    return this;
  }

  /**
   * Sets what a stranger may send and hold; {@link CentreLimits#standard()} without this call.
   *
   * @param limits the limits
   * @return this
   */
  public CentreBuilder limits(CentreLimits limits) {
    this.limits = requireNonNull(limits, "limits");
    return this;
  }

  /**
   * Sets where the centre may call what clients name; {@link OutboundPolicy#anywhere()} without
   * this call.
   *
   * @param policy where, and for how long
   * @return this
   */
  public CentreBuilder outbound(OutboundPolicy policy) {
    outbound = requireNonNull(policy, "policy");
    return this;
  }

  /**
   * Has the centre speak TLS; plain HTTP without this call.
   *
   * @param tls certificate and key, and the authority that is trusted
   * @return this
   */
  public CentreBuilder tls(Tls tls) {
    this.tls = requireNonNull(tls, "tls");
    return this;
  }

  /**
   * Adds something to serve.
   *
   * @param part makes it, given what the centre offers
   * @return this
   */
  public CentreBuilder part(Function<CentreContext, CentrePart> part) {
    parts.add(requireNonNull(part, "part"));
    return this;
  }

  /**
   * Opens the store and starts to serve. Blocks until the port is bound; does not wait for the
   * store.
   *
   * @return a running centre, the caller's to close
   * @throws RegistryException of kind {@code INVALID} where the URI or the address has a fault, of
   *     kind {@code UNAVAILABLE} where the port is taken
   */
  public Centre start() {
    BackendUri uri = BackendUri.parse(storeUri);
    Timer timer = SystemTimer.named("rollcall-centre-timer");
    RegistryBackend backend;
    try {
      backend = BackendProviders.open(storeUri, timer);
    } catch (RuntimeException refused) {
      timer.close();
      throw refused;
    }
    CentreContext context =
        new CentreContext(
            storeUri,
            backend,
            Registry.builder(backend)
                .timer(timer)
                // Its probe would connect to whatever address a stranger has registered.
                .massLossProtection(1, Duration.ofMinutes(5))
                .build(),
            timer,
            OutboundCalls.open(outbound, timer),
            ClientMemory.of(limits),
            uri.scheme(),
            uri.scheme().equals("memory"));
    return Centre.start(this, context);
  }

  String host() {
    return host;
  }

  int port() {
    return port;
  }

  List<Integer> morePorts() {
    return morePorts;
  }

  @Nullable Tls tls() {
    return tls;
  }

  CentreLimits limits() {
    return limits;
  }

  List<Function<CentreContext, CentrePart>> parts() {
    return List.copyOf(parts);
  }
}
