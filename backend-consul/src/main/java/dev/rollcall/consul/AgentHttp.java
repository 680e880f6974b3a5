package dev.rollcall.consul;

import dev.rollcall.RegistryException;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.PendingAnswers;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import okhttp3.Call;
import okhttp3.ConnectionPool;
import okhttp3.ConnectionSpec;
import okhttp3.EventListener;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests to the agent and reads its answers, each by a deadline.
 *
 * <p><b>Threads and connections.</b> OkHttp takes a thread for each call under way. So there are
 * three {@link BoundedExecutor}s, each with a bound on its threads and so on its connections, one a
 * thread: {@value #QUERIES} for blocking queries, {@value #HEARTBEATS} for heartbeats, which must
 * not queue behind other calls, and {@value #CALLS} for the rest. Further calls wait in line. The
 * deadline of a call runs from the moment that it was asked for.
 *
 * <p><b>Dead connections.</b> All calls share one pool of connections. {@link AgentContact} finds
 * the calls that wait on a dead one; they are sent again, but for writes of keys. Removals of a
 * service are the client library's calls, and wait for their whole deadline. Each answer is
 * reported to the {@link SharedBackoff} of the watches.
 *
 * <p><b>Retry-After.</b> Where the agent refuses with this header, all calls that are asked for
 * until then are held back ({@link RetryAfter}), within their deadlines.
 *
 * <p><b>Secrets.</b> The token is a header, set by an interceptor, and redirects are not followed;
 * no exception of the client's, whose text holds the URL, is passed on but as a cause.
 */
final class AgentHttp implements AutoCloseable {
  static final int QUERIES = 16;
  static final int CALLS = 8;
  static final int HEARTBEATS = 4;

  /** Consul knows no pages. This holds 1,500 instances at the limits of their fields. */
  private static final long MAX_BYTES = 256L << 20;

  private final ConsulBackendSettings settings;
  private final ConsulErrors errors;
  private final Timer timer;
  private final BoundedExecutor queries = new BoundedExecutor("rollcall-consul-query", QUERIES);
  private final BoundedExecutor calls = new BoundedExecutor("rollcall-consul-call", CALLS);
  private final BoundedExecutor heartbeats =
      new BoundedExecutor("rollcall-consul-heartbeat", HEARTBEATS);
  private final OkHttpClient http;
  private final OkHttpClient waiting;
  private final AgentClient client;
  private final RetryAfter courtesy;
  private final AgentContact contact;
  private final SharedBackoff backoff;
  private final PendingAnswers pending = new PendingAnswers();
  private volatile Runnable onReturn = () -> {}; // set once, before the first call
  private volatile boolean closed; // set once; read to tell a failure from the end

  /** Reads an answer's body. */
  interface Reader<T> {
    T read(InputStream body) throws IOException;
  }

  /** Makes something of an answer, whatever its status is. */
  interface Handler<T> {
    T handle(Response response) throws IOException;
  }

  AgentHttp(ConsulBackendSettings settings, Timer timer) {
    this.settings = settings;
    this.timer = timer;
    errors = new ConsulErrors(settings);
    courtesy = new RetryAfter(timer);
    backoff = new SharedBackoff(timer);
    Duration timeout = settings.timeout();
    ConnectionPool connections =
        new ConnectionPool(QUERIES + CALLS + HEARTBEATS, 1, TimeUnit.MINUTES);
    contact = new AgentContact(timer, connections::evictAll, this::returned);
    OkHttpClient.Builder builder =
        new OkHttpClient.Builder()
            .connectTimeout(timeout)
            .writeTimeout(timeout)
            .readTimeout(timeout)
            .followRedirects(false)
            .followSslRedirects(false)
            .eventListener(new Sending())
            .connectionPool(connections);
    if (settings.tls().isEmpty()) {
      // Else the client loads the JDK's authorities, which it will not need.
      builder.connectionSpecs(List.of(ConnectionSpec.CLEARTEXT));
    }
    if (!settings.token().isEmpty()) {
      String token = settings.token();
      builder.addInterceptor(
          chain ->
              chain.proceed(chain.request().newBuilder().header("X-Consul-Token", token).build()));
    }
    settings
        .tls()
        .ifPresent(
            tls -> builder.sslSocketFactory(tls.context().getSocketFactory(), tls.trustManager()));
    http = builder.build();
    waiting = http.newBuilder().readTimeout(settings.silence()).build();
    client = new AgentClient(settings, errors, connections, calls.threads());
  }

  /** Returns the back-off of all watches of this agent, which is told of its answers here. */
  SharedBackoff backoff() {
    return backoff;
  }

  /** Tells whether a call has failed since the agent has last answered one. */
  boolean isLost() {
    return contact.isLost();
  }

  /** Has something run when the agent answers again, by a thread that reads an answer. */
  void onReturn(Runnable task) {
    onReturn = task;
  }

  private void returned() {
    backoff.hurry();
    onReturn.run();
  }

  /** Sends a read, on a thread of its own kind where it blocks. */
  <T> Pending<T> read(HttpUrl url, ReadOptions read, Handler<T> handler) {
    Duration held = courtesy.left();
    // The time for which a blocking query is held back here does not count as its wait.
    Duration deadline = read.blocks() ? settings.silence().plus(held) : settings.timeout();
    return exchange(
        read.blocks() ? queries : calls,
        new Request.Builder().url(url).build(),
        deadline,
        held,
        handler);
  }

  /** Sends any other request. */
  <T> CompletableFuture<T> call(Request request, Handler<T> handler) {
    return exchange(calls, request, settings.timeout(), courtesy.left(), handler).answer();
  }

  /**
   * Sends a heartbeat.
   *
   * @param patience for how long at most it may be held back, where the agent has asked to wait
   */
  <T> CompletableFuture<T> beat(Request request, Duration patience, Handler<T> handler) {
    Duration left = courtesy.left();
    Duration held = left.compareTo(patience) < 0 ? left : patience;
    return exchange(heartbeats, request, settings.timeout(), held, handler).answer();
  }

  /** Removes a service from the agent, by the client; completes with true. */
  CompletableFuture<Boolean> deregister(String consulId) {
    Callable<Boolean> work =
        () -> {
          client.deregister(consulId);
          return true;
        };
    return submit(calls, work, settings.timeout(), courtesy.left(), () -> {}).answer();
  }

  /**
   * Reads the body of an answer with the status 200.
   *
   * @throws RegistryException where it has another one
   */
  <T> T body(Response response, Reader<T> reader) throws IOException {
    if (response.code() != 200 || response.body() == null) {
      String words = response.body() == null ? "" : response.peekBody(ConsulErrors.READ).string();
      throw errors.of(response.code(), words);
    }
    try (InputStream in = new BoundedInput(response.body().byteStream(), MAX_BYTES)) {
      return reader.read(in);
    }
  }

  /** Returns what it means that the agent has answered with a status that is not 200. */
  RegistryException refusal(int status, String words) {
    return errors.of(status, words);
  }

  RegistryException unavailable(String what, @Nullable Throwable cause) {
    return errors.unavailable(closed ? "closed" : what, cause);
  }

  /** Runs the {@link Runnable} that a request carries, when the request begins to be sent. */
  private static final class Sending extends EventListener {
    @Override
    public void requestHeadersStart(Call call) {
      Runnable sending = call.request().tag(Runnable.class);
      if (sending != null) {
        sending.run();
      }
    }
  }

  private <T> Pending<T> exchange(
      BoundedExecutor lane, Request request, Duration deadline, Duration held, Handler<T> handler) {
    Exchange<T> work = new Exchange<>(lane == queries, request, handler);
    return submit(lane, work, deadline, held, work::cancel);
  }

  /**
   * A request and its answer. One that waits on a dead connection is sent again on a new one
   * ({@link AgentContact}), unless it writes a key: a write that runs twice could undo a later one.
   */
  private final class Exchange<T> implements Callable<T> {
    private final boolean blocks;
    private final boolean ofAgent;
    private final boolean mayRunTwice;
    private final Request request;
    private final Handler<T> handler;
    private @Nullable Call current; // guarded by this
    private boolean cancelled; // guarded by this

    Exchange(boolean blocks, Request request, Handler<T> handler) {
      this.blocks = blocks;
      this.ofAgent = request.url().pathSegments().get(1).equals("agent");
      this.mayRunTwice = ofAgent || request.method().equals("GET");
      this.request = request;
      this.handler = handler;
    }

    @Override
    public T call() {
      long beganNanos = timer.nanoTime();
      Request next = request;
      while (true) {
        Call call = begin(next);
        AgentContact.Waiting answer = contact.begin(!blocks, mayRunTwice ? call::cancel : () -> {});
        try (Response response = call.execute()) {
          answer.answered();
          if (response.code() == 429 || response.code() == 503) {
            courtesy.asked(response.header("Retry-After"));
          }
          return handled(response);
        } catch (IOException failed) {
          if (isCancelled()) {
            throw errors.of(failed);
          }
          if (!mayRunTwice || !answer.isStalled()) {
            answer.failed();
            throw errors.of(failed);
          }
        } finally {
          answer.end();
        }
        next = shortened(timer.nanoTime() - beganNanos);
      }
    }

    private synchronized Call begin(Request next) {
      if (cancelled) {
        throw unavailable("cancelled", null);
      }
      Call call = (blocks ? waiting : http).newCall(next);
      current = call;
      return call;
    }

    private synchronized boolean isCancelled() {
      return cancelled;
    }

    /** Ends it; the attempt under way fails. */
    void cancel() {
      Call attempt;
      synchronized (this) {
        cancelled = true;
        attempt = current;
      }
      if (attempt != null) {
        attempt.cancel();
      }
    }

    private T handled(Response response) throws IOException {
      T value;
      try {
        value = handler.handle(response);
      } catch (RegistryException refused) {
        if (Watches.isRefusal(refused)) {
          storeAnswered();
        }
        throw refused;
      }
      storeAnswered();
      return value;
    }

    private void storeAnswered() {
      if (!ofAgent) { // an agent answers those by itself, with or without a leader
        backoff.answered();
      }
    }

    /** Returns the request for another attempt: what blocks waits for the rest of its time only. */
    private Request shortened(long passedNanos) {
      if (!blocks) {
        return request;
      }
      long left = settings.patience().minusNanos(passedNanos).toSeconds();
      HttpUrl url =
          request.url().newBuilder().setQueryParameter("wait", Math.max(1, left) + "s").build();
      return request.newBuilder().url(url).build();
    }
  }

  private <T> Pending<T> submit(
      BoundedExecutor lane, Callable<T> work, Duration deadline, Duration held, Runnable cancel) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    Runnable abandon =
        () -> {
          answer.completeExceptionally(unavailable("cancelled", null));
          cancel.run();
        };
    Timer.Scheduled late =
        timer.schedule(
            () -> {
              if (answer.completeExceptionally(
                  unavailable("no answer within " + deadline.toMillis() + " ms", null))) {
                cancel.run();
              }
            },
            deadline);
    var unused = answer.whenComplete((value, failed) -> late.cancel());
    pending.add(answer, () -> unavailable("closed", null));
    Runnable run =
        () -> {
          boolean accepted =
              lane.run(
                  () -> {
                    if (answer.isDone()) {
                      return;
                    }
                    try {
                      answer.complete(work.call());
                    } catch (RegistryException failed) {
                      answer.completeExceptionally(failed);
                    } catch (LinkageError broken) {
                      answer.completeExceptionally(errors.of(broken));
                    } catch (Throwable failed) {
                      answer.completeExceptionally(
                          unavailable("the client failed: " + failed, failed));
                    }
                  });
          if (!accepted) {
            answer.completeExceptionally(unavailable("closed", null));
          }
        };
    if (held.isZero()) {
      run.run();
    } else {
      timer.schedule(run, held);
    }
    return new Pending<>(answer, abandon);
  }

  /** Ends all calls and threads. */
  @Override
  public void close() {
    closed = true;
    http.dispatcher().cancelAll();
    pending.close();
    List.of(queries, calls, heartbeats).forEach(BoundedExecutor::close);
    client.close();
    http.connectionPool().evictAll();
    http.dispatcher().executorService().shutdown();
  }
}
