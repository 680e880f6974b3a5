package dev.rollcall.memory;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.BackendProvider;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.RegistryBackend;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.SharedByKey;
import dev.rollcall.spi.support.SystemTimer;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Opens {@code memory:}, a store of the opener's own, and {@code memory:name}, one that is shared
 * by all openers of that name within the JVM and is dropped when the last of them has closed it.
 * {@code memory:} lives by its opener's timer, {@code memory:name} by one of its own. Found by
 * {@link java.util.ServiceLoader}; there is no reason to name it.
 *
 * <p>The one option is {@code guard}: the share of all leases, more than 0 and less than 1, that
 * may run out within 10 s before the store holds them, or {@code off}; 0.3 where it is not given.
 * An opener of a named store that is open already gets it as it is, and is refused where he asks
 * for another guard.
 *
 * @since 0.1.0
 */
public final class MemoryBackendProvider implements BackendProvider {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{0,100}");
  private static final Pattern SHARE = Pattern.compile("0?\\.[0-9]{1,9}");

  /** Guarded by itself. */
  private static final SharedByKey<String, Named> NAMED = new SharedByKey<>();

  /** Creates the provider, which has no state of its own. */
  public MemoryBackendProvider() {}

  @Override
  public Set<String> schemes() {
    return Set.of("memory");
  }

  @Override
  public RegistryBackend open(BackendUri uri, Timer timer) {
    check(uri);
    Optional<Double> guard = uri.option("guard").map(value -> share(uri, value));
    if (uri.path().isEmpty()) {
      MemoryStore own = store(timer, guard.orElse(MassExpiryGuard.STANDARD_SHARE));
      return own.open(own::close);
    }
    return join(uri, guard);
  }

  /** The keys and values have nothing to guard; the option is taken since the registry takes it. */
  @Override
  public KeyValueBackend openKeyValue(BackendUri uri, Timer timer) {
    check(uri);
    Optional<Double> unused = uri.option("guard").map(value -> share(uri, value));
    return MemoryKeyValueBackend.open(uri.path());
  }

  private static void check(BackendUri uri) {
    uri.requireOnly(Set.of("guard"));
    if (!uri.hosts().isEmpty()) {
      throw RegistryException.invalid(
          "uri: a host in memory://… (expected: memory: or memory:name, since the store is in this"
              + " process)");
    }
    if (!NAME.matcher(uri.path()).matches()) {
      throw RegistryException.invalid(
          "uri: the name in memory:name (expected: at most 100 of A-Z a-z 0-9 . _ -)");
    }
  }

  private static RegistryBackend join(BackendUri uri, Optional<Double> guard) {
    String name = uri.path();
    synchronized (NAMED) {
      Named named = NAMED.join(name, () -> named(name, guard));
      if (guard.isPresent() && guard.get() != named.guardShare) {
        boolean unused = NAMED.leave(name, named); // never the last, who has another guard
        throw uri.invalid("guard", "as memory:" + name + " was opened with, or none");
      }
      return named.store.open(() -> leave(name, named));
    }
  }

  private static Named named(String name, Optional<Double> guard) {
    // Not the opener's timer, which is closed with its registry: others may use the store longer.
    Timer timer = SystemTimer.named("rollcall-memory-" + name);
    double share = guard.orElse(MassExpiryGuard.STANDARD_SHARE);
    return new Named(timer, store(timer, share), share);
  }

  private static void leave(String name, Named named) {
    boolean last;
    synchronized (NAMED) {
      last = NAMED.leave(name, named);
    }
    if (last) {
      named.store.close();
      named.timer.close();
    }
  }

  private static MemoryStore store(Timer timer, double guardShare) {
    MemoryStore.Builder builder = MemoryStore.builder(timer);
    return (guardShare >= MassExpiryGuard.OFF ? builder.withoutGuard() : builder.guard(guardShare))
        .build();
  }

  private static double share(BackendUri uri, String value) {
    if (value.equals("off")) {
      return MassExpiryGuard.OFF;
    }
    if (!SHARE.matcher(value).matches() || Double.parseDouble(value) == 0) {
      throw uri.invalid("guard", "a share between 0 and 1, like 0.3, or off");
    }
    return Double.parseDouble(value);
  }

  private record Named(Timer timer, MemoryStore store, double guardShare) {}
}
