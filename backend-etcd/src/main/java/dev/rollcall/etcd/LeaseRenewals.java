package dev.rollcall.etcd;

import io.etcd.jetcd.lease.LeaseKeepAliveResponse;
import io.etcd.jetcd.support.CloseableClient;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Extends a lease once.
 *
 * <p>Design: jetcd keeps one keep-alive stream for all leases, which is cheap, and renews each by
 * the wall clock until it has given one up, which is not wanted: when to renew is the engine's to
 * say, by the monotonic clock. So an observer takes part in the stream for one reply and leaves;
 * jetcd sends for a new one at its next tick, at most 500 ms later. A short lease cannot wait that
 * long, and is renewed by a call of its own. So is one that the stream has not answered for: a
 * stream that the server ended is never opened again by jetcd.
 *
 * <p>jetcd calls the observers under a lock that it also takes to add one. Answers are therefore
 * passed on from another thread, one for all that come at once.
 */
final class LeaseRenewals {
  private static final Duration SHORT = Duration.ofSeconds(3);
  private static final Duration STREAM_PATIENCE = Duration.ofMillis(2500);

  private final EtcdGateway gateway;
  private final Serial answers;

  LeaseRenewals(EtcdGateway gateway) {
    this.gateway = gateway;
    this.answers = new Serial(gateway::elsewhere);
  }

  /** Completes with false where the store no longer knows the lease. */
  CompletableFuture<Boolean> renew(long leaseId, Duration ttl) {
    if (ttl.compareTo(SHORT) < 0) {
      return alone(leaseId);
    }
    CompletableFuture<Boolean> result = new CompletableFuture<>();
    gateway
        .call("renewal", STREAM_PATIENCE, client -> byStream(client, leaseId))
        .whenComplete(
            (known, failed) -> {
              if (failed == null) {
                result.complete(known);
              } else {
                alone(leaseId)
                    .whenComplete(
                        (alone, failedToo) -> {
                          if (failedToo == null) {
                            result.complete(alone);
                          } else {
                            result.completeExceptionally(failedToo);
                          }
                        });
              }
            });
    return result;
  }

  private CompletableFuture<Boolean> alone(long leaseId) {
    return gateway.call(
        "renewal",
        client -> known(client.getLeaseClient().keepAliveOnce(leaseId).thenApply(reply -> true)));
  }

  private CompletableFuture<Boolean> byStream(io.etcd.jetcd.Client client, long leaseId) {
    OneReply observer = new OneReply(answers);
    observer.leave(client.getLeaseClient().keepAlive(leaseId, observer));
    return known(observer.replied);
  }

  private static CompletableFuture<Boolean> known(CompletableFuture<Boolean> replied) {
    CompletableFuture<Boolean> result = new CompletableFuture<>();
    replied.whenComplete(
        (yes, failed) -> {
          if (failed == null) {
            result.complete(true);
          } else if (Refusal.of(failed).isMissingLease()) {
            result.complete(false);
          } else {
            result.completeExceptionally(failed);
          }
        });
    return result;
  }

  /** Takes part until the first answer. The exit may be known later than the answer. */
  private static final class OneReply implements StreamObserver<LeaseKeepAliveResponse> {
    final CompletableFuture<Boolean> replied = new CompletableFuture<>();
    private final Serial answers;

    OneReply(Serial answers) {
      this.answers = answers;
    }

    void leave(CloseableClient exit) {
      replied.whenComplete((reply, failed) -> exit.close());
    }

    @Override
    public void onNext(@Nullable LeaseKeepAliveResponse reply) {
      answers.run(() -> replied.complete(true));
    }

    @Override
    public void onError(Throwable failure) {
      answers.run(() -> replied.completeExceptionally(failure));
    }

    @Override
    public void onCompleted() {
      onError(new IllegalStateException("the keep-alive stream has ended"));
    }
  }
}
