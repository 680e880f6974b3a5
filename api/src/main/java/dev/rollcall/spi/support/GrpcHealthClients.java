package dev.rollcall.spi.support;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.GrpcHealthClient;
import java.util.Iterator;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/** Finds the gRPC client of the class path. */
final class GrpcHealthClients {
  private static final String EXPECTED =
      "; expected: rollcall-backend-etcd on the class path, which has one, or a store that runs"
          + " checks itself";

  private GrpcHealthClients() {}

  static GrpcHealthClient find() {
    Throwable broken = null;
    for (ClassLoader loader : ClassOrigin.loaders()) {
      try {
        GrpcHealthClient found = first(loader);
        if (found != null) {
          return found;
        }
      } catch (ServiceConfigurationError | LinkageError failed) {
        broken = failed;
      }
    }
    if (broken == null) {
      throw RegistryException.invalid("liveness: a gRPC check needs a gRPC client" + EXPECTED);
    }
    throw new RegistryException(
        RegistryException.Kind.INVALID,
        "liveness: a gRPC check needs a gRPC client, and that of the class path cannot be loaded: "
            + BrokenClassPath.describe(broken),
        broken);
  }

  private static @Nullable GrpcHealthClient first(ClassLoader loader) {
    Iterator<GrpcHealthClient> all = ServiceLoader.load(GrpcHealthClient.class, loader).iterator();
    return all.hasNext() ? all.next() : null;
  }
}
