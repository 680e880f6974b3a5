package dev.rollcall.cli;

import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.consul.ConsulWatches;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.spi.BackendUri;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which store a command speaks to, and for how long it waits for it. */
final class StoreOptions {
  @Option(
      names = "--backend",
      paramLabel = "URI",
      // Shown nowhere: it may hold a token.
      defaultValue = "${env:ROLLCALL_BACKEND}",
      description =
          "The store, such as etcd://127.0.0.1:2379/prod; ROLLCALL_BACKEND in the environment where"
              + " not given.")
  private @Nullable String backend;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      defaultValue = "10s",
      converter = DurationConverter.class,
      description = "How long to wait for the store, 100ms to 1h; ${DEFAULT-VALUE} if not given.")
  private Duration timeout = Duration.ofSeconds(10);

  /** Opens the registry that the command line names. */
  Registry open() {
    return Registry.builder(uri()).deadline(timeout).build();
  }

  /** Opens the keys and values of the store that the command line names. */
  KeyValueStore openKeyValues() {
    return KeyValueStore.builder(uri()).deadline(timeout).build();
  }

  /** Opens what only Consul can watch. */
  ConsulWatches openConsul() {
    if (!parsed().scheme().startsWith("consul")) {
      throw RegistryException.invalid(
          "--backend: " + parsed().scheme() + ": (expected: consul, which alone has this)");
    }
    return ConsulWatches.open(uri());
  }

  Duration timeout() {
    return timeout;
  }

  String uri() {
    String given = backend;
    if (given == null || given.isBlank()) {
      throw RegistryException.invalid(
          "no store: give --backend URI, or set ROLLCALL_BACKEND, such as"
              + " etcd://127.0.0.1:2379/prod");
    }
    if (BackendUri.parse(given).scheme().equals("memory")) {
      throw RegistryException.invalid(
          "--backend: memory: is a store within one process, and this command would be alone in it"
              + " (expected: a store that processes share)");
    }
    return given;
  }

  BackendUri parsed() {
    return BackendUri.parse(uri());
  }
}
