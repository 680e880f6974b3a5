package dev.rollcall.etcd;

import dev.rollcall.spi.BackendProvider;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import java.util.Set;

/**
 * Opens {@code etcd://} and {@code etcds://}, with the options that {@link EtcdBackend} lists.
 * Found by {@link java.util.ServiceLoader}; there is no reason to name it.
 *
 * @since 0.1.0
 */
public final class EtcdBackendProvider implements BackendProvider {

  /** Creates the provider, which has no state. */
  public EtcdBackendProvider() {}

  @Override
  public Set<String> schemes() {
    return EtcdOptions.SCHEMES;
  }

  @Override
  public RegistryBackend open(BackendUri uri, Timer timer) {
    return new EtcdBackend(EtcdOptions.of(uri), timer);
  }

  @Override
  public String identity(BackendUri uri) {
    return uri.identity("prefix");
  }

  @Override
  public KeyValueBackend openKeyValue(BackendUri uri, Timer timer) {
    return new EtcdKeyValueBackend(uri, timer);
  }
}
