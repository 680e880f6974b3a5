package dev.rollcall.junit;

import dev.rollcall.spi.BackendProvider;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import java.util.Set;

/**
 * Opens {@code fake:number}, the store of a test by its {@link FakeStore#uri()}. Found by {@link
 * java.util.ServiceLoader}; there is no reason to name it.
 *
 * @since 0.1.0
 */
public final class FakeBackendProvider implements BackendProvider {

  /** Creates the provider, which has no state of its own. */
  public FakeBackendProvider() {}

  @Override
  public Set<String> schemes() {
    return Set.of(FakeStore.SCHEME);
  }

  @Override
  public RegistryBackend open(BackendUri uri, Timer timer) {
    return FakeStore.of(uri).openBackend();
  }

  @Override
  public KeyValueBackend openKeyValue(BackendUri uri, Timer timer) {
    return FakeStore.of(uri).keyValues().openBackend();
  }
}
