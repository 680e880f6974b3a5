package dev.rollcall.engine;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.support.BrokenClassPath;
import dev.rollcall.spi.support.Futures;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Makes whatever a backend throws or completes with one of the four kinds, and what the engine
 * fails with by itself once a registry is closed. Stateless.
 */
final class Failures {
  static final String CLOSED = "the registry is closed";

  private Failures() {}

  /** Tells whether the store may not have answered; not so where there is no failure. */
  static boolean isUnavailable(@Nullable RegistryException failure) {
    return failure != null && failure.kind() == RegistryException.Kind.UNAVAILABLE;
  }

  /** Makes what every call gets that comes too late. */
  static IllegalStateException closed() {
    return new IllegalStateException(CLOSED);
  }

  /** Makes what waits at the close fails with. */
  static RegistryException atClose() {
    return RegistryException.unavailable(CLOSED, null);
  }

  static RegistryException of(Throwable thrown) {
    Throwable cause = Futures.cause(thrown);
    RegistryException known = cause instanceof RegistryException ours ? ours : null;
    if (known != null && known.kind() != RegistryException.Kind.UNAVAILABLE) {
      return known;
    }
    Optional<RegistryException> broken = BrokenClassPath.in(cause);
    if (broken.isPresent()) {
      return broken.get(); // whatever the backend calls it: the next attempt would fail as well
    }
    return known != null
        ? known
        : RegistryException.unavailable("the backend failed: " + cause, cause);
  }

  /**
   * Returns a future that ends as a backend's stage does, in one of the four kinds where it fails.
   */
  static <T> CompletableFuture<T> told(CompletionStage<T> stage) {
    CompletableFuture<T> told = new CompletableFuture<>();
    stage.whenComplete(
        (value, thrown) -> Futures.complete(told, value, thrown == null ? null : of(thrown)));
    return told;
  }
}
