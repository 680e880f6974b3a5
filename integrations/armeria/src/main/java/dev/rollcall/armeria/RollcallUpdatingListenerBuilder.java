package dev.rollcall.armeria;

import com.linecorp.armeria.client.Endpoint;
import com.linecorp.armeria.common.SessionProtocol;
import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceName;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Collects the settings of a {@link RollcallUpdatingListener}. Not thread-safe.
 *
 * @since 0.1.0
 */
public final class RollcallUpdatingListenerBuilder {
  private final Registry registry;
  private final String service;
  private @Nullable Endpoint endpoint;
  private @Nullable SessionProtocol protocol;
  private Consumer<? super ServiceInstance.Builder> details = builder -> {};
  private Function<? super ServiceInstance, ? extends Liveness> liveness =
      instance -> Liveness.heartbeat(Duration.ofSeconds(10));

  RollcallUpdatingListenerBuilder(Registry registry, String service) {
    this.registry = Objects.requireNonNull(registry, "registry");
    this.service = ServiceName.check(service);
  }

  /**
   * Sets the address that others reach the server at, as behind a proxy or in a container.
   *
   * @param endpoint a host, with a port where that differs from the server's own
   * @return this
   */
  public RollcallUpdatingListenerBuilder endpoint(Endpoint endpoint) {
    this.endpoint = Objects.requireNonNull(endpoint, "endpoint");
    return this;
  }

  /**
   * Sets which of the server's ports is registered: the first one that speaks a protocol. Without
   * this call it is the first one that speaks HTTP or HTTPS.
   *
   * @param protocol {@code HTTPS} of a server that has both
   * @return this
   */
  public RollcallUpdatingListenerBuilder sessionProtocol(SessionProtocol protocol) {
    this.protocol = Objects.requireNonNull(protocol, "protocol");
    return this;
  }

  /**
   * Sets what else is told of the instance: id, tags, metadata, weight, zone, named ports.
   *
   * @param details called by {@link #build()} to check, and with each start of a server; the
   *     builder that it is given has the address and the scheme already
   * @return this
   */
  public RollcallUpdatingListenerBuilder instance(
      Consumer<? super ServiceInstance.Builder> details) {
    this.details = Objects.requireNonNull(details, "details");
    return this;
  }

  /**
   * Keeps the server registered by a heartbeat, as it is with 10 s without this call.
   *
   * @param ttl 1 s to 1 day
   * @return this
   */
  public RollcallUpdatingListenerBuilder heartbeat(Duration ttl) {
    return liveness(instance -> Liveness.heartbeat(ttl));
  }

  /**
   * Has the server asked over HTTP, as Armeria's {@code HealthCheckService} answers. Nobody finds
   * the server before the first answer.
   *
   * @param path from its slash on
   * @param interval 1 s to 1 day
   * @return this
   */
  public RollcallUpdatingListenerBuilder healthCheck(String path, Duration interval) {
    return liveness(instance -> Liveness.httpCheck(instance.uri(path), interval));
  }

  /**
   * Sets how the registry learns that the server is alive.
   *
   * @param liveness of an instance; called by {@link #build()} to check, and with each start of a
   *     server
   * @return this
   */
  public RollcallUpdatingListenerBuilder liveness(
      Function<? super ServiceInstance, ? extends Liveness> liveness) {
    this.liveness = Objects.requireNonNull(liveness, "liveness");
    return this;
  }

  /**
   * Checks the settings and makes the listener.
   *
   * @return a listener for {@code ServerBuilder.serverListener}
   * @throws dev.rollcall.RegistryException of kind {@code INVALID} where a field of the instance,
   *     or the liveness, breaks its rule
   */
  public RollcallUpdatingListener build() {
    // Armeria only logs what a listener throws: a fault must show before the server starts.
    ServiceInstance trial =
        RollcallUpdatingListener.instance(service, "127.0.0.1", 1, "http", details);
    Objects.requireNonNull(liveness.apply(trial), "liveness");
    return new RollcallUpdatingListener(registry, service, endpoint, protocol, details, liveness);
  }
}
