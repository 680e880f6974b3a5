package dev.rollcall.server.standard;

import static java.util.Objects.requireNonNull;

import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.rollcall.server.Centre;
import dev.rollcall.server.CentreBuilder;
import dev.rollcall.server.CentreContext;
import dev.rollcall.server.CentrePart;
import dev.rollcall.server.MemoryBudget;
import dev.rollcall.server.access.AccessControl;
import dev.rollcall.server.access.Principal;
import dev.rollcall.server.consul.ConsulApi;
import dev.rollcall.server.consul.ConsulApiSettings;
import dev.rollcall.server.consul.Permissions;
import dev.rollcall.server.dashboard.Dashboard;
import dev.rollcall.server.dependencies.DependencyRegistry;
import dev.rollcall.server.dependencies.DependencyService;
import dev.rollcall.server.metrics.Metrics;
import dev.rollcall.server.outbound.OutboundPolicy;
import java.net.InetSocketAddress;

/**
 * A centre with Consul's API, registration with dependencies, the dashboard and metrics, behind
 * access control and with guarded outgoing calls. What a program says of address, port and limits
 * it says to the builder, and what it says of who may call where, it says here.
 *
 * @since 0.1.0
 */
public final class StandardCentre {
  private StandardCentre() {}

  /**
   * Prepares a centre in front of a store.
   *
   * @param storeUri {@code memory:}, {@code memory:name}, or what a backend on the class path says
   * @param access who may do what; the caller has asked {@link AccessControl#requireSafe} for the
   *     address that it gives to the builder
   * @param policy where the centre may call
   * @param consul what Consul's API needs to be told; its permissions are those of {@code access}
   *     in any case
   * @return a builder that has all parts
   */
  public static CentreBuilder builder(
      String storeUri, AccessControl access, OutboundPolicy policy, ConsulApiSettings consul) {
    requireNonNull(access, "access");
    ConsulApiSettings guarded = consul.guardedBy(new ByRoles(access.limits().registrations()));
    return Centre.builder(storeUri)
        .outbound(policy)
        .part(context -> Around.open(context, new ConsulApi(context, guarded), access));
  }

  /** What the roles of tokens, and the limits of clients, mean for Consul's API. */
  private record ByRoles(int maxRegistrations) implements Permissions {
    @Override
    public boolean mayRegister(ServiceRequestContext ctx, String service) {
      return Principal.of(ctx).mayRegister(service);
    }

    @Override
    public String clientOf(ServiceRequestContext ctx) {
      return AccessControl.clientOf(ctx);
    }
  }

  /** Consul's API, and what stands around it. */
  private static final class Around implements CentrePart {
    private final ConsulApi consul;
    private final DependencyRegistry dependencies;
    private final Dashboard dashboard;
    private final Metrics metrics;
    private final AccessControl access;

    static Around open(CentreContext context, ConsulApi consul, AccessControl access) {
      try {
        return new Around(context, consul, access);
      } catch (RuntimeException failed) {
        consul.close();
        throw failed;
      }
    }

    private Around(CentreContext context, ConsulApi consul, AccessControl access) {
      this.consul = consul;
      this.access = access;
      dependencies =
          new DependencyRegistry(
              context.registry(), context.calls(), context.timer(), context.memory());
      dashboard = new Dashboard(consul.catalog(), context.registry(), context.timer());
      metrics = new Metrics(context.registry(), context.calls());
      metrics.gauge("rollcall.watchers", "Requests that wait for a change", access::watchers);
      MemoryBudget kept = context.memory().kept();
      MemoryBudget underWay = context.memory().underWay();
      metrics.gauge("rollcall.memory.kept", "Bytes of what clients have registered", kept::held);
      metrics.gauge("rollcall.memory.under.way", "Bytes of requests under way", underWay::held);
      metrics.gauge("rollcall.dashboard.listeners", "Open pages", dashboard::listeners);
    }

    @Override
    public void addTo(ServerBuilder server) {
      consul.addTo(server);
      server.service("/services", new DependencyService(dependencies, access.limits()));
      dashboard.mountOn(server);
      server.service("/metrics", metrics.page());
      // The last decorator is the first that is asked.
      server.decorator(access).decorator(metrics);
    }

    @Override
    public void started(InetSocketAddress address) {
      consul.started(address);
    }

    @Override
    public boolean isReady() {
      return consul.isReady();
    }

    @Override
    public void close() {
      dashboard.close();
      metrics.close();
      dependencies.close();
      consul.close();
    }
  }
}
