package dev.rollcall.grpc;

import static java.util.Objects.requireNonNull;
import static java.util.Objects.requireNonNullElse;

import dev.rollcall.Absence;
import dev.rollcall.Balancer;
import dev.rollcall.Freshness;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.Snapshot;
import dev.rollcall.Subscription;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.Status;
import io.grpc.StatusOr;
import io.grpc.SynchronizationContext;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Tells a channel of the passing instances of a service.
 *
 * <p>What it tells comes from the view's listener. At the start and at each {@link #refresh}, which
 * gRPC calls when a connection is lost and, with growing pauses, while there is nobody, it asks the
 * store itself: what the view shows and the store does not is left out until the view changes. That
 * counts only where the view is the same before and after the question, since the answer may
 * otherwise be the older one, and not while mass-loss protection holds instances. Where the view
 * has no state yet, the failure of the question is what the channel is told.
 *
 * <p>The channel's synchronization context is the lock of all fields that are not final: gRPC calls
 * all methods in it. Names of hosts are resolved, and all is closed, outside of it. A state that is
 * older than what was told last is dropped.
 */
final class RollcallResolver extends NameResolver {
  private static final Map<String, ?> POLICY =
      Map.of("loadBalancingConfig", List.of(Map.of(RollcallGrpc.NAME, Map.of())));

  private final String service;
  private final @Nullable String uri;
  private final @Nullable UnaryOperator<ServiceView> choice;
  private final SynchronizationContext context;
  private final ConfigOrError policy;
  private final Executor executor;

  private @Nullable Registry registry;
  private @Nullable Listener2 listener;
  private @Nullable ServiceView view;
  private @Nullable Subscription subscription;
  private boolean asking;
  private long told;

  /**
   * Creates one.
   *
   * @param uri of the store to open a registry on while this one works; null where one is given
   * @param given null where there is a URI
   */
  RollcallResolver(String service, @Nullable String uri, @Nullable Registry given, Args args) {
    this.service = service;
    this.uri = uri;
    this.registry = given;
    this.choice = args.getArg(RollcallGrpc.VIEW);
    this.context = args.getSynchronizationContext();
    this.policy = args.getServiceConfigParser().parseServiceConfig(POLICY);
    this.executor = requireNonNullElse(args.getOffloadExecutor(), ForkJoinPool.commonPool());
  }

  @Override
  public String getServiceAuthority() {
    return RollcallGrpc.encoded(service);
  }

  @Override
  public void start(Listener2 channel) {
    listener = channel;
    refresh();
  }

  @Override
  public void refresh() {
    if (listener == null || asking) {
      return;
    }
    try {
      Registry from = registry == null ? Registry.open(requireNonNull(uri)) : registry;
      registry = from;
      ServiceView shown = view == null ? watched(from) : view;
      view = shown;
      long before = shown.snapshot().version();
      from.snapshot(service)
          .whenCompleteAsync((stored, e) -> answered(shown, before, stored, e), executor);
      asking = true;
    } catch (RuntimeException failed) { // the registry is closed, or RollcallGrpc.VIEW throws
      listener.onError(Status.UNAVAILABLE.withDescription(failed.getMessage()));
    }
  }

  private ServiceView watched(Registry from) {
    ServiceView weighted = from.service(service).balancedBy(Balancer.weighted());
    ServiceView chosen = choice == null ? weighted : choice.apply(weighted);
    subscription = chosen.watch(change -> tell(chosen, change.now(), change.now().instances(), ""));
    return chosen;
  }

  private void answered(
      ServiceView shown, long before, @Nullable Snapshot stored, @Nullable Throwable failed) {
    Snapshot now = shown.snapshot();
    List<ServiceInstance> there = now.instances();
    boolean doubted = now.version() != before || now.freshness() instanceof Freshness.Protected;
    if (stored != null && !doubted) {
      Set<String> ids =
          stored.instances().stream().map(ServiceInstance::id).collect(Collectors.toSet());
      there = there.stream().filter(instance -> ids.contains(instance.id())).toList();
    }
    context.execute(() -> asking = false);
    tell(shown, now, there, failed == null ? "" : ": " + failed.getMessage());
  }

  private void tell(ServiceView shown, Snapshot now, List<ServiceInstance> there, String failure) {
    ResolutionResult result =
        ResolutionResult.newBuilder()
            .setAddressesOrError(
                StatusOr.fromValue(there.stream().map(RollcallResolver::group).toList()))
            .setAttributes(Attributes.newBuilder().set(RollcallGrpc.CHOICE, shown).build())
            .setServiceConfig(policy)
            .build();
    String reason =
        now.explain().map(Absence::text).orElse("the store holds none of " + now.instances());
    context.execute(
        () -> {
          Listener2 channel = listener;
          boolean isKnown = now.version() > 0;
          if (channel != null && now.version() >= told && (isKnown || !failure.isEmpty())) {
            told = now.version();
            if (isKnown) {
              channel.onResult(result); // an empty one takes the connections, without a reason
            }
            if (there.isEmpty()) {
              channel.onError(Status.UNAVAILABLE.withDescription(reason + failure));
            }
          }
        });
  }

  /** A host without an address gives one that cannot be connected to, which makes gRPC refresh. */
  private static EquivalentAddressGroup group(ServiceInstance instance) {
    return new EquivalentAddressGroup(
        new InetSocketAddress(instance.host(), instance.port()),
        Attributes.newBuilder()
            .set(RollcallGrpc.INSTANCE, instance)
            .set(RollcallGrpc.WEIGHT, instance.weight())
            .set(RollcallGrpc.ZONE, instance.zone())
            .build());
  }

  @Override
  public void shutdown() {
    listener = null;
    Subscription last = subscription;
    Registry from = registry;
    executor.execute(
        () -> {
          if (last != null) {
            last.close(); // waits for a callback that is running
          }
          if (from != null && uri != null) {
            from.closeAsync();
          }
        });
  }
}
