package dev.rollcall.etcd;

import static java.util.Objects.requireNonNull;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.PendingAnswers;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Txn;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.lease.LeaseKeepAliveResponse;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.support.CloseableClient;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one way to jetcd: every call has a deadline and fails with a {@link RegistryException}.
 *
 * <p>Design: gRPC's back-off between connection attempts grows to minutes, and cannot be reset
 * through jetcd; a fresh client connects at once. So when a call fails without a word from the
 * store, and nothing was heard of it for {@link #SILENT_NANOS}, the whole client is replaced; where
 * there is one endpoint only and its connection broke, at once, and the call is sent again. A
 * client's watchers then hear {@code onCompleted} and its calls fail, as if the connection had
 * broken. There is at most one new client, and so one connection attempt, in {@link #YOUNG_NANOS}.
 *
 * <p>{@code current} is replaced under {@code this} and read without; {@code heardNanos} is a plain
 * time stamp, where a lost race costs nothing. A client is closed on a thread of {@code executor},
 * never under a lock, since its watchers call back from within.
 */
final class EtcdGateway implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EtcdBackend.class);

  /** gRPC's third wait is 2.6 s, longer than the 2 s within which a feed shall be live again. */
  private static final long SILENT_NANOS = Duration.ofSeconds(3).toNanos();

  /** Less than the least wait between two attempts of a feed in a long outage. */
  private static final long YOUNG_NANOS = Duration.ofMillis(900).toNanos();

  /**
   * For some milliseconds after its restart a single member answers linearizable reads without the
   * last writes. What is older than what was seen is asked for again, for this long at most.
   */
  private static final long CATCH_UP_NANOS = Duration.ofSeconds(1).toNanos();

  private static final Duration AGAIN = Duration.ofMillis(50);

  /** All of an entry but its value. */
  static final GetOption KEYS = GetOption.builder().withKeysOnly(true).build();

  private final EtcdOptions options;
  private final Timer timer;
  private final SkippedEntries malformed;
  private final ExecutorService executor;
  private final Connector connector;
  private final PendingAnswers pending = new PendingAnswers();

  /**
   * How long to bear a broken connection: not at all, where there is no other member to turn to.
   */
  private final long brokenNanos;

  private volatile Connection current;
  private volatile long heardNanos;
  private volatile boolean closed;

  /** What a list begins with: less on a line that is slow. A lost update costs a round trip. */
  private volatile PageSize firstPage = PageSize.FIRST;

  /** The youngest moment that was seen; guarded by this. */
  private @Nullable StoreRevision newest;

  /** A client, and since when. */
  static final class Connection {
    final Client client;
    final long sinceNanos;

    /** Whether the store was heard through it; a lost update costs nothing. */
    volatile boolean worked;

    Connection(Client client, long sinceNanos) {
      this.client = client;
      this.sinceNanos = sinceNanos;
    }
  }

  /**
   * What a range held at one revision.
   *
   * @param entries in the order of their keys
   * @param tooLarge the keys of those that are left out, since no message holds them
   * @param at where and when it was read
   */
  record Page(List<KeyValue> entries, List<ByteSequence> tooLarge, StoreRevision at) {}

  EtcdGateway(EtcdOptions options, Timer timer, SkippedEntries malformed) {
    this.options = options;
    this.timer = timer;
    this.malformed = malformed;
    this.brokenNanos = options.endpoints().size() == 1 ? 0 : SILENT_NANOS;
    AtomicInteger threads = new AtomicInteger();
    this.executor =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            10,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            task -> {
              Thread thread = new Thread(task, "rollcall-etcd-" + threads.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            },
            (task, pool) -> {}); // after close() nothing is left to be done
    this.connector = new Connector(options, executor);
    this.heardNanos = timer.nanoTime();
    this.current = new Connection(connector.connect(), heardNanos);
  }

  /** Runs a short task on a thread on which nothing of jetcd's is locked. */
  void executeAsync(Runnable task) {
    executor.execute(task);
  }

  /** Sends one call. The stage completes by the deadline, whatever the store does. */
  <T> CompletableFuture<T> call(String what, Function<Client, CompletableFuture<T>> send) {
    return call(what, options.timeout(), send);
  }

  /** Sends one call, with a deadline of its own. */
  <T> CompletableFuture<T> call(
      String what, Duration deadline, Function<Client, CompletableFuture<T>> send) {
    return call(what, deadline, send, true);
  }

  private <T> CompletableFuture<T> call(
      String what,
      Duration deadline,
      Function<Client, CompletableFuture<T>> send,
      boolean mayRepeat) {
    CompletableFuture<T> answer = untilClosed(what);
    if (answer.isDone()) {
      return answer;
    }
    AtomicReference<Connection> sentThrough = new AtomicReference<>(current);
    limit(what, deadline, answer, () -> requireNonNull(sentThrough.get()));
    attempt(what, send, answer, sentThrough, mayRepeat);
    return answer;
  }

  /** Returns an answer for its caller to complete, who makes several calls for it; ends as one. */
  <T> CompletableFuture<T> withinTimeout(String what) {
    CompletableFuture<T> answer = untilClosed(what);
    if (!answer.isDone()) {
      Connection on = current;
      limit(what, options.timeout(), answer, () -> on);
    }
    return answer;
  }

  private void limit(
      String what, Duration deadline, CompletableFuture<?> answer, Supplier<Connection> through) {
    Timer.Scheduled late =
        timer.schedule(
            () -> {
              // Elsewhere, since a new client takes its time to be made, and other deadlines wait.
              executeAsync(() -> overdue(through.get()));
              answer.completeExceptionally(
                  RegistryException.unavailable(
                      what + ": no answer from " + options + " within " + deadline, null));
            },
            deadline);
    answer.whenComplete((value, failed) -> late.cancel());
  }

  /** Returns an answer for its caller to complete; the closing fails it where none has by then. */
  <T> CompletableFuture<T> untilClosed(String what) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    pending.add(answer, () -> closed(what));
    return answer;
  }

  private <T> void attempt(
      String what,
      Function<Client, CompletableFuture<T>> send,
      CompletableFuture<T> answer,
      AtomicReference<Connection> sentThrough,
      boolean mayRepeat) {
    Connection on = current;
    sentThrough.set(on);
    CompletableFuture<T> sent;
    try {
      sent = send.apply(on.client);
    } catch (RuntimeException | LinkageError thrown) {
      sent = CompletableFuture.failedFuture(thrown);
    }
    sent.whenComplete(
        (value, failed) -> {
          if (failed == null) {
            heard();
            answer.complete(value);
          } else if (mayRepeat && isBroken(failed) && !answer.isDone() && !closed) {
            // What is sent by call() may be sent twice: each write compares, or is the same.
            suspectConnection(on, brokenNanos);
            attempt(what, send, answer, sentThrough, false);
          } else {
            answer.completeExceptionally(failure(what, on, failed));
          }
        });
  }

  private static boolean isBroken(Throwable failed) {
    return EtcdErrors.known(failed) == null && EtcdError.of(failed).isBrokenConnection();
  }

  /** Sends a transaction. */
  CompletableFuture<TxnResponse> txn(String what, Function<Txn, Txn> parts) {
    return txn(what, parts, true);
  }

  /** Sends a transaction that must not take effect twice. */
  CompletableFuture<TxnResponse> txnOnce(String what, Function<Txn, Txn> parts) {
    return txn(what, parts, false);
  }

  private CompletableFuture<TxnResponse> txn(
      String what, Function<Txn, Txn> parts, boolean mayRepeat) {
    return call(
            what,
            options.timeout(),
            client -> parts.apply(client.getKVClient().txn()).commit(),
            mayRepeat)
        .whenComplete(
            (reply, failed) -> {
              if (reply != null) {
                seen(StoreRevision.of(reply.getHeader()));
              }
            });
  }

  /**
   * Reads one entry as it is now; null where there is none. One that is larger than a message may
   * be comes without its value.
   */
  CompletableFuture<@Nullable KeyValue> entry(String what, ByteSequence key) {
    return call(what, client -> client.getKVClient().get(key))
        .exceptionallyCompose(
            failed ->
                EtcdError.of(failed).isTooLarge()
                    ? call(what, client -> client.getKVClient().get(key, KEYS))
                    : CompletableFuture.failedFuture(failed))
        .thenApply(reply -> reply.getKvs().isEmpty() ? null : reply.getKvs().get(0));
  }

  /** Reads a range as it is now, by a linearizable read, in pages where it is large. */
  CompletableFuture<Page> list(String what, Range range) {
    return list(what, range, false, timer.nanoTime(), newest());
  }

  /** Reads the entries of a range without their values. */
  CompletableFuture<Page> keys(String what, Range range) {
    return list(what, range, true, timer.nanoTime(), newest());
  }

  private CompletableFuture<Page> list(
      String what, Range range, boolean keysOnly, long since, @Nullable StoreRevision floor) {
    return new Paging(this, malformed, what, range, keysOnly)
        .read()
        .thenCompose(
            page -> {
              if (floor == null || !floor.isBehind(page.at)) {
                seen(page.at);
                return CompletableFuture.completedFuture(page);
              }
              if (timer.nanoTime() - since > CATCH_UP_NANOS) {
                resetHistory(page.at); // it is another history after all: wiped, or restored
                return CompletableFuture.completedFuture(page);
              }
              CompletableFuture<Page> later = new CompletableFuture<>();
              timer.schedule(
                  () ->
                      executeAsync(
                          () ->
                              list(what, range, keysOnly, since, floor)
                                  .whenComplete(
                                      (again, failed) -> {
                                        if (failed == null) {
                                          later.complete(again);
                                        } else {
                                          later.completeExceptionally(failed);
                                        }
                                      })),
                  AGAIN);
              return later;
            });
  }

  /**
   * Returns the present client. One through which a stream broke is replaced first, where there is
   * no other member to turn to: gRPC would let the stream wait for its next attempt to connect.
   *
   * @param broken through which the caller's last stream broke, null where it did not
   */
  Connection client(@Nullable Connection broken) {
    if (broken != null) {
      suspectConnection(broken, brokenNanos);
    }
    return current;
  }

  /**
   * Opens a watcher, which answers with a created-notify first.
   *
   * @throws RuntimeException where the client has just been closed
   */
  Watch.Watcher watch(Connection on, Range range, long fromRevision, Watch.Listener listener) {
    WatchOption option =
        WatchOption.builder()
            .withRange(range.to())
            .withRevision(fromRevision)
            .withCreateNotify(true)
            .withRequireLeader(true)
            .build();
    return on.client.getWatchClient().watch(range.from(), option, listener);
  }

  /**
   * Joins a client's keep-alive stream; returns the way out.
   *
   * @throws RuntimeException where the client has just been closed
   */
  CloseableClient keepAlive(
      Connection on, long leaseId, StreamObserver<LeaseKeepAliveResponse> observer) {
    return on.client.getLeaseClient().keepAlive(leaseId, observer);
  }

  /** Notes that the store was heard. */
  void heard() {
    heardNanos = timer.nanoTime();
    current.worked = true;
  }

  /** Notes how far the store has come. */
  synchronized void seen(StoreRevision moment) {
    if (newest == null || !newest.isBehind(moment)) {
      newest = moment;
    }
  }

  private synchronized void resetHistory(StoreRevision moment) {
    newest = moment;
  }

  private synchronized @Nullable StoreRevision newest() {
    return newest;
  }

  /** Says what a failure of a stream means, and doubts the connection where it should. */
  EtcdError refused(Connection on, Throwable failure) {
    EtcdError refusal = EtcdError.of(failure);
    if (refusal.silent()) {
      suspectConnection(on, SILENT_NANOS);
    } else {
      heard();
    }
    return refusal;
  }

  /**
   * Takes note that an answer through a client is overdue. That says nothing of the one that has
   * taken its place since, which may be about to connect. Not for the timer's thread.
   */
  void overdue(Connection through) {
    suspectConnection(through, SILENT_NANOS);
  }

  PageSize firstPage() {
    return firstPage;
  }

  /** Notes what a first page has shown of the line. */
  void beginWith(PageSize size) {
    firstPage = size.first();
  }

  long nanoTime() {
    return timer.nanoTime();
  }

  Duration timeout() {
    return options.timeout();
  }

  private RegistryException failure(String what, Connection on, Throwable failed) {
    if (closed) {
      return closed(what);
    }
    if (EtcdErrors.known(failed) != null) {
      return EtcdErrors.because(failed); // of several calls in a row: its failure is told already
    }
    EtcdError refusal = EtcdError.of(failed);
    if (refusal.silent()) {
      suspectConnection(on, SILENT_NANOS);
    } else {
      heard();
    }
    return refusal.exception(what + " at " + options);
  }

  private void suspectConnection(Connection on, long patienceNanos) {
    long now = timer.nanoTime();
    Connection old;
    synchronized (this) {
      if (closed
          || on != current
          || now - heardNanos < patienceNanos
          || (!on.worked && now - on.sinceNanos < YOUNG_NANOS)) {
        return;
      }
      old = current;
      current = new Connection(connector.connect(), now);
    }
    LOG.debug("{}: not heard for {} ms; connecting anew", options, (now - heardNanos) / 1_000_000);
    executor.execute(old.client::close);
  }

  private RegistryException closed(String what) {
    return RegistryException.unavailable(what + ": the backend is closed", null);
  }

  @Override
  public void close() {
    Connection last;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      last = current;
    }
    pending.close();
    last.client.close();
    executor.shutdownNow();
  }
}
