package dev.rollcall.etcd;

import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.etcd.Tenancy.View;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import dev.rollcall.spi.Owner;
import dev.rollcall.spi.RegisterRequest;
import dev.rollcall.spi.RegisterRequest.Claim;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.KeyedSequencer;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.lease.LeaseGrantResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Registers instances: a lease for each, and the key written with it, in one transaction that also
 * decides the claim.
 *
 * <p>Design: a lease belongs to one registration, and a departure revokes it. That is what makes a
 * departure final: a write of that registration that comes late fails in etcd, since its lease is
 * gone, and nothing of another owner's can vanish, since the revocation takes only what hangs on
 * the lease. Writes to one key from this process are sent one after the other.
 *
 * <p>A permanent instance is written with such a lease too, which serves as a fence, and once that
 * is answered written again without it, if the key still stands at the revision of the first write.
 * A first write that comes late fails since the fence is revoked; a second one since that revision,
 * once it is gone, never comes back.
 */
final class EtcdRegistrations {
  private static final int MAX_ROUNDS = 8;
  private static final int MAX_AT_WORK = 256;

  /** How long a permanent instance hangs on its fence if this process dies between the writes. */
  private static final long FENCE_SECONDS = 60;

  private final EtcdGateway gateway;
  private final Timer timer;
  private final KeyLayout keys;
  private final Codec codec;
  private final long minTtlSeconds;
  private final OwnershipChecks checks;
  private final LeaseRenewals renewals;
  private final KeyedSequencer<InstanceKey> sequencer = new KeyedSequencer<>();
  private final ConcurrencyLimiter gate;
  private final SerializingExecutor starts;
  private final Map<Tenant, Tenancy> tenancies = new ConcurrentHashMap<>();

  private record Tenant(InstanceKey key, String ownerId) {}

  /**
   * What came of a write.
   *
   * @param written whether it took place
   * @param revision at which the key stands now; 0 where it is absent
   */
  private record Outcome(boolean written, long revision) {}

  /**
   * Whose an entry is.
   *
   * @param ours whether it names the owner in question
   * @param ownerless whether its form names none
   * @param leaving whether it is a mark of departure
   */
  record Standing(boolean ours, boolean ownerless, boolean leaving) {}

  EtcdRegistrations(
      EtcdGateway gateway, Timer timer, KeyLayout keys, Codec codec, Duration minTtl) {
    this.gateway = gateway;
    this.timer = timer;
    this.keys = keys;
    this.codec = codec;
    this.minTtlSeconds = wholeSeconds(minTtl);
    this.checks = new OwnershipChecks(gateway, timer);
    this.renewals = new LeaseRenewals(gateway, timer);
    this.gate = new ConcurrencyLimiter(MAX_AT_WORK, gateway::executeAsync);
    this.starts = new SerializingExecutor(gateway::executeAsync);
  }

  Codec codec() {
    return codec;
  }

  OwnershipChecks checks() {
    return checks;
  }

  LeaseRenewals renewals() {
    return renewals;
  }

  CompletableFuture<Lease> register(RegisterRequest request, LeaseListener listener) {
    InstanceKey key = request.instance().key();
    CompletableFuture<Lease> answer = gateway.withinTimeout("registration of " + key);
    Supplier<CompletableFuture<Lease>> write = inTime(answer, () -> registerNow(request, listener));
    sequencer.run(key, answer, () -> inOurWords(apart(() -> gate.run(write))));
    return answer;
  }

  private CompletableFuture<Lease> registerNow(RegisterRequest request, LeaseListener listener) {
    InstanceKey key = request.instance().key();
    Owner owner = request.owner();
    Tenancy tenancy =
        tenancies.computeIfAbsent(
            new Tenant(key, owner.id()), tenant -> new Tenancy(key, keys.key(key), owner));
    CompletableFuture<Lease> written =
        request.liveness() instanceof Liveness.Heartbeat heartbeat
            ? registerWithLease(tenancy, request, listener, heartbeat)
            : registerForGood(tenancy, request, listener);
    return written.whenComplete((lease, failed) -> forgetIfRefused(tenancy, failed));
  }

