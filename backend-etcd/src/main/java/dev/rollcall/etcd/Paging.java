package dev.rollcall.etcd;

import static java.util.Objects.requireNonNull;

import dev.rollcall.etcd.EtcdGateway.Page;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.options.GetOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads a range once, page after page, all of the first one's revision. An entry that is larger
 * than a message may be, which any stranger can put, is left out and named: it must not hide what
 * stands beside it (W16). Not thread-safe, as no page is asked for before the last one has come.
 */
final class Paging {
  static final String TOO_LARGE =
      "its value is larger than the " + Connector.MAX_INBOUND_BYTES + " bytes that are read";

  private static final ByteSequence ZERO = ByteSequence.from(new byte[] {0});

  private final EtcdGateway gateway;
  private final SkippedEntries malformed;
  private final String what;
  private final Range range;
  private final boolean keysOnly;
  private final List<KeyValue> entries = new ArrayList<>();
  private final List<ByteSequence> tooLarge = new ArrayList<>();
  private @Nullable StoreRevision at;

  Paging(
      EtcdGateway gateway, SkippedEntries malformed, String what, Range range, boolean keysOnly) {
    this.gateway = gateway;
    this.malformed = malformed;
    this.what = what;
    this.range = range;
    this.keysOnly = keysOnly;
  }

  CompletableFuture<Page> read() {
    return next(range.from(), gateway.firstPage());
  }

  private CompletableFuture<Page> next(ByteSequence from, PageSize size) {
    boolean first = at == null;
    long askedNanos = gateway.nanoTime();
    return ask(from, size, keysOnly)
        .handle(
            (page, failed) -> {
              long tookNanos = gateway.nanoTime() - askedNanos;
              if (failed == null) {
                entries.addAll(page.getKvs());
                PageSize next = PageSize.after(page.getKvs(), tookNanos, gateway.timeout());
                if (first && !keysOnly && !page.getKvs().isEmpty()) {
                  gateway.beginWith(next);
                }
                return goOn(page, next);
              }
              if (EtcdError.of(failed).isTooLarge()) {
                return size.canShrink() ? next(from, size.shrunk()) : leaveOut(from, size);
              }
              if (tookNanos >= gateway.timeout().toNanos()) {
                if (!first && size.canShrink()) {
                  return next(from, size.shrunk());
                }
                // It may be silence as well, which is to be told at once: the next list is smaller.
                gateway.beginWith(size.shrunk());
              }
              return CompletableFuture.<Page>failedFuture(failed);
            })
        .thenCompose(Function.identity());
  }

  /** Passes over one entry. Its key can be read all the same. */
  private CompletableFuture<Page> leaveOut(ByteSequence from, PageSize one) {
    boolean mayHaveShrunk = at == null; // what was refused was of no revision that is known
    return ask(from, one, true)
        .thenCompose(
            page -> {
              if (mayHaveShrunk) {
                return next(from, one);
              }
              for (KeyValue entry : page.getKvs()) {
                tooLarge.add(entry.getKey());
                malformed.skipped(entry.getKey(), TOO_LARGE);
              }
              return goOn(page, one);
            });
  }

  private CompletableFuture<GetResponse> ask(
      ByteSequence from, PageSize size, boolean withoutValues) {
    GetOption option =
        GetOption.builder()
            .withRange(range.to())
            .withLimit(size.entries())
            .withRevision(at == null ? 0 : at.revision())
            .withKeysOnly(withoutValues)
            .build();
    return gateway
        .call(what, client -> client.getKVClient().get(from, option))
        .thenApply(
            page -> {
              at = at == null ? StoreRevision.of(page.getHeader()) : at;
              return page;
            });
  }

  private CompletableFuture<Page> goOn(GetResponse page, PageSize size) {
    List<KeyValue> came = page.getKvs();
    return page.isMore() && !came.isEmpty()
        ? next(came.get(came.size() - 1).getKey().concat(ZERO), size)
        : CompletableFuture.completedFuture(new Page(entries, tooLarge, requireNonNull(at)));
  }
}
