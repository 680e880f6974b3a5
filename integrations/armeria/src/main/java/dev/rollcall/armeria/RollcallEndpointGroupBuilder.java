package dev.rollcall.armeria;

import com.linecorp.armeria.client.endpoint.AbstractDynamicEndpointGroupBuilder;
import com.linecorp.armeria.client.endpoint.EndpointSelectionStrategy;
import com.linecorp.armeria.common.Flags;
import dev.rollcall.ServiceView;
import java.util.Objects;

/**
 * Collects the settings of a {@link RollcallEndpointGroup}. The selection timeout is Armeria's
 * usual time for a connection, and empty lists are allowed, unless it is told otherwise. Not
 * thread-safe.
 *
 * @since 0.1.0
 */
public final class RollcallEndpointGroupBuilder
    extends AbstractDynamicEndpointGroupBuilder<RollcallEndpointGroupBuilder> {
  private final ServiceView view;
  private EndpointSelectionStrategy strategy = EndpointSelectionStrategy.weightedRoundRobin();

  RollcallEndpointGroupBuilder(ServiceView view) {
    super(Flags.defaultConnectTimeoutMillis());
    this.view = Objects.requireNonNull(view, "view");
  }

  /**
   * Sets how an endpoint is selected; weighted round robin without this call.
   *
   * @param strategy one of Armeria's, or your own
   * @return this
   */
  public RollcallEndpointGroupBuilder selectionStrategy(EndpointSelectionStrategy strategy) {
    this.strategy = Objects.requireNonNull(strategy, "strategy");
    return this;
  }

  /**
   * Makes the group. Does not wait for the store.
   *
   * @return an open group, the caller's to close
   * @throws IllegalStateException where the view's registry is closed
   */
  public RollcallEndpointGroup build() {
    return new RollcallEndpointGroup(
        view, strategy, shouldAllowEmptyEndpoints(), selectionTimeoutMillis());
  }
}