  private CompletableFuture<Lease> registerWithLease(
      Tenancy tenancy,
      RegisterRequest request,
      LeaseListener listener,
      Liveness.Heartbeat heartbeat) {
    return writeWithLease(tenancy, request, listener, heartbeat)
        .exceptionallyCompose(
            failed -> {
              if (!EtcdError.of(failed).isMissingLease() || tenancy.view().leaseId() == 0) {
                return CompletableFuture.failedFuture(failed);
              }
              // It ran out unnoticed. The next one is fresh, so this happens once.
              tenancy.dropLease();
              return writeWithLease(tenancy, request, listener, heartbeat);
            });
  }

  private CompletableFuture<Lease> writeWithLease(
      Tenancy tenancy,
      RegisterRequest request,
      LeaseListener listener,
      Liveness.Heartbeat heartbeat) {
    long seconds = Math.max(minTtlSeconds, wholeSeconds(heartbeat.ttl()));
    long kept = tenancy.leaseFor(request.owner(), seconds);
    if (kept == 0) {
      return grant(tenancy.key, seconds)
          .thenCompose(
              grant -> {
                tenancy.granted(grant.getID(), Duration.ofSeconds(grant.getTTL()), seconds);
                return write(tenancy, request, listener, grant.getID());
              });
    }
    // A write with a lease does not extend it, and a registration has a whole TTL from its call.
    return write(tenancy, request, listener, kept)
        .thenCombine(renewals.once(kept), (lease, extended) -> lease);
  }

  private CompletableFuture<Lease> registerForGood(
      Tenancy tenancy, RegisterRequest request, LeaseListener listener) {
    if (isHidden(request)) {
      return write(tenancy, request, listener, 0);
    }
    tenancy.dropLease();
    CompletableFuture<Long> expected =
        request.claim() == Claim.TAKE_OVER
            ? gateway
                .call(
                    "registration of " + tenancy.key,
                    client -> client.getKVClient().get(tenancy.storeKey, EtcdGateway.KEYS))
                .thenApply(
                    reply -> reply.getKvs().isEmpty() ? 0 : reply.getKvs().get(0).getModRevision())
            : CompletableFuture.completedFuture(first(tenancy, request.claim()));
    return expected
        .thenCompose(at -> settle(tenancy, request, at, MAX_ROUNDS))
        .thenApply(revision -> wrote(tenancy, request, listener, revision));
  }

  /** Writes a key without a lease, where it stands at a revision; behind a fence where it is 0. */
  private CompletableFuture<Long> settle(
      Tenancy tenancy, RegisterRequest request, long expected, int rounds) {
    if (expected > 0) {
      return attempt(tenancy, request, put(tenancy, request, 0), expected, rounds)
          .thenCompose(
              outcome ->
                  outcome.written
                      ? CompletableFuture.completedFuture(outcome.revision)
                      : settle(tenancy, request, outcome.revision, rounds - 1));
    }
    return grant(tenancy.key, FENCE_SECONDS)
        .thenCompose(
            fence -> {
              tenancy.fence(fence.getID());
              Op mark = fence(tenancy, request, fence.getID());
              return attempt(tenancy, request, mark, 0, rounds);
            })
        .thenCompose(outcome -> settle(tenancy, request, outcome.revision, rounds - 1));
  }

  /** What stands for nothing: nobody is to see an instance that may go with its fence. */
  private Op fence(Tenancy tenancy, RegisterRequest request, long leaseId) {
    return codec.bearsMarks()
        ? Op.put(
            tenancy.storeKey,
            codec.leaving(request.instance(), request.owner()),
            PutOption.builder().withLeaseId(leaseId).build())
        : put(tenancy, request, leaseId);
  }

  private void forgetIfRefused(Tenancy tenancy, @Nullable Throwable failed) {
    if (failed != null && EtcdErrors.because(failed).kind() != RegistryException.Kind.UNAVAILABLE) {
      View view = tenancy.view();
      if (!view.held()) {
        tenancy.dropLease();
        revokeFormer(tenancy);
        tenancies.remove(new Tenant(tenancy.key, view.owner().id()), tenancy);
      }
    }
  }

  private CompletableFuture<LeaseGrantResponse> grant(InstanceKey key, long seconds) {
    return gateway.call("lease of " + key, client -> client.getLeaseClient().grant(seconds));
  }

