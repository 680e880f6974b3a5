package dev.rollcall.armeria;

import com.linecorp.armeria.client.Endpoint;
import com.linecorp.armeria.client.endpoint.DynamicEndpointGroup;
import com.linecorp.armeria.client.endpoint.EndpointSelectionStrategy;
import com.linecorp.armeria.common.CommonPools;
import dev.rollcall.Change;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.Subscription;
import io.netty.util.AttributeKey;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The passing instances of a service as an endpoint group of Armeria, which follows every change.
 * An outage of the store removes no endpoint.
 *
 * <pre>{@code
 * EndpointGroup orders = RollcallEndpointGroup.of(registry, "orders");
 * WebClient client = WebClient.of(SessionProtocol.HTTP, orders);
 * }</pre>
 *
 * <p>An endpoint has the instance's host, port and weight, its zone as {@link #ZONE}, and the whole
 * instance as {@link #INSTANCE}. {@link #whenReady()} completes with the first state that is known,
 * also an empty one and one from disk. It fails where the registry is closed before, or where the
 * class path keeps every state from coming.
 *
 * <p>Where no instance passes, the list is empty. A call then waits for an endpoint for the
 * selection timeout and fails. This group's {@link #toString()}, which stands in Armeria's message,
 * says why there is none. Armeria gives messages for some failures a second only.
 *
 * <p>Thread-safe. Nothing blocks. Listeners of the group are called on the registry's listener
 * executor, one call at a time. {@link #close()} ends the subscription and leaves the registry
 * open; where the registry is closed first, the last endpoints stay.
 *
 * @since 0.1.0
 */
public final class RollcallEndpointGroup extends DynamicEndpointGroup {
  /** The instance that an endpoint stands for. */
  public static final AttributeKey<ServiceInstance> INSTANCE =
      AttributeKey.valueOf(RollcallEndpointGroup.class, "INSTANCE");

  /** The zone of an endpoint; not there where the instance has none. */
  public static final AttributeKey<String> ZONE =
      AttributeKey.valueOf(RollcallEndpointGroup.class, "ZONE");

  private static final Logger LOG = LoggerFactory.getLogger(RollcallEndpointGroup.class);

  private final ServiceView view;
  // Touched by calls of the one listener alone, which are serial.
  private final Map<String, Endpoint> endpointsById = new LinkedHashMap<>();
  private final Subscription subscription;

  RollcallEndpointGroup(
      ServiceView view,
      EndpointSelectionStrategy strategy,
      boolean allowEmptyEndpoints,
      long selectionTimeoutMillis) {
    super(strategy, allowEmptyEndpoints, selectionTimeoutMillis);
    this.view = view;
    subscription = view.watch(this::changed);
    view.ready()
        .whenComplete(
            (first, failure) -> {
              if (failure != null) {
                failInit(failure);
              }
            });
  }

  /**
   * Makes a group of a service's instances, with weighted round robin.
   *
   * @param registry stays the caller's to close
   * @param service the service's name
   * @return an open group, the caller's to close
   * @throws dev.rollcall.RegistryException of kind {@code INVALID} where the name breaks the rule
   * @throws IllegalStateException where the registry is closed
   */
  public static RollcallEndpointGroup of(Registry registry, String service) {
    return builder(registry, service).build();
  }

  /**
   * Makes a group of what a view shows, with weighted round robin. The view's filter counts; its
   * balancer does not, since Armeria selects.
   *
   * @param view perhaps one of {@link ServiceView#where}
   * @return an open group, the caller's to close
   * @throws IllegalStateException where the view's registry is closed
   */
  public static RollcallEndpointGroup of(ServiceView view) {
    return builder(view).build();
  }

  /**
   * Starts a group of a service's instances.
   *
   * @param registry stays the caller's to close
   * @param service the service's name
   * @return a builder
   * @throws dev.rollcall.RegistryException of kind {@code INVALID} where the name breaks the rule
   * @throws IllegalStateException where the registry is closed
   */
  public static RollcallEndpointGroupBuilder builder(Registry registry, String service) {
    return builder(registry.service(service));
  }

  /**
   * Starts a group of what a view shows.
   *
   * @param view perhaps one of {@link ServiceView#where}
   * @return a builder
   */
  public static RollcallEndpointGroupBuilder builder(ServiceView view) {
    return new RollcallEndpointGroupBuilder(view);
  }

  private void changed(Change change) {
    if (isClosing()) {
      return;
    }
    for (ServiceInstance gone : change.removed()) {
      endpointsById.remove(gone.id());
    }
    change.added().forEach(this::put);
    change.updated().forEach(this::put);
    setEndpoints(endpointsById.values());
  }

  private void put(ServiceInstance instance) {
    try {
      endpointsById.put(instance.id(), endpoint(instance));
    } catch (IllegalArgumentException refused) {
      // One entry of a stranger must not hide the others.
      endpointsById.remove(instance.id());
      LOG.warn("{} is left out, since Armeria refuses its host: {}", instance, refused.toString());
    }
  }

  private static Endpoint endpoint(ServiceInstance instance) {
    Endpoint endpoint =
        Endpoint.of(instance.host(), instance.port())
            .withWeight(instance.weight())
            .withAttr(INSTANCE, instance);
    return instance.zone().isEmpty() ? endpoint : endpoint.withAttr(ZONE, instance.zone());
  }

  /** Ends the subscription on a thread that may wait for a listener of the group. */
  @Override
  protected void doCloseAsync(CompletableFuture<?> future) {
    CommonPools.blockingTaskExecutor()
        .execute(
            () -> {
              subscription.close();
              future.complete(null);
            });
  }

  /** Shows the service, and why there is no instance where there is none. */
  @Override
  public String toString() {
    return toString(
        text -> {
          text.append(", service=").append(view.service());
          view.snapshot().explain().ifPresent(why -> text.append(", why=").append(why.text()));
        });
  }
}
