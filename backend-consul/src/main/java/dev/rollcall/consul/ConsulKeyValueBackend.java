package dev.rollcall.consul;

import static java.util.Comparator.comparing;
import static java.util.Objects.requireNonNull;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueListing;
import dev.rollcall.spi.KeyValueSink;
import dev.rollcall.spi.KeyWrite;
import dev.rollcall.spi.Timer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values in Consul's own store, below the URI's path: {@code consul://host:8500/app} keeps
 * {@code db/pool} as {@code app/db/pool}. A version is Consul's {@code ModifyIndex}.
 *
 * <p>The first {@value #DIRECT} watches have a blocking query each, and all later ones share one
 * that reads the whole path: so the connections have a bound whatever is watched. Thread-safe;
 * {@code open} guards itself, {@code shared} and {@code closed}, and no call is made under it.
 */
final class ConsulKeyValueBackend implements KeyValueBackend {
  static final int DIRECT = AgentHttp.QUERIES - 1;

  private final ConsulBackendSettings settings;
  private final String root;
  private final Timer timer;
  private final ConsulGateway gateway;
  private final SharedBackoff reconnection;
  private final Set<Watch> open = new HashSet<>();
  private int direct;
  private @Nullable KeyFeed shared;
  private int sharers;
  private boolean closed;

  /** Opens the store below a root: empty, or ending in a slash. */
  ConsulKeyValueBackend(ConsulBackendSettings settings, String root, Timer timer) {
    this.settings = settings;
    this.root = root;
    this.timer = timer;
    gateway = new ConsulGateway(settings, timer);
    reconnection = gateway.backoff();
  }

  @Override
  public CompletionStage<Optional<KeyValue>> get(String key) {
    return gateway
        .pair(root + key, settings.read())
        .answer()
        .thenApply(pair -> pair.value().map(this::own));
  }

  @Override
  public CompletionStage<KeyValueListing> list(String prefix) {
    return gateway
        .pairs(root + prefix, settings.read())
        .answer()
        .thenApply(
            pairs -> new KeyValueListing(own(Keys.prefix(prefix), pairs.value()), pairs.index()));
  }

  @Override
  public CompletionStage<Void> put(String key, Bytes value) {
    return gateway.putKey(root + key, value, -1).thenAccept(written -> {});
  }

  @Override
  public CompletionStage<Boolean> compareAndSet(String key, long expectedVersion, Bytes value) {
    return gateway.putKey(root + key, value, expectedVersion);
  }

  @Override
  public CompletionStage<Void> delete(Keys keys) {
    CompletableFuture<Boolean> deleted =
        keys instanceof Keys.OfPrefix of
            ? gateway.deleteTree(root + of.prefix())
            : gateway.deleteKey(root + ((Keys.OfKey) keys).key(), -1);
    return deleted.thenAccept(gone -> {});
  }

  @Override
  public CompletionStage<Boolean> compareAndDelete(String key, long expectedVersion) {
    return gateway.deleteKey(root + key, expectedVersion);
  }

  @Override
  public CompletionStage<Optional<List<KeyValue>>> commit(
      Map<String, Long> expected, List<KeyWrite> writes) {
    KeyOperations operations;
    try {
      operations = KeyOperations.of(root, expected, writes);
    } catch (RegistryException tooMuch) {
      return CompletableFuture.failedFuture(tooMuch);
    }
    return gateway.transaction(operations.all()).thenApply(pairs -> pairs.map(operations::written));
  }

  @Override
  public Watch watch(Keys keys, KeyValueSink sink) {
    KeyReader reader = new KeyReader(requireNonNull(keys, "keys"), requireNonNull(sink, "sink"));
    KeyFeed feed;
    Watch watch;
    synchronized (open) {
      boolean own = direct < DIRECT;
      if (own) {
        direct++;
        feed = feed(keys);
      } else {
        if (shared == null) {
          shared = feed(Keys.prefix(""));
        }
        sharers++;
        feed = shared;
      }
      KeyFeed joined = feed;
      watch =
          new Watch() {
            @Override
            public void close() {
              end(this, own, joined, reader);
            }
          };
      if (!closed) {
        open.add(watch);
      }
    }
    feed.join(reader);
    return watch;
  }

  private void end(Watch watch, boolean own, KeyFeed feed, KeyReader reader) {
    boolean last = false;
    synchronized (open) {
      if (open.remove(watch)) {
        if (own) {
          direct--;
          last = true;
        } else if (--sharers == 0) {
          shared = null;
          last = true;
        }
      }
    }
    feed.leave(reader);
    if (last) {
      feed.close();
    }
    reader.mailbox.close();
  }

  private KeyFeed feed(Keys keys) {
    return new KeyFeed(
        read ->
            keys instanceof Keys.OfKey one
                ? Pending.map(
                    gateway.pair(root + one.key(), read), pair -> own(keys, pair.stream().toList()))
                : Pending.map(
                    gateway.pairs(root + ((Keys.OfPrefix) keys).prefix(), read),
                    pairs -> own(keys, pairs)),
        settings,
        timer,
        reconnection);
  }

  /** Takes the root off, and leaves out what the URL's path may have let in beside the prefix. */
  private List<KeyValue> own(Keys keys, List<ConsulPair> pairs) {
    List<KeyValue> own = new ArrayList<>(pairs.size());
    for (ConsulPair pair : pairs) {
      if (pair.key().length() > root.length() && pair.key().startsWith(root)) {
        KeyValue entry = own(pair);
        if (keys.selects(entry.key())) {
          own.add(entry);
        }
      }
    }
    own.sort(comparing(KeyValue::key));
    return own;
  }

  private KeyValue own(ConsulPair pair) {
    return new KeyValue(
        pair.key().substring(root.length()),
        Bytes.of(pair.value()),
        pair.modifyIndex(),
        pair.createIndex());
  }

  @Override
  public void close() {
    List<Watch> left;
    synchronized (open) {
      closed = true;
      left = new ArrayList<>(open);
    }
    left.forEach(Watch::close);
    gateway.close();
  }

  @Override
  public String toString() {
    return "keys of " + settings + (root.isEmpty() ? "" : " below " + root);
  }
}
