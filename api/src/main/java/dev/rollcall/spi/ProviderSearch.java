package dev.rollcall.spi;

import dev.rollcall.RegistryException;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeSet;

/** Finds the provider of a scheme on the class path. */
final class ProviderSearch {
  private ProviderSearch() {}

  static BackendProvider byScheme(String scheme) {
    TreeSet<String> known = new TreeSet<>();
    try {
      for (BackendProvider provider : ServiceLoader.load(BackendProvider.class)) {
        if (provider.schemes().contains(scheme)) {
          return provider;
        }
        known.addAll(provider.schemes());
      }
    } catch (ServiceConfigurationError broken) {
      throw new RegistryException(
          RegistryException.Kind.INVALID, "a backend on the class path cannot be loaded", broken);
    }
    throw RegistryException.invalid(
        "uri: no backend on the class path for \""
            + scheme
            + ":\" (expected: "
            + (known.isEmpty() ? "add a rollcall-backend module" : String.join(", ", known))
            + ")");
  }
}
