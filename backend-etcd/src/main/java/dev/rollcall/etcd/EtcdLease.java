package dev.rollcall.etcd;

import dev.rollcall.RegistryException;
import dev.rollcall.etcd.OwnershipChecks.Answer;
import dev.rollcall.etcd.Tenancy.View;
import dev.rollcall.spi.Lease;
import dev.rollcall.spi.LeaseListener.LeaseEnd;
import io.etcd.jetcd.KeyValue;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A lease as the engine sees it. A renewal extends the lease in etcd and asks whether the key still
 * stands as it was left; both go out at once. A permanent instance has no lease in etcd, so that
 * its renewal is the question alone. Thread-safe.
 */
final class EtcdLease implements Lease {
  /** Has the engine look every five seconds, in which an instance with a heartbeat is back too. */
  private static final Duration PRESENCE = Duration.ofSeconds(15);

  private final EtcdRegistrations registrar;
  private final Tenancy tenancy;
  private final boolean permanent;
  private final Duration ttl;

  EtcdLease(EtcdRegistrations registrar, Tenancy tenancy, boolean permanent) {
    this.registrar = registrar;
    this.tenancy = tenancy;
    this.permanent = permanent;
    this.ttl = permanent ? PRESENCE : tenancy.view().ttl();
  }

  @Override
  public Duration ttl() {
    return ttl;
  }

  @Override
  public CompletionStage<Void> renew() {
    View seen = tenancy.view();
    if (!seen.held()) {
      return CompletableFuture.failedFuture(ended());
    }
    if (seen.leaseId() == 0 && !permanent) {
      return CompletableFuture.completedFuture(null); // the next one is being granted
    }
    CompletableFuture<Answer> asked = registrar.checks().ask(tenancy.storeKey, seen.modRevision());
    CompletableFuture<Void> result = new CompletableFuture<>();
    if (permanent) {
      asked.whenComplete((answer, unasked) -> conclude(seen, answer, true, unasked, result));
      return result;
    }
    CompletableFuture<Boolean> extended = registrar.renewals().renew(seen.leaseId(), seen.ttl());
    // The lease's answer decides where the check has none: extended is extended. Though who may no
    // longer look at his key is refused; etcd itself lets anybody renew a lease whose id he knows.
    asked.whenComplete(
        (answer, unasked) ->
            extended.whenComplete(
                (known, failed) -> {
                  try {
                    conclude(
                        seen, answer, known, failed == null ? denied(unasked) : failed, result);
                  } catch (LinkageError broken) {
                    result.completeExceptionally(EtcdErrors.because(broken));
                  }
                }));
    return result;
  }

  private void conclude(
      View seen,
      @Nullable Answer answer,
      @Nullable Boolean known,
      @Nullable Throwable failed,
      CompletableFuture<@Nullable Void> result) {
    LeaseEnd end = null;
    if (answer != null && !answer.asLeft()) {
      end = judge(seen, answer.entry());
    }
    if (end == null && failed == null && !Boolean.TRUE.equals(known)) {
      end = LeaseEnd.EXPIRED;
    }
    if (end != null) {
      tenancy.end(seen, end);
      registrar.ended(tenancy, seen, end);
    }
    View now = tenancy.view();
    if (!now.held()) {
      result.completeExceptionally(ended());
    } else if (failed != null && end == null) {
      result.completeExceptionally(EtcdErrors.because(failed));
    } else {
      result.complete(null); // also where it was registered again meanwhile
    }
  }

  private static @Nullable Throwable denied(@Nullable Throwable unasked) {
    RegistryException known = EtcdErrors.known(unasked);
    return known != null && known.kind() == RegistryException.Kind.DENIED ? known : null;
  }

  /** Says what it means that the key is not as it was left; null where it is ours all the same. */
  private @Nullable LeaseEnd judge(View seen, @Nullable KeyValue entry) {
    if (entry == null) {
      return LeaseEnd.REMOVED;
    }
    EtcdRegistrations.Standing standing = registrar.standing(tenancy.key, entry, seen.owner());
    // Without a lease an entry that names no owner may be anybody's.
    boolean byLease =
        entry.getLease() == seen.leaseId()
            && (seen.leaseId() != 0 || !registrar.codec().namesOwners());
    if (!standing.ours() && !(standing.ownerless() && byLease)) {
      return LeaseEnd.SUPERSEDED;
    }
    if (standing.leaving() || entry.getLease() != seen.leaseId()) {
      return LeaseEnd.REMOVED;
    }
    // A write of ours whose answer was lost.
    tenancy.adopt(seen, entry.getModRevision());
    return null;
  }

  private RegistryException ended() {
    return RegistryException.conflict(tenancy.key + ": the lease has ended");
  }
}
