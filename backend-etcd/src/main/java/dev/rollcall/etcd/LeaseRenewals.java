package dev.rollcall.etcd;

import dev.rollcall.etcd.EtcdGateway.Connection;
import dev.rollcall.spi.Timer;
import io.etcd.jetcd.lease.LeaseKeepAliveResponse;
import io.etcd.jetcd.support.CloseableClient;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
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
 * <p>Renewals come by the thousand, so they share one deadline's timer: all have the same patience,
 * hence {@code waiting} is in the order of the deadlines, and one sweep looks at its head. jetcd
 * calls the observers under a lock that it also takes to add one. Answers are therefore passed on
 * from another thread, one for all that come at once.
 */
final class LeaseRenewals {
  private static final Duration SHORT = Duration.ofSeconds(3);
  private static final Duration STREAM_PATIENCE = Duration.ofMillis(2500);
  private static final Duration SWEEP = Duration.ofMillis(250);

  private final EtcdGateway gateway;
  private final Timer timer;
  private final SerializingExecutor answers;
  private final SerializingExecutor joins;
  private final Queue<OneReply> waiting = new ConcurrentLinkedQueue<>();

  /** Whether a sweep is to come; it is while anybody waits. */
  private final AtomicBoolean sweeping = new AtomicBoolean();

  LeaseRenewals(EtcdGateway gateway, Timer timer) {
    this.gateway = gateway;
    this.timer = timer;
    this.answers = new SerializingExecutor(gateway::executeAsync);
    this.joins = new SerializingExecutor(gateway::executeAsync);
  }

  /** Completes with false where the store no longer knows the lease. */
  CompletableFuture<Boolean> renew(long leaseId, Duration ttl) {
    if (ttl.compareTo(SHORT) < 0) {
      return alone(leaseId);
    }
    Connection on = gateway.client(null);
    OneReply reply = new OneReply(leaseId, on, timer.nanoTime() + STREAM_PATIENCE.toNanos());
    waiting.add(reply);
    sweepLater();
    joins.run(() -> join(reply)); // who renews may be the timer's thread, and jetcd locks
    return reply.result;
  }

  private void join(OneReply reply) {
    try {
      reply.leave(gateway.keepAlive(reply.on, reply.leaseId, reply));
    } catch (RuntimeException | LinkageError clientIsClosed) {
      reply.onError(clientIsClosed);
    }
  }

  private void sweepLater() {
    if (!waiting.isEmpty() && sweeping.compareAndSet(false, true)) {
      timer.schedule(this::sweep, SWEEP);
    }
  }

  private void sweep() {
    long now = timer.nanoTime();
    for (OneReply head = waiting.peek();
        head != null && (head.result.isDone() || head.deadlineNanos - now <= 0);
        head = waiting.peek()) {
      waiting.remove(head);
      if (!head.result.isDone()) {
        Connection silent = head.on;
        gateway.executeAsync(() -> gateway.overdue(silent));
        head.onError(new TimeoutException("no answer on the keep-alive stream"));
      }
    }
    sweeping.set(false);
    sweepLater();
  }

  private CompletableFuture<Boolean> alone(long leaseId) {
    return once(leaseId)
        .thenApply(extended -> true)
        .exceptionallyCompose(
            failed ->
                EtcdError.of(failed).isMissingLease()
                    ? CompletableFuture.completedFuture(false)
                    : CompletableFuture.failedFuture(failed));
  }

  /** Extends a lease at once, by a call of its own, which fails where the store has lost it. */
  CompletableFuture<LeaseKeepAliveResponse> once(long leaseId) {
    return gateway.call("renewal", client -> client.getLeaseClient().keepAliveOnce(leaseId));
  }

  /** Takes part until the first answer. The exit may be known later than the answer. */
  private final class OneReply implements StreamObserver<LeaseKeepAliveResponse> {
    final long leaseId;
    final Connection on;
    final long deadlineNanos;
    final CompletableFuture<Boolean> result = gateway.untilClosed("renewal");

    /** Ends what the stream may still say: the first answer counts. */
    private final AtomicBoolean answered = new AtomicBoolean();

    /** Completed with the answer, and so left the stream. */
    private final CompletableFuture<Boolean> over = new CompletableFuture<>();

    OneReply(long leaseId, Connection on, long deadlineNanos) {
      this.leaseId = leaseId;
      this.on = on;
      this.deadlineNanos = deadlineNanos;
    }

    void leave(CloseableClient exit) {
      over.whenComplete((reply, failed) -> exit.close());
    }

    @Override
    public void onNext(@Nullable LeaseKeepAliveResponse reply) {
      if (answered.compareAndSet(false, true)) {
        answers.run(
            () -> {
              gateway.heard();
              over.complete(true);
              result.complete(true);
            });
      }
    }

    @Override
    public void onError(Throwable failure) {
      if (answered.compareAndSet(false, true)) {
        answers.run(
            () -> {
              over.complete(false);
              if (EtcdError.of(failure).isMissingLease()) {
                gateway.heard();
                result.complete(false);
              } else {
                askAlone();
              }
            });
      }
    }

    private void askAlone() {
      alone(leaseId)
          .whenComplete(
              (known, failed) -> {
                if (failed == null) {
                  result.complete(known);
                } else {
                  result.completeExceptionally(failed);
                }
              });
    }

    @Override
    public void onCompleted() {
      onError(new IllegalStateException("the keep-alive stream has ended"));
    }
  }
}
