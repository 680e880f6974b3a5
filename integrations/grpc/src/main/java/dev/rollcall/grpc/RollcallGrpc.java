package dev.rollcall.grpc;

import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceName;
import dev.rollcall.ServiceView;
import io.grpc.Attributes;
import io.grpc.NameResolver.Args;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.function.UnaryOperator;

/**
 * What a channel says to find its servers in a registry.
 *
 * <pre>{@code
 * ManagedChannel channel =
 *     ManagedChannelBuilder.forTarget("rollcall:///orders")
 *         .setNameResolverArg(RollcallGrpc.REGISTRY, registry)
 *         .usePlaintext()
 *         .build();
 * }</pre>
 *
 * <p>A target is {@code rollcall:///SERVICE}, percent-encoded as a URI has to be ({@link #target}),
 * or {@code rollcall:///SERVICE?registry=URI} with the URI of a store. The channel opens a registry
 * of its own on that store with its first call, and closes it when it is shut down or idle: several
 * channels share one better by {@link #REGISTRY}. gRPC writes targets to its logs, so a URI with a
 * {@code token} or a {@code password} in it is refused.
 *
 * <p>The registry is that of the target; else that of {@link #REGISTRY}; else that of the {@link
 * RollcallNameResolverProvider#of provider}. A channel that has none, or a target with a fault, is
 * refused when it is built, with an {@link IllegalArgumentException} that says why.
 *
 * <p>The channel has one connection to each passing instance. Which one a call goes to is chosen by
 * Rollcall, by weight unless {@link #VIEW} says otherwise, among those that are connected; calls
 * count as in flight, and an instance that ends one with {@code UNAVAILABLE} is {@linkplain
 * ServiceView#failed left alone for a while}. The resolver says so in a service config, which gRPC
 * prefers to a channel's own. A channel that has a service config of its own calls {@code
 * disableServiceConfigLookUp()}, and names the policy {@code rollcall} in its {@code
 * loadBalancingConfig}, or another one.
 *
 * <p>Where there is nobody to call, calls fail with {@code UNAVAILABLE} and the registry's reason,
 * those that wait for ready wait, and the channel goes on as soon as an instance is there.
 *
 * <p>Stateless.
 *
 * @since 0.1.0
 */
public final class RollcallGrpc {
  /** The registry to look in, which stays the caller's to close. */
  public static final Args.Key<Registry> REGISTRY = Args.Key.create("rollcall-registry");

  /**
   * Makes the channel's view out of the service's: with a filter, or with another balancer than
   * {@link dev.rollcall.Balancer#weighted()}. Called each time that the channel leaves idleness.
   */
  public static final Args.Key<UnaryOperator<ServiceView>> VIEW = Args.Key.create("rollcall-view");

  /** Of each group of addresses: the instance that has them. */
  public static final Attributes.Key<ServiceInstance> INSTANCE =
      Attributes.Key.create("rollcall-instance");

  /** Of each group of addresses: the instance's {@linkplain ServiceInstance#weight() weight}. */
  public static final Attributes.Key<Integer> WEIGHT = Attributes.Key.create("rollcall-weight");

  /** Of each group of addresses: the instance's {@linkplain ServiceInstance#zone() zone}. */
  public static final Attributes.Key<String> ZONE = Attributes.Key.create("rollcall-zone");

  /** Of what a resolver finds: whose instances they are, for the policy {@code rollcall}. */
  static final Attributes.Key<ServiceView> CHOICE = Attributes.Key.create("rollcall-choice");

  /** The scheme of targets, and the name of the policy. */
  static final String NAME = "rollcall";

  private RollcallGrpc() {}

  /**
   * Writes the target of a service, whatever characters its name has.
   *
   * @param service the service's name
   * @return {@code rollcall:///SERVICE}, to which {@code ?registry=URI} may be added
   * @throws RegistryException of kind {@code INVALID} where the name breaks the rule of {@link
   *     ServiceName}
   */
  public static String target(String service) {
    return NAME + ":///" + encoded(ServiceName.check(service));
  }

  /** Encodes all that is not plain in every part of a URI. */
  static String encoded(String name) {
    return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
