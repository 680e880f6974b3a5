package dev.rollcall.grpc;

import static io.grpc.ConnectivityState.CONNECTING;
import static io.grpc.ConnectivityState.READY;
import static io.grpc.ConnectivityState.SHUTDOWN;
import static io.grpc.ConnectivityState.TRANSIENT_FAILURE;
import static java.util.Objects.requireNonNull;

import dev.rollcall.Pick;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import io.grpc.ClientStreamTracer;
import io.grpc.ConnectivityStateInfo;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a connection to each instance, told by its id, and lets the view choose among those that
 * are ready. One that has failed counts as failed until it is ready again, as in gRPC's own
 * policies. What is not final is the synchronization context's, unless it says otherwise.
 */
final class RollcallLoadBalancer extends LoadBalancer {
  private static final Status NOBODY =
      Status.UNAVAILABLE.withDescription("the policy rollcall was given no instance");

  private final Helper helper;
  private final Map<String, Connection> connections = new HashMap<>();
  private @Nullable ServiceView view;

  RollcallLoadBalancer(Helper helper) {
    this.helper = helper;
  }

  @Override
  public Status acceptResolvedAddresses(ResolvedAddresses resolved) {
    view = resolved.getAttributes().get(RollcallGrpc.CHOICE); // null with another resolver
    Map<String, Connection> gone = new HashMap<>(connections);
    connections.clear();
    List<EquivalentAddressGroup> groups = view == null ? List.of() : resolved.getAddresses();
    for (EquivalentAddressGroup group : groups) {
      ServiceInstance instance = requireNonNull(group.getAttributes().get(RollcallGrpc.INSTANCE));
      Connection known = gone.get(instance.id());
      boolean same = known != null && known.group.getAddresses().equals(group.getAddresses());
      connections.put(
          instance.id(), same ? gone.remove(instance.id()) : new Connection(instance, group));
    }
    update(NOBODY);
    gone.values().forEach(Connection::close); // now that nobody is told to use them any more
    return connections.isEmpty() ? NOBODY : Status.OK;
  }

  @Override
  public void handleNameResolutionError(Status error) {
    if (connections.values().stream().noneMatch(connection -> connection.ready)) {
      helper.updateBalancingState(
          TRANSIENT_FAILURE, new FixedResultPicker(PickResult.withError(error)));
    }
  }

  /** Shows whom there is to choose from, or the failure of all. */
  private void update(Status failure) {
    Map<String, Connection> ready = new HashMap<>(connections);
    ready.values().removeIf(connection -> !connection.ready);
    List<Connection> others = new ArrayList<>(connections.values());
    others.removeIf(connection -> connection.ready);
    if (!ready.isEmpty()) {
      helper.updateBalancingState(
          READY,
          picker(requireNonNull(view), ready, others.stream().map(it -> it.instance).toList()));
    } else if (others.stream().anyMatch(it -> it.failure.isOk())) {
      helper.updateBalancingState(CONNECTING, new FixedResultPicker(PickResult.withNoResult()));
    } else {
      handleNameResolutionError(failure);
    }
  }

  /**
   * Lets a view choose among connections that are ready. The view may know more or less than the
   * channel for a moment; then the call goes to one that is ready, and is not counted: never to
   * nobody.
   */
  private static SubchannelPicker picker(
      ServiceView view, Map<String, Connection> ready, List<ServiceInstance> others) {
    return new SubchannelPicker() {
      @Override
      public PickResult pickSubchannel(PickSubchannelArgs args) {
        try {
          Pick pick = view.acquire(others);
          Connection chosen = ready.get(pick.instance().id());
          if (chosen != null) {
            return chosen.promise(pick);
          }
          pick.close();
        } catch (RuntimeException none) {
          // Nobody passes there any more, of which the channel hears next; or a balancer throws.
        }
        return PickResult.withSubchannel(ready.values().iterator().next().subchannel);
      }
    };
  }

  @Override
  public void shutdown() {
    connections.values().forEach(Connection::close);
    connections.clear();
  }

  /**
   * The connection to one instance, and the calls that were promised to it.
   *
   * <p>gRPC asks for a subchannel first and begins the call afterwards, or asks anew where the
   * connection was lost in between. So a {@link Pick} is promised until the call has begun, and is
   * then the call's to end. A promise that is not kept is ended when the connection is not ready
   * any more. A thread that promises looks at {@code ready} afterwards, one that ends promises
   * clears it first: so each promise is ended.
   */
  private final class Connection implements SubchannelStateListener {
    final ServiceInstance instance;
    final EquivalentAddressGroup group;
    final Subchannel subchannel;
    final Set<Pick> promised = ConcurrentHashMap.newKeySet();
    volatile boolean ready; // read by any thread
    Status failure = Status.OK; // until it is ready again

    Connection(ServiceInstance instance, EquivalentAddressGroup group) {
      this.instance = instance;
      this.group = group;
      subchannel =
          helper.createSubchannel(CreateSubchannelArgs.newBuilder().setAddresses(group).build());
      subchannel.start(this);
      subchannel.requestConnection();
    }

    @Override
    public void onSubchannelState(ConnectivityStateInfo now) {
      if (connections.get(instance.id()) != this || now.getState() == SHUTDOWN) {
        return;
      }
      ready = now.getState() == READY;
      if (ready) {
        failure = Status.OK;
      } else if (now.getState() != CONNECTING) {
        failure = now.getState() == TRANSIENT_FAILURE ? now.getStatus() : failure;
        endPromises();
        helper.refreshNameResolution();
        subchannel.requestConnection();
      }
      update(failure);
    }

    void close() {
      ready = false;
      endPromises();
      subchannel.shutdown();
    }

    private void endPromises() {
      promised.removeIf(
          pick -> {
            pick.close();
            return true;
          });
    }

    PickResult promise(Pick pick) {
      promised.add(pick);
      if (!ready) {
        endPromises();
      }
      return PickResult.withSubchannel(
          subchannel,
          new ClientStreamTracer.Factory() {
            @Override
            public ClientStreamTracer newClientStreamTracer(
                ClientStreamTracer.StreamInfo info, Metadata headers) {
              promised.remove(pick);
              return new ClientStreamTracer() {
                @Override
                public void streamClosed(Status status) {
                  if (status.getCode() == Status.Code.UNAVAILABLE) {
                    pick.failed();
                  }
                  pick.close();
                }
              };
            }
          });
    }
  }
}
