package dev.rollcall.spi.support;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.BackendProvider;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.Nearest;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the provider of a scheme, and says what to do where there is none. A provider that cannot
 * be loaded is in nobody's way but its own.
 *
 * @since 0.1.0
 */
public final class BackendProviders {
  private static final String FILE = "META-INF/services/" + BackendProvider.class.getName();

  /** What to do where files of services are lost. */
  static final String MERGE =
      "where many jars were made one, merge META-INF/services (Maven Shade's"
          + " ServicesResourceTransformer, Gradle Shadow's mergeServiceFiles())";

  /** A service file may name anything; the search has an end. */
  private static final int MAX_BROKEN = 16;

  private static final Pattern PORT = Pattern.compile("([0-9]{1,5})([/,?].*)?");

  /**
   * A backend of Rollcall's own.
   *
   * @param name of its artifact and its module, with what goes before
   * @param provider its provider's class
   */
  private record Own(String name, String provider) {
    String artifact() {
      return "rollcall-backend-" + name;
    }

    String module() {
      return "dev.rollcall." + name;
    }
  }

  private static final Own MEMORY = new Own("memory", "dev.rollcall.memory.MemoryBackendProvider");
  private static final Own CONSUL = new Own("consul", "dev.rollcall.consul.ConsulBackendProvider");
  private static final Own ETCD = new Own("etcd", "dev.rollcall.etcd.EtcdBackendProvider");

  private static final Map<String, Own> OWN =
      Map.of("memory", MEMORY, "consul", CONSUL, "consuls", CONSUL, "etcd", ETCD, "etcds", ETCD);

  private BackendProviders() {}

  /**
   * Opens the backend on the class path that knows a URI's scheme.
   *
   * @param uri the store's URI
   * @param timer the monotonic clock and scheduler of the user of the backend
   * @return an open backend, the caller's to close
   * @throws RegistryException of kind {@code INVALID} where the URI has a fault, or no backend
   *     knows its scheme, or the one that does cannot be loaded with what is on the class path
   */
  public static RegistryBackend open(String uri, Timer timer) {
    return open(uri, (provider, parsed) -> provider.open(parsed, timer));
  }

  /**
   * Opens the key-value store of the backend on the class path that knows a URI's scheme.
   *
   * @param uri the store's URI
   * @param timer the monotonic clock and scheduler of the user of the backend
   * @return an open backend, the caller's to close
   * @throws RegistryException of kind {@code INVALID} where the URI has a fault, or no backend
   *     knows its scheme, or the one that does keeps no keys and values, or cannot be loaded with
   *     what is on the class path
   */
  public static KeyValueBackend openKeyValue(String uri, Timer timer) {
    return open(uri, (provider, parsed) -> provider.openKeyValue(parsed, timer));
  }

  /**
   * Names the store behind a URI that was opened.
   *
   * @param uri the store's URI
   * @return what its provider says, without secrets
   * @see BackendProvider#identity
   */
  public static String identity(String uri) {
    return open(uri, BackendProvider::identity);
  }

  /** Does something with the provider of a URI's scheme. */
  private static <T> T open(String uri, BiFunction<BackendProvider, BackendUri, T> how) {
    try {
      BackendUri parsed = BackendUri.parse(uri);
      return how.apply(byScheme(parsed), parsed);
    } catch (LinkageError | ServiceConfigurationError broken) {
      throw BrokenClassPath.in(broken).orElseThrow(() -> broken);
    }
  }

  private static BackendProvider byScheme(BackendUri uri) {
    Set<String> known = new TreeSet<>();
    List<Throwable> broken = new ArrayList<>();
    for (ClassLoader loader : ClassOrigin.loaders()) {
      Optional<BackendProvider> found = byScheme(uri.scheme(), loader, known, broken);
      if (found.isPresent()) {
        return found.get();
      }
    }
    throw missing(uri, known, broken);
  }

  private static Optional<BackendProvider> byScheme(
      String scheme, ClassLoader loader, Set<String> known, List<Throwable> broken) {
    Iterator<BackendProvider> providers =
        ServiceLoader.load(BackendProvider.class, loader).iterator();
    while (broken.size() < MAX_BROKEN) {
      try {
        if (!providers.hasNext()) {
          break;
        }
        BackendProvider provider = providers.next();
        Set<String> schemes = provider.schemes();
        if (schemes.contains(scheme)) {
          return Optional.of(provider);
        }
        known.addAll(schemes);
      } catch (ServiceConfigurationError | LinkageError failed) {
        broken.add(failed);
      }
    }
    return Optional.empty();
  }

  private static RegistryException missing(
      BackendUri uri, Set<String> known, List<Throwable> broken) {
    String scheme = uri.scheme();
    if (!broken.isEmpty()) {
      return new RegistryException(
          RegistryException.Kind.INVALID,
          "uri: no backend for \""
              + scheme
              + ":\", and a backend on the class path cannot be loaded: "
              + BrokenClassPath.describe(broken.get(0)),
          broken.get(0));
    }
    String expected =
        known.isEmpty()
            ? "uri: no backend is on the class path, and \"" + scheme + ":\" needs one"
            : "uri: no backend on the class path for \""
                + scheme
                + ":\" (expected: "
                + String.join(", ", known)
                + ")";
    return RegistryException.invalid(expected + advice(uri, known));
  }

  private static String advice(BackendUri uri, Set<String> known) {
    String scheme = uri.scheme();
    Own own = OWN.get(scheme);
    if (own != null) {
      return isThere(own)
          ? "; " + own.artifact() + " is there, but no " + FILE + " names it: " + MERGE
          : "; add dev.rollcall:" + own.artifact() + moduleHint(own);
    }
    Matcher port = PORT.matcher(uri.path());
    if (uri.hosts().isEmpty() && port.matches()) {
      return "; is a scheme missing? "
          + BackendUri.suggestion(scheme + ":" + port.group(1), port.group(1));
    }
    if (scheme.equals("http") || scheme.equals("https")) {
      return "; " + BackendUri.suggestion("host:8500", scheme.equals("http") ? "8500" : "8501");
    }
    Set<String> words = new TreeSet<>(known);
    words.addAll(OWN.keySet());
    Optional<String> near = Nearest.to(scheme, words);
    if (near.isPresent()) {
      Own meant = OWN.get(near.get());
      String artifact =
          meant == null || known.contains(near.get()) ? "" : " of " + meant.artifact();
      return "; did you mean \"" + near.get() + ":\"" + artifact + "?";
    }
    return known.isEmpty() ? "; add a rollcall-backend module, or " + MERGE : "";
  }

  private static boolean isThere(Own own) {
    return ClassOrigin.find(own.provider) != null;
  }

  private static String moduleHint(Own own) {
    return BackendProviders.class.getModule().isNamed()
        ? "; its module must be resolved: requires "
            + own.module()
            + ", or --add-modules "
            + own.module()
            + " (jlink: or --bind-services)"
        : " to the class path; or " + MERGE;
  }
}
