package dev.rollcall.etcd;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.support.BrokenClassPath;
import dev.rollcall.spi.support.Futures;
import org.jspecify.annotations.Nullable;

/** Finds the failure of ours in what a stage completed with. */
final class EtcdErrors {
  private EtcdErrors() {}

  static RegistryException because(@Nullable Throwable failed) {
    RegistryException known = known(failed);
    return known != null
        ? known
        : RegistryException.unavailable("an unexpected failure: " + failed, failed);
  }

  /**
   * Returns the failure of ours, or null where it is another's. What the class path lacks is ours
   * to tell of, wherever it was found.
   */
  static @Nullable RegistryException known(@Nullable Throwable failed) {
    Throwable cause = failed == null ? null : Futures.cause(failed);
    return cause instanceof RegistryException known
        ? known
        : BrokenClassPath.in(cause).orElse(null);
  }
}
