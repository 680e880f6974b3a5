package dev.rollcall.etcd;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.BackendUri;
import dev.rollcall.spi.KeyValueBackend;
import dev.rollcall.spi.KeyValueListing;
import dev.rollcall.spi.KeyValueSink;
import dev.rollcall.spi.KeyWrite;
import dev.rollcall.spi.Timer;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keys and values on etcd. A version is a modification revision. Every write is a transaction, sent
 * once. Thread-safe; nothing blocks but {@link #close()}.
 */
final class EtcdKeyValueBackend implements KeyValueBackend {
  private final EtcdGateway gateway;
  private final Timer timer;
  private final KeyValueNames names;
  private final Set<KeyRangeWatch> feeds = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  EtcdKeyValueBackend(BackendUri uri, Timer timer) {
    EtcdOptions options = EtcdOptions.of(uri);
    SkippedEntries malformed = new SkippedEntries();
    this.names = KeyValueNames.of(uri, options, malformed);
    this.timer = timer;
    this.gateway = new EtcdGateway(options, timer, malformed);
  }

  @Override
  public CompletionStage<Optional<KeyValue>> get(String key) {
    return gateway
        .list("get", names.range(Keys.key(key)))
        .thenApply(
            page -> {
              if (!page.tooLarge().isEmpty()) {
                throw RegistryException.invalid("get of " + key + ": " + Paging.TOO_LARGE);
              }
              return names.read(page.entries()).stream().findFirst();
            });
  }

  @Override
  public CompletionStage<KeyValueListing> list(String prefix) {
    return gateway
        .list("list", names.range(prefix))
        .thenApply(page -> new KeyValueListing(names.read(page.entries()), page.at().revision()));
  }

  @Override
  public CompletionStage<Void> put(String key, Bytes value) {
    return gateway.txnOnce("put", txn -> txn.Then(write(key, value))).thenAccept(done -> {});
  }

  @Override
  public CompletionStage<Boolean> compareAndSet(String key, long expectedVersion, Bytes value) {
    return gateway
        .txnOnce("compareAndSet", txn -> txn.If(has(key, expectedVersion)).Then(write(key, value)))
        .thenApply(TxnResponse::isSucceeded);
  }

  @Override
  public CompletionStage<Void> delete(Keys keys) {
    Range range = names.range(keys);
    DeleteOption all = DeleteOption.builder().withRange(range.to()).build();
    return gateway
        .txnOnce("delete", txn -> txn.Then(Op.delete(range.from(), all)))
        .thenAccept(done -> {});
  }

  @Override
  public CompletionStage<Boolean> compareAndDelete(String key, long expectedVersion) {
    ByteSequence at = names.key(key);
    GetOption count = GetOption.builder().withCountOnly(true).build();
    return gateway
        .txnOnce(
            "compareAndDelete",
            txn ->
                txn.If(has(key, expectedVersion))
                    .Then(Op.delete(at, DeleteOption.DEFAULT))
                    .Else(Op.get(at, count)))
        .thenApply(reply -> reply.isSucceeded() || reply.getGetResponses().get(0).getCount() == 0);
  }

  @Override
  public CompletionStage<Optional<List<KeyValue>>> commit(
      Map<String, Long> expected, List<KeyWrite> writes) {
    List<Cmp> versions = new ArrayList<>();
    expected.forEach((key, version) -> versions.add(has(key, version)));
    List<Op> operations = new ArrayList<>();
    List<Op> looks = new ArrayList<>();
    List<KeyWrite.Put> puts = new ArrayList<>();
    for (KeyWrite write : writes) {
      if (write instanceof KeyWrite.Put put) {
        operations.add(write(put.key(), put.value()));
        looks.add(Op.get(names.key(put.key()), EtcdGateway.KEYS));
        puts.add(put);
      } else if (write instanceof KeyWrite.Delete delete) {
        Range range = names.range(delete.keys());
        DeleteOption all = DeleteOption.builder().withRange(range.to()).build();
        operations.add(Op.delete(range.from(), all));
      }
    }
    operations.addAll(looks); // after the writes: what they are now
    return gateway
        .txnOnce(
            "commit",
            txn -> txn.If(versions.toArray(Cmp[]::new)).Then(operations.toArray(Op[]::new)))
        .thenApply(reply -> reply.isSucceeded() ? Optional.of(put(puts, reply)) : Optional.empty());
  }

  private static List<KeyValue> put(List<KeyWrite.Put> puts, TxnResponse reply) {
    List<KeyValue> written = new ArrayList<>();
    for (int i = 0; i < puts.size(); i++) {
      io.etcd.jetcd.KeyValue is = reply.getGetResponses().get(i).getKvs().get(0);
      written.add(
          new KeyValue(
              puts.get(i).key(), puts.get(i).value(), is.getModRevision(), is.getCreateRevision()));
    }
    return written;
  }

  private Op write(String key, Bytes value) {
    return Op.put(names.key(key), ByteSequence.from(value.toArray()), PutOption.DEFAULT);
  }

  /** A key that is not there has the modification revision 0. */
  private Cmp has(String key, long version) {
    return new Cmp(names.key(key), Cmp.Op.EQUAL, CmpTarget.modRevision(version));
  }

  @Override
  public Watch watch(Keys keys, KeyValueSink sink) {
    KeyRangeWatch feed = new KeyRangeWatch(gateway, timer, names, keys, sink, feeds::remove);
    feeds.add(feed);
    if (closed) {
      feeds.remove(feed);
      return () -> {};
    }
    feed.start();
    return feed;
  }

  @Override
  public void close() {
    closed = true;
    feeds.forEach(KeyRangeWatch::close);
    gateway.close();
  }
}