  private CompletableFuture<Lease> write(
      Tenancy tenancy, RegisterRequest request, LeaseListener listener, long leaseId) {
    boolean hidden = isHidden(request);
    Op write =
        hidden ? Op.delete(tenancy.storeKey, DeleteOption.DEFAULT) : put(tenancy, request, leaseId);
    return claim(tenancy, request, write, first(tenancy, request.claim()), MAX_ROUNDS)
        .thenApply(revision -> wrote(tenancy, request, listener, hidden ? 0 : revision));
  }

  /** Who reads the other forms takes whatever stands there for well. */
  private boolean isHidden(RegisterRequest request) {
    return !codec.tellsHealth() && request.instance().health() == Health.CRITICAL;
  }

  private Op put(Tenancy tenancy, RegisterRequest request, long leaseId) {
    return Op.put(
        tenancy.storeKey,
        codec.instance(request.instance(), request.owner()),
        PutOption.builder().withLeaseId(leaseId).build());
  }

  private Lease wrote(
      Tenancy tenancy, RegisterRequest request, LeaseListener listener, long revision) {
    tenancy.wrote(request.owner(), request.instance(), revision, listener);
    revokeFormer(tenancy);
    return new EtcdLease(this, tenancy, !(request.liveness() instanceof Liveness.Heartbeat));
  }

  /** The revision at which the key must stand for the claim to win at once; -1 for any. */
  private static long first(Tenancy tenancy, Claim claim) {
    return switch (claim) {
      case TAKE_OVER -> -1;
      case EXCLUSIVE -> 0;
      case CONTINUE -> tenancy.view().modRevision();
    };
  }

  private CompletableFuture<Long> claim(
      Tenancy tenancy, RegisterRequest request, Op write, long expected, int rounds) {
    return attempt(tenancy, request, write, expected, rounds)
        .thenCompose(
            outcome ->
                outcome.written
                    ? CompletableFuture.completedFuture(outcome.revision)
                    : claim(tenancy, request, write, outcome.revision, rounds - 1));
  }

  /**
   * Writes a key where it stands at a revision, -1 for any.
   *
   * @return completes with what came of it; with {@code CONFLICT} where what stands there wins
   */
  private CompletableFuture<Outcome> attempt(
      Tenancy tenancy, RegisterRequest request, Op write, long expected, int rounds) {
    ByteSequence at = tenancy.storeKey;
    if (rounds < 0) {
      return CompletableFuture.failedFuture(
          RegistryException.unavailable(tenancy.key + ": others write it all the time", null));
    }
    tenancy.sending();
    return gateway
        .txn(
            "registration of " + tenancy.key,
            txn ->
                expected < 0
                    ? txn.Then(write)
                    : txn.If(standsAt(at, expected))
                        .Then(write)
                        .Else(Op.get(at, GetOption.DEFAULT)))
        .thenApply(
            reply -> {
              if (reply.isSucceeded()) {
                return new Outcome(true, reply.getHeader().getRevision());
              }
              KeyValue entry = onlyEntry(reply);
              if (entry != null && !mayReplace(tenancy, request, entry)) {
                throw RegistryException.conflict(
                    tenancy.key + ": another owner has it, claim " + request.claim());
              }
              return new Outcome(false, entry == null ? 0 : entry.getModRevision());
            });
  }

  private boolean mayReplace(Tenancy tenancy, RegisterRequest request, KeyValue entry) {
    Standing standing = standing(tenancy.key, entry, request.owner());
    View view = tenancy.view();
    boolean byLease =
        standing.ownerless() && view.leaseId() != 0 && entry.getLease() == view.leaseId();
    return switch (request.claim()) {
      case TAKE_OVER -> true;
      case EXCLUSIVE -> standing.ours() || byLease || standing.leaving();
      case CONTINUE -> standing.ours() || byLease;
    };
  }

  Standing standing(InstanceKey key, KeyValue entry, Owner owner) {
    try {
      Stored stored = new ValueReader(key).read(entry.getValue());
      return new Standing(
          stored.ownerId().equals(owner.id()), stored.ownerId().isEmpty(), stored.leaving());
    } catch (MalformedException unreadable) {
      return new Standing(false, false, false); // no form of ours at all
    }
  }

