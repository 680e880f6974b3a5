package dev.rollcall.grpc;

import dev.rollcall.Arguments;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceName;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.support.BackendProviders;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Resolves targets of the scheme {@code rollcall}, as {@link RollcallGrpc} says. gRPC finds one
 * that has no registry of its own by {@link java.util.ServiceLoader}. Thread-safe.
 *
 * @since 0.1.0
 */
public final class RollcallNameResolverProvider extends NameResolverProvider {
  private static final String FORM = "rollcall:///SERVICE or rollcall:///SERVICE?registry=URI";

  private final @Nullable Registry registry;

  /** Creates one for targets and channels that say where to look. */
  public RollcallNameResolverProvider() {
    this.registry = null;
  }

  private RollcallNameResolverProvider(Registry registry) {
    this.registry = registry;
  }

  /**
   * Creates one with a registry for all channels that do not say where to look, to be {@linkplain
   * io.grpc.NameResolverRegistry#register registered} with gRPC: for channels that a framework
   * builds. It comes before the one that gRPC has found. Of several, gRPC takes the first.
   *
   * @param registry stays the caller's to close, once this is deregistered
   * @return a provider
   */
  public static RollcallNameResolverProvider of(Registry registry) {
    return new RollcallNameResolverProvider(Arguments.notNull("registry", registry, ""));
  }

  @Override
  protected boolean isAvailable() {
    return true;
  }

  @Override
  protected int priority() {
    // Below the 5 of DNS: gRPC takes the scheme of the highest for targets that have none.
    return registry == null ? 3 : 4;
  }

  @Override
  public String getDefaultScheme() {
    return RollcallGrpc.NAME;
  }

  /**
   * Makes the resolver of a channel. Waits for nothing.
   *
   * @param target of the scheme {@code rollcall}
   * @param args the channel's
   * @return a resolver, null for another scheme
   * @throws IllegalArgumentException where the target has a fault, or no registry is given
   */
  @Override
  public @Nullable NameResolver newNameResolver(URI target, NameResolver.Args args) {
    if (!RollcallGrpc.NAME.equalsIgnoreCase(target.getScheme())) {
      return null;
    }
    try {
      String service = service(target);
      if (target.getRawQuery() != null) {
        return new RollcallResolver(service, registry(target.getRawQuery()), null, args);
      }
      Registry channels = args.getArg(RollcallGrpc.REGISTRY);
      Registry given = channels == null ? registry : channels;
      if (given == null) {
        throw RegistryException.invalid(
            "no registry (expected: RollcallGrpc.REGISTRY, or registry=URI in the target)");
      }
      return new RollcallResolver(service, null, given, args);
    } catch (RegistryException invalid) {
      throw new IllegalArgumentException("target: " + invalid.getMessage(), invalid);
    }
  }

  private static String service(URI target) {
    String path = target.getPath();
    if (target.getRawAuthority() != null || path == null || target.getRawFragment() != null) {
      throw RegistryException.invalid("not of its form (expected: " + FORM + ")");
    }
    return ServiceName.check(path.replaceFirst("^/", ""));
  }

  private static String registry(String query) {
    if (!query.startsWith("registry=") || query.contains("&")) {
      throw RegistryException.invalid("options (expected: " + FORM + ")");
    }
    String uri = URLDecoder.decode(query.replaceFirst("registry=", ""), StandardCharsets.UTF_8);
    BackendUri parsed = BackendUri.parse(uri);
    if (parsed.option("token").isPresent() || parsed.option("password").isPresent()) {
      throw RegistryException.invalid(
          "registry: a secret, which gRPC would log (expected: token-file or password-file)");
    }
    BackendProviders.identity(uri); // there is such a backend
    return uri;
  }
}
