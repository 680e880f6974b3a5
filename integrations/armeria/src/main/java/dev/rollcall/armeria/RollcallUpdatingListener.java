package dev.rollcall.armeria;

import com.linecorp.armeria.client.Endpoint;
import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.common.util.SystemInfo;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerListenerAdapter;
import com.linecorp.armeria.server.ServerPort;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registers a server of Armeria once it has started, and deregisters it when it begins to stop,
 * before it drains.
 *
 * <pre>{@code
 * Server.builder()
 *     .http(8080)
 *     .service("/orders", orders)
 *     .gracefulShutdownTimeout(Duration.ofSeconds(2), Duration.ofSeconds(30))
 *     .serverListener(RollcallUpdatingListener.of(registry, "orders"))
 *     .build();
 * }</pre>
 *
 * <p><b>Give the server a quiet period</b> ({@code gracefulShutdownTimeout}), as above. Without one
 * Armeria closes its ports at once, and callers that do not know yet that the server has left meet
 * a closed port. Two seconds are enough on most networks.
 *
 * <p>A server starts although the store is down; it is registered as soon as the store answers. The
 * address is the one that the port is bound to; where that is all addresses, the machine's first
 * IPv4 address that is no loopback, else its host name. The port is the first one of the server
 * that speaks HTTP or HTTPS.
 *
 * <p>Thread-safe. Nothing blocks. One listener may be added to several servers. The registry stays
 * the caller's to close, after the server has stopped.
 *
 * @since 0.1.0
 */
public final class RollcallUpdatingListener extends ServerListenerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(RollcallUpdatingListener.class);

  private final Registry registry;
  private final String service;
  private final @Nullable Endpoint endpoint;
  private final @Nullable SessionProtocol protocol;
  private final Consumer<? super ServiceInstance.Builder> details;
  private final Function<? super ServiceInstance, ? extends Liveness> liveness;
  private final Map<Server, Registration> registrations = new ConcurrentHashMap<>();

  RollcallUpdatingListener(
      Registry registry,
      String service,
      @Nullable Endpoint endpoint,
      @Nullable SessionProtocol protocol,
      Consumer<? super ServiceInstance.Builder> details,
      Function<? super ServiceInstance, ? extends Liveness> liveness) {
    this.registry = registry;
    this.service = service;
    this.endpoint = endpoint;
    this.protocol = protocol;
    this.details = details;
    this.liveness = liveness;
  }

  /**
   * Makes a listener that keeps servers registered by a heartbeat of 10 s.
   *
   * @param registry stays the caller's to close
   * @param service the service's name
   * @return a listener for {@code ServerBuilder.serverListener}
   * @throws dev.rollcall.RegistryException of kind {@code INVALID} where the name breaks the rule
   */
  public static RollcallUpdatingListener of(Registry registry, String service) {
    return builder(registry, service).build();
  }

  /**
   * Starts a listener.
   *
   * @param registry stays the caller's to close
   * @param service the service's name
   * @return a builder
   * @throws dev.rollcall.RegistryException of kind {@code INVALID} where the name breaks the rule
   */
  public static RollcallUpdatingListenerBuilder builder(Registry registry, String service) {
    return new RollcallUpdatingListenerBuilder(registry, service);
  }

  /**
   * Registers the server, and does not wait for the store.
   *
   * @throws IllegalStateException where the server has no port to be called at, or the registry is
   *     closed; Armeria logs it, and the server runs on
   */
  @Override
  public void serverStarted(Server server) {
    ServiceInstance instance = instance(port(server), server.defaultHostname());
    registrations.put(server, registry.announce(instance, liveness.apply(instance)));
  }

  /** Deregisters the server, and does not wait for the store. */
  @Override
  public void serverStopping(Server server) {
    Registration registration = registrations.remove(server);
    if (registration != null) {
      registration
          .deregister()
          .whenComplete(
              (done, failure) -> {
                if (failure != null) {
                  LOG.warn(
                      "{} could not be deregistered while its server stops: {}",
                      registration.instance(),
                      failure.toString());
                }
              });
    }
  }

  private ServerPort port(Server server) {
    for (ServerPort port : server.activePorts().values()) {
      if (!port.isDomainSocket()
          && (protocol == null ? port.hasHttp() || port.hasHttps() : port.hasProtocol(protocol))) {
        return port;
      }
    }
    throw new IllegalStateException(
        "ports: "
            + server.activePorts().values()
            + " (expected: one that speaks "
            + (protocol == null ? "HTTP" : protocol)
            + "), service "
            + service);
  }

  private ServiceInstance instance(ServerPort port, String hostname) {
    boolean https = protocol == null ? !port.hasHttp() : protocol.isTls();
    int bound = port.localAddress().getPort();
    String host =
        endpoint == null ? host(port.localAddress().getAddress(), hostname) : host(endpoint);
    return instance(
        service,
        host,
        endpoint == null ? bound : endpoint.port(bound),
        https ? "https" : "http",
        details);
  }

  static ServiceInstance instance(
      String service,
      String host,
      int port,
      String scheme,
      Consumer<? super ServiceInstance.Builder> details) {
    ServiceInstance.Builder instance =
        ServiceInstance.builder(service).address(host, port).scheme(scheme);
    details.accept(instance);
    return instance.build();
  }

  private static String host(InetAddress bound, String hostname) {
    if (!bound.isAnyLocalAddress()) {
      return bound.getHostAddress();
    }
    return Optional.ofNullable(SystemInfo.defaultNonLoopbackIpV4Address())
        .map(Inet4Address::getHostAddress)
        .orElse(hostname);
  }

  private static String host(Endpoint endpoint) {
    String address = endpoint.ipAddr();
    return address == null ? endpoint.host() : address;
  }
}
