package dev.rollcall.bench.fleet;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.support.Observers;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** jetcd: a list and a watch for each service, and a lease that is kept alive. Thread-safe. */
final class RawEtcd implements RawClient {
  private final AtomicLong heard = new AtomicLong();
  private final Client client;

  RawEtcd(String address, int services) throws Exception {
    client = Client.builder().endpoints("http://" + address).build();
    long lease = client.getLeaseClient().grant(TTL_SECONDS).get(10, TimeUnit.SECONDS).getID();
    client.getLeaseClient().keepAlive(lease, Observers.observer(response -> {}));
    client
        .getKVClient()
        .put(
            bytes("/raw/" + lease),
            bytes("10.0.0.7:8080"),
            PutOption.builder().withLeaseId(lease).build())
        .get(10, TimeUnit.SECONDS);
    for (int i = 0; i < services; i++) {
      ByteSequence prefix = bytes("/bench/" + Instances.service(i) + "/");
      long revision =
          client
              .getKVClient()
              .get(prefix, GetOption.builder().isPrefix(true).build())
              .get(10, TimeUnit.SECONDS)
              .getHeader()
              .getRevision();
      client
          .getWatchClient()
          .watch(
              prefix,
              WatchOption.builder().isPrefix(true).withRevision(revision + 1).build(),
              Watch.listener(response -> heard.addAndGet(response.getEvents().size())));
    }
  }

  @Override
  public long heard() {
    return heard.get();
  }

  @Override
  public void close() {
    client.close();
  }

  private static ByteSequence bytes(String text) {
    return ByteSequence.from(text, StandardCharsets.UTF_8);
  }
}
