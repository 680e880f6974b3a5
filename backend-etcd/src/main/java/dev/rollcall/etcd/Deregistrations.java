package dev.rollcall.etcd;

import dev.rollcall.InstanceKey;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.etcd.Stored.Format;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.Selector;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Takes instances out of the store. etcd's watchers see that a key has gone and not why, so a mark
 * is put in its place first, on the same lease: who sees it knows a clean departure. Then the key
 * goes, with its lease or by itself. Each step compares the revision that it saw. No state.
 */
final class Deregistrations {
  private static final int MAX_ROUNDS = 8;

  private final EtcdGateway gateway;
  private final KeyLayout keys;
  private final EtcdRegistrations registrar;

  Deregistrations(EtcdGateway gateway, KeyLayout keys, EtcdRegistrations registrar) {
    this.gateway = gateway;
    this.keys = keys;
    this.registrar = registrar;
  }

  /** Puts the mark into the key, as far as it hangs on one of the leases that are to be revoked. */
  CompletableFuture<@Nullable Void> announce(
      InstanceKey key, Tenancy.View left, List<Long> leases) {
    ByteSequence at = keys.key(key);
    ServiceInstance instance = left.instance();
    if (instance == null || left.modRevision() == 0 || !registrar.codec().bearsMarks()) {
      return announceWhatStands(key, at, left, leases);
    }
    ByteSequence mark = registrar.codec().leaving(instance, left.owner());
    PutOption option = PutOption.builder().withLeaseId(left.leaseId()).build();
    return gateway
        .txn(
            "deregistration of " + key,
            txn ->
                txn.If(EtcdRegistrations.standsAt(at, left.modRevision()))
                    .Then(Op.put(at, mark, option)))
        .handle(
            (reply, failed) -> {
              if (failed != null) {
                // The lease has run out, and the key with it.
                return EtcdError.of(failed).isMissingLease()
                    ? done()
                    : CompletableFuture.<@Nullable Void>failedFuture(failed);
              }
              return reply.isSucceeded() ? done() : announceWhatStands(key, at, left, leases);
            })
        .thenCompose(told -> told);
  }

  /** After a write whose answer was lost the key is not as it was left, and may be ours still. */
  private CompletableFuture<@Nullable Void> announceWhatStands(
      InstanceKey key, ByteSequence at, Tenancy.View left, List<Long> leases) {
    return read(key, at)
        .thenCompose(
            entry -> {
              if (entry == null || !leases.contains(entry.getLease())) {
                return done();
              }
              return mark(key, entry, left.owner(), MAX_ROUNDS).thenCompose(marked -> done());
            });
  }

  /** Revokes leases; one that the store does not know is as good as revoked. */
  CompletableFuture<@Nullable Void> revoke(List<Long> leases) {
    CompletableFuture<?>[] all =
        leases.stream()
            .map(
                lease ->
                    gateway
                        .call("revocation", client -> client.getLeaseClient().revoke(lease))
                        .handle(
                            (reply, failed) -> {
                              if (failed != null && !EtcdError.of(failed).isMissingLease()) {
                                throw EtcdErrors.because(failed);
                              }
                              return true;
                            }))
            .toArray(CompletableFuture[]::new);
    return CompletableFuture.allOf(all).thenApply(nothing -> null);
  }

  /** Removes an instance of which this process holds no lease. */
  CompletableFuture<@Nullable Void> remove(InstanceKey key, Owner owner) {
    ByteSequence at = keys.key(key);
    return read(key, at)
        .thenCompose(
            entry -> {
              if (entry != null) {
                return remove(key, entry, owner, MAX_ROUNDS);
              }
              return owner.equals(Owner.ANY) ? removeDeeper(key) : done();
            });
  }

  /** An operator may name what others put into a deeper key, whose id has dots for slashes. */
  private CompletableFuture<@Nullable Void> removeDeeper(InstanceKey key) {
    if (key.id().indexOf('.') < 0) {
      return done();
    }
    return gateway
        .keys("deregistration of " + key, keys.range(Selector.service(key.service())))
        .thenCompose(
            page -> {
              CompletableFuture<@Nullable Void> all = done();
              for (KeyValue found : page.entries()) {
                if (key.equals(keys.parse(found.getKey()))) {
                  all = all.thenCompose(before -> removeWhatStands(key, found.getKey()));
                }
              }
              return all;
            });
  }

