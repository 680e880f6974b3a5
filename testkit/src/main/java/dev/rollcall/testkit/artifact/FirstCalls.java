package dev.rollcall.testkit.artifact;

import dev.rollcall.Freshness;
import dev.rollcall.Liveness;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.Subscription;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValueChange;
import dev.rollcall.kv.KeyValueListener;
import dev.rollcall.kv.KeyValueStore;
import dev.rollcall.kv.Keys;
import java.time.Duration;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * What an application does first with a store, and how each call ends. A program for {@link
 * WrongClassPath}: each method takes a URI, blocks, and returns a line for each call, {@code name:
 * done}, {@code name: KIND: message} for a {@code RegistryException}, or {@code name: raw …} for
 * any other throwable.
 *
 * @since 0.1.0
 */
public final class FirstCalls {
  private static final ServiceInstance INSTANCE =
      ServiceInstance.builder("orders").id("a").address("127.0.0.1", 9).build();
  private static final Duration LONG = Duration.ofSeconds(20);

  private FirstCalls() {}

  /**
   * Opens a registry and a key-value store, and closes them.
   *
   * @param uri the store
   * @return two lines
   */
  public static String open(String uri) {
    StringJoiner said = new StringJoiner("\n");
    said.add("registry: " + ends(() -> opened(Registry.open(uri))));
    said.add("keys: " + ends(() -> opened(KeyValueStore.open(uri))));
    return said.toString();
  }

  private static String opened(AutoCloseable open) throws Exception {
    open.close();
    return "opened";
  }

  /**
   * Registers, takes a snapshot, and waits for a view and for the catalog.
   *
   * @param uri a store that can be opened
   * @return four lines
   */
  public static String registry(String uri) {
    StringJoiner said = new StringJoiner("\n");
    try (Registry registry = Registry.builder(uri).deadline(LONG).build()) {
      Liveness alive = Liveness.heartbeat(Duration.ofSeconds(5));
      said.add("register: " + ends(() -> registry.register(INSTANCE, alive).join()));
      said.add("snapshot: " + ends(() -> registry.snapshot("orders").join()));
      said.add("await: " + ends(() -> registry.service("orders").await(LONG)));
      said.add("catalog: " + ends(() -> registry.catalog().await(LONG)));
    }
    return said.toString();
  }

  /**
   * Reads, writes, deletes and watches keys.
   *
   * @param uri a store that can be opened
   * @return four lines
   */
  public static String keys(String uri) {
    StringJoiner said = new StringJoiner("\n");
    try (KeyValueStore store = KeyValueStore.builder(uri).deadline(LONG).build()) {
      said.add("get: " + ends(() -> store.get("a").join()));
      said.add("put: " + ends(() -> store.put("a", Bytes.ofText("1")).join()));
      said.add("delete: " + ends(() -> store.delete("a").join()));
      said.add("watch: " + ends(() -> loading(store)));
    }
    return said.toString();
  }

  /** Waits for a listener to be told of a first state, or of why there is none. */
  private static Object loading(KeyValueStore store) throws Exception {
    LinkedBlockingQueue<Object> told = new LinkedBlockingQueue<>();
    KeyValueListener listener =
        new KeyValueListener() {
          @Override
          public void changed(KeyValueChange change) {
            told.add("done");
          }

          @Override
          public void freshnessChanged(Freshness now) {
            if (now instanceof Freshness.Loading loading) {
              loading.cause().ifPresent(told::add);
            }
          }
        };
    Subscription watching = store.watch(Keys.prefix(""), listener);
    try {
      Object first = told.poll(LONG.toSeconds(), TimeUnit.SECONDS);
      if (first instanceof RegistryException cause) {
        throw cause;
      }
      return String.valueOf(first);
    } finally {
      watching.close();
    }
  }

  private static String ends(Callable<?> call) {
    try {
      Object value = call.call();
      return value instanceof String words ? words : "done";
    } catch (Throwable thrown) {
      Throwable cause = thrown;
      while (cause instanceof CompletionException && cause.getCause() != null) {
        cause = cause.getCause();
      }
      return cause instanceof RegistryException known
          ? known.kind() + ": " + known.getMessage()
          : "raw " + cause;
    }
  }
}