  /** Tidies up after a lease that a renewal found to have ended. */
  void ended(Tenancy tenancy, View seen, LeaseEnd how) {
    if (how == LeaseEnd.SUPERSEDED) {
      tenancies.remove(new Tenant(tenancy.key, seen.owner().id()), tenancy);
    }
    if (how != LeaseEnd.EXPIRED && !tenancy.view().held()) {
      revokeFormer(tenancy);
    }
  }

  // ---- leaving

  CompletableFuture<Void> deregister(InstanceKey key, Owner owner) {
    CompletableFuture<Void> answer = gateway.withinTimeout("deregistration of " + key);
    sequencer.run(key, answer, inTime(answer, () -> inOurWords(deregisterNow(key, owner))));
    return answer;
  }

  /**
   * Leaves out a write whose turn comes with a tenth of its time left, or less: it could hardly be
   * answered in it. Those that wait for one that is not answered reach their deadlines within
   * moments of each other; without this, the last would still be sent.
   */
  private <T> Supplier<CompletableFuture<T>> inTime(
      CompletableFuture<T> answer, Supplier<CompletableFuture<T>> write) {
    long askedNanos = timer.nanoTime();
    long limitNanos = gateway.timeout().toNanos() / 10 * 9;
    return () ->
        answer.isDone() || timer.nanoTime() - askedNanos > limitNanos ? answer : write.get();
  }

  private static <T> CompletableFuture<T> inOurWords(CompletableFuture<T> write) {
    return write.exceptionallyCompose(
        failed -> CompletableFuture.failedFuture(EtcdErrors.because(failed)));
  }

  /** Begins a write on another thread: who asks may be the timer's, on which deadlines wait. */
  private <T> CompletableFuture<T> apart(Supplier<CompletableFuture<T>> write) {
    return CompletableFuture.completedFuture(true)
        .thenComposeAsync(now -> write.get(), starts::run);
  }

  private CompletableFuture<Void> deregisterNow(InstanceKey key, Owner owner) {
    Tenant tenant = new Tenant(key, owner.id());
    Tenancy tenancy = tenancies.get(tenant);
    Deregistrations departures = new Deregistrations(gateway, keys, this);
    if (tenancy == null) {
      return apart(() -> gate.run(() -> departures.remove(key, owner)));
    }
    View left = tenancy.view();
    tenancy.leave();
    tenancy.dropLease();
    if (!tenancy.mayStand()) { // a lease at most, with nothing on it
      revokeFormer(tenancy);
      tenancies.remove(tenant, tenancy);
      return CompletableFuture.completedFuture(null);
    }
    return apart(() -> gate.run(() -> depart(departures, tenancy, left)))
        .whenComplete(
            (nothing, failed) -> {
              if (failed == null) {
                tenancies.remove(tenant, tenancy);
              }
            });
  }

  private static CompletableFuture<@Nullable Void> depart(
      Deregistrations departures, Tenancy tenancy, View left) {
    InstanceKey key = tenancy.key;
    List<Long> leases = tenancy.formerLeases();
    if (leases.isEmpty()) {
      return departures.remove(key, left.owner());
    }
    CompletableFuture<@Nullable Void> fenced =
        departures.announce(key, left, leases).thenCompose(told -> departures.revoke(leases));
    return tenancy.mayStandAlone()
        ? fenced.thenCompose(revoked -> departures.remove(key, left.owner()))
        : fenced;
  }

  /**
   * Revokes what is not needed any more, in passing. Until etcd has confirmed it, a departure
   * revokes it once more: a write with it may still be under way.
   */
  private void revokeFormer(Tenancy tenancy) {
    for (long leaseId : tenancy.formerLeases()) {
      gateway
          .call("revocation", client -> client.getLeaseClient().revoke(leaseId))
          .whenComplete(
              (reply, failed) -> {
                if (failed == null || EtcdError.of(failed).isMissingLease()) {
                  tenancy.revoked(leaseId);
                }
              });
    }
  }

  static Cmp standsAt(ByteSequence key, long modRevision) {
    return new Cmp(key, Cmp.Op.EQUAL, CmpTarget.modRevision(modRevision));
  }

  static @Nullable KeyValue onlyEntry(TxnResponse reply) {
    List<KeyValue> found = reply.getGetResponses().get(0).getKvs();
    return found.isEmpty() ? null : found.get(0);
  }

  private static long wholeSeconds(Duration ttl) {
    return ttl.plusSeconds(1).minusNanos(1).toSeconds();
  }
}