  private CompletableFuture<@Nullable Void> removeWhatStands(InstanceKey key, ByteSequence at) {
    return read(key, at)
        .thenCompose(entry -> entry == null ? done() : remove(key, entry, Owner.ANY, MAX_ROUNDS));
  }

  private CompletableFuture<@Nullable Void> remove(
      InstanceKey key, KeyValue entry, Owner owner, int rounds) {
    EtcdRegistrations.Standing standing = registrar.standing(key, entry, owner);
    if (!owner.equals(Owner.ANY) && !standing.ours()) {
      return done();
    }
    return mark(key, entry, owner, rounds)
        .thenCompose(
            marked -> {
              if (marked == null) {
                return done();
              }
              if (!owner.equals(Owner.ANY) && marked.getLease() != 0) {
                return revoke(List.of(marked.getLease()));
              }
              return gateway
                  .txn(
                      "deregistration of " + key,
                      txn ->
                          txn.If(
                                  EtcdRegistrations.standsAt(
                                      marked.getKey(), marked.getModRevision()))
                              .Then(Op.delete(marked.getKey(), DeleteOption.DEFAULT))
                              .Else(Op.get(marked.getKey(), GetOption.DEFAULT)))
                  .thenCompose(
                      reply -> {
                        KeyValue now =
                            reply.isSucceeded() ? null : EtcdRegistrations.onlyEntry(reply);
                        if (now == null) {
                          return done();
                        }
                        return rounds == 0
                            ? CompletableFuture.failedFuture(contended(key))
                            : remove(key, now, owner, rounds - 1);
                      });
            });
  }

  /**
   * Marks an entry, and returns it as it then stands: unmarked where its form cannot bear a mark,
   * null where it is gone or somebody else's by now.
   */
  private CompletableFuture<@Nullable KeyValue> mark(
      InstanceKey key, KeyValue entry, Owner owner, int rounds) {
    Stored stored;
    try {
      stored = new ValueReader(key).read(entry.getValue());
    } catch (MalformedException unreadable) {
      return CompletableFuture.completedFuture(entry);
    }
    ServiceInstance instance = stored.instance().orElse(null);
    boolean bearsNone = stored.format() == Format.PLAIN || !entry.getKey().equals(keys.key(key));
    if (instance == null || bearsNone) {
      return CompletableFuture.completedFuture(entry);
    }
    ByteSequence value = Codec.leaving(stored.format(), instance, Codec.owner(stored));
    PutOption option = PutOption.builder().withLeaseId(entry.getLease()).build();
    return gateway
        .txn(
            "deregistration of " + key,
            txn ->
                txn.If(EtcdRegistrations.standsAt(entry.getKey(), entry.getModRevision()))
                    .Then(
                        Op.put(entry.getKey(), value, option),
                        Op.get(entry.getKey(), GetOption.DEFAULT))
                    .Else(Op.get(entry.getKey(), GetOption.DEFAULT)))
        .thenCompose(
            reply -> {
              KeyValue now = EtcdRegistrations.onlyEntry(reply);
              if (reply.isSucceeded() || now == null) {
                return CompletableFuture.completedFuture(now);
              }
              if (!owner.equals(Owner.ANY) && !registrar.standing(key, now, owner).ours()) {
                return CompletableFuture.completedFuture(null);
              }
              return rounds == 0
                  ? CompletableFuture.failedFuture(contended(key))
                  : mark(key, now, owner, rounds - 1);
            });
  }

  private CompletableFuture<@Nullable KeyValue> read(InstanceKey key, ByteSequence at) {
    return gateway.entry("deregistration of " + key, at);
  }

  private static RegistryException contended(InstanceKey key) {
    return RegistryException.unavailable(key + ": others write it all the time", null);
  }

  private static CompletableFuture<@Nullable Void> done() {
    return CompletableFuture.completedFuture(null);
  }
}
