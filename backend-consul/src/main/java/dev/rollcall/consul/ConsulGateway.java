package dev.rollcall.consul;

import com.google.common.net.HostAndPort;
import com.orbitz.consul.Consul;
import com.orbitz.consul.ConsulException;
import dev.rollcall.Health;
import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.spi.Timer;
import dev.rollcall.spi.support.PendingAnswers;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import okhttp3.Call;
import okhttp3.ConnectionPool;
import okhttp3.ConnectionSpec;
import okhttp3.EventListener;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.BufferedSink;
import org.jspecify.annotations.Nullable;

/**
 * Makes all calls to the agent. No other class knows the Consul client and the OkHttp below it, so
 * a change to the client's maintained fork ({@code org.kiwiproject:consul-client}) changes imports
 * here alone.
 *
 * <p><b>Calls that do not use the client</b>, but its OkHttp: registrations and lists of instances,
 * because the client's classes have no tagged addresses in either direction, know half of the
 * fields, and refuse a whole list for one node without a {@code wan} address; and blocking queries,
 * because a call inside the client cannot be cancelled.
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
final class ConsulGateway implements AutoCloseable {
  static final int QUERIES = 16;

  static final int CALLS = 8;
  static final int HEARTBEATS = 4;

  /** Consul knows no pages. This holds 1,500 instances at the limits of their fields. */
  private static final long MAX_BYTES = 256L << 20;

  private static final RequestBody NO_BODY = new OnceBody(new byte[0], null);
  private static final MediaType JSON = MediaType.get("application/json; charset=utf-8");

  private final ConsulBackendSettings settings;
  private final ConsulErrors refusals;
  private final Timer timer;
  private final BoundedExecutor queries;
  private final BoundedExecutor calls;
  private final BoundedExecutor heartbeats;
  private final OkHttpClient http;
  private final OkHttpClient waiting;
  private final HttpUrl base;
  private final RetryAfter courtesy;
  private final AgentContact contact;
  private final SharedBackoff backoff;
  private final AtomicBoolean filtered = new AtomicBoolean(); // set once, where it is also said
  private volatile Runnable onReturn = () -> {}; // set once, before the first call
  private volatile boolean closed; // set once; read to tell a failure from the end

  /** Made at once, so that a class path without the client fails where the backend is opened. */
  private final Consul.Builder client = Consul.builder();

  private @Nullable Consul consul; // guarded by this; see consul()

  private final PendingAnswers pending = new PendingAnswers();

  /** Reads an answer's body. */
  private interface Reader<T> {
    T read(InputStream body) throws IOException;
  }

  ConsulGateway(ConsulBackendSettings settings, Timer timer) {
    this.settings = settings;
    this.timer = timer;
    refusals = new ConsulErrors(settings);
    courtesy = new RetryAfter(timer);
    backoff = new SharedBackoff(timer);
    queries = new BoundedExecutor("rollcall-consul-query", QUERIES);
    calls = new BoundedExecutor("rollcall-consul-call", CALLS);
    heartbeats = new BoundedExecutor("rollcall-consul-heartbeat", HEARTBEATS);
    base = HttpUrl.get(settings.baseUrl() + "/v1/");
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
  }

  /**
   * Returns the client. The first removal makes it, on a thread of {@link #calls}: that costs as
   * much CPU as all else that it takes to register.
   */
  private synchronized Consul consul() throws IOException {
    if (closed) {
      throw new IOException("closed");
    }
    if (consul == null) {
      consul = build(http.connectionPool());
    }
    return consul;
  }

  private Consul build(ConnectionPool connections) {
    int timeoutMillis = (int) settings.timeout().toMillis();
    client
        .withHostAndPort(
            HostAndPort.fromParts(settings.address().host(), settings.address().port()))
        .withHttps(settings.tls().isPresent())
        .withPing(false)
        .withExecutorService(calls.threads())
        .withConnectionPool(connections)
        .withConnectTimeoutMillis(timeoutMillis)
        .withReadTimeoutMillis(timeoutMillis)
        .withWriteTimeoutMillis(timeoutMillis);
    settings
        .tls()
        .ifPresent(
            tls -> client.withSslContext(tls.context()).withTrustManager(tls.trustManager()));
    if (!settings.token().isEmpty()) {
      client.withTokenAuth(settings.token());
    }
    // The client does not know the parameters; Consul takes both as headers as well.
    Map<String, String> tenancy = new HashMap<>();
    if (!settings.namespace().isEmpty()) {
      tenancy.put("X-Consul-Namespace", settings.namespace());
    }
    if (!settings.partition().isEmpty()) {
      tenancy.put("X-Consul-Partition", settings.partition());
    }
    return client.withHeaders(tenancy).build();
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

  /** Reads all instances of a service with the checks of each and of its node. */
  Pending<Indexed<List<ConsulServiceEntry>>> health(String service, ReadOptions read) {
    return query(url(read, "health", "service", service).build(), read, ConsulJson::serviceHealth);
  }

  /** Reads one instance of a service, where the store can be asked for it alone. */
  Pending<Indexed<List<ConsulServiceEntry>>> health(
      String service, String consulId, ReadOptions read) {
    HttpUrl.Builder url = url(read, "health", "service", service);
    if (consulId.chars().noneMatch(c -> c == '"' || c == '\\' || c == '`')) {
      url.addQueryParameter("filter", "Service.ID == \"" + consulId + "\"");
    }
    return query(url.build(), read, ConsulJson::serviceHealth);
  }

  /** Reads the names of all services, with their tags. */
  Pending<Indexed<Map<String, List<String>>>> services(ReadOptions read) {
    return query(url(read, "catalog", "services").build(), read, ConsulJson::services);
  }

  /** Reads the state of all checks. */
  Pending<Indexed<CheckDigest>> checks(ReadOptions read) {
    return query(url(read, "health", "state", "any").build(), read, ConsulJson::checks);
  }

  /** Reads checks with all that is said of them. */
  Pending<Indexed<List<ConsulCheck>>> checks(ConsulCheckQuery query, ReadOptions read) {
    return query(
        url(read, "health", query.kind(), query.name()).build(), read, ConsulJson::checkList);
  }

  /** Reads the nodes of the datacentre. */
  Pending<Indexed<List<ConsulServiceEntry.Node>>> nodes(ReadOptions read) {
    HttpUrl.Builder url = base.newBuilder().addPathSegments("catalog/nodes");
    addPartition(url);
    return query(asked(url, read), read, ConsulJson::nodes);
  }

  /** Reads a key. */
  Pending<Indexed<Optional<ConsulPair>>> pair(String key, ReadOptions read) {
    HttpUrl url = url(read, "kv", key.split("/", -1)).build();
    Pending<Indexed<List<ConsulPair>>> pending =
        query(url, read, ConsulJson::pairs, Optional.of(List.of()));
    return Pending.map(pending, pairs -> pairs.stream().findFirst());
  }

  /** Reads the keys that begin with a prefix. */
  Pending<Indexed<List<ConsulPair>>> pairs(String prefix, ReadOptions read) {
    HttpUrl url = url(read, "kv", prefix.split("/", -1)).addQueryParameter("recurse", null).build();
    return query(url, read, ConsulJson::pairs, Optional.of(List.of()));
  }

  /**
   * Writes a key.
   *
   * @param expected the ModifyIndex that it must have, 0 for none; negative for any
   * @return whether it was written
   */
  CompletableFuture<Boolean> putKey(String key, Bytes value, long expected) {
    return write(
        new Request.Builder()
            .url(keyUrl(key, expected))
            .put(new OnceBody(value.toArray(), null))
            .build());
  }

  /**
   * Deletes a key; one that is not there is fine.
   *
   * @param expected the ModifyIndex that it must have; negative for any
   * @return whether it is gone
   */
  CompletableFuture<Boolean> deleteKey(String key, long expected) {
    return write(new Request.Builder().url(keyUrl(key, expected)).delete(NO_BODY).build());
  }

  /**
   * Deletes all keys that begin with a prefix; completes with true. Where a URL cannot hold the
   * prefix, as a transaction: of {@code a/..} a URL would make the root.
   */
  CompletableFuture<Boolean> deleteTree(String prefix) {
    String last = prefix.substring(prefix.lastIndexOf('/') + 1);
    if (!last.equals(".") && !last.equals("..")) {
      HttpUrl url = keyUrl(prefix, -1).newBuilder().addQueryParameter("recurse", null).build();
      return write(new Request.Builder().url(url).delete(NO_BODY).build());
    }
    return transaction(
            List.of(new KeyOperations.Operation("delete-tree", prefix, 0, Bytes.empty())))
        .thenApply(Optional::isPresent);
  }

  /**
   * Does several operations on keys in one step.
   *
   * @return completes with the keys of the results; empty where a condition was not met
   */
  CompletableFuture<Optional<List<ConsulPair>>> transaction(
      List<KeyOperations.Operation> operations) {
    HttpUrl.Builder url = base.newBuilder().addPathSegment("txn");
    addDatacentre(url);
    addTenancy(url);
    byte[] body = ConsulJson.operations(operations, settings.namespace(), settings.partition());
    Request request = new Request.Builder().url(url.build()).put(new OnceBody(body, JSON)).build();
    // A Consul without namespaces ignores the namespace of a transaction and would delete
    // elsewhere.
    // It refuses a read with one, so a read comes first.
    CompletableFuture<?> known =
        settings.namespace().isEmpty()
            ? CompletableFuture.completedFuture(true)
            : pair("rollcall", ReadOptions.CONSISTENT).answer();
    return known.thenCompose(may -> call(request, this::results));
  }

  private Optional<List<ConsulPair>> results(Response response) throws IOException {
    if (response.code() != 409) {
      return Optional.of(body(response, ConsulJson::results));
    }
    String words = response.peekBody(ConsulErrors.READ).string();
    if (words.contains("Permission denied")) {
      throw refusals.of(403, words);
    }
    return Optional.empty();
  }

  private HttpUrl keyUrl(String key, long expected) {
    HttpUrl.Builder url = base.newBuilder().addPathSegment("kv");
    for (String segment : key.split("/", -1)) {
      url.addPathSegment(segment);
    }
    addDatacentre(url);
    addTenancy(url);
    if (expected >= 0) {
      url.addQueryParameter("cas", Long.toString(expected));
    }
    return url.build();
  }

  private CompletableFuture<Boolean> write(Request request) {
    return call(request, response -> body(response, in -> text(in).strip().equals("true")));
  }

  private static String text(InputStream in) throws IOException {
    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
  }

  /** Reads the events that the agent still knows, in the order in which it received them. */
  Pending<Indexed<List<ConsulEvent>>> events(ReadOptions read) {
    HttpUrl.Builder url = base.newBuilder().addPathSegments("event/list");
    return query(asked(url, read), read, ConsulJson::events);
  }

  /** Asks the agent what it has under an ID. */
  CompletableFuture<Optional<ConsulServiceEntry>> local(String consulId) {
    HttpUrl.Builder url =
        base.newBuilder().addPathSegments("agent/service").addPathSegment(consulId);
    addTenancy(url);
    Request request = new Request.Builder().url(url.build()).build();
    return call(
        request,
        response ->
            response.code() == 404
                ? Optional.empty()
                : Optional.of(body(response, ConsulJson::agentService)));
  }

  /**
   * Registers a service with its checks, in place of all that was there; completes with true.
   *
   * @param sending called each time that the request begins to be written to a connection: from
   *     then on the agent may run it, with or without an answer; where it throws, nothing is sent
   */
  CompletableFuture<Boolean> register(String json, Runnable sending) {
    HttpUrl.Builder url =
        base.newBuilder()
            .addPathSegments("agent/service/register")
            .addQueryParameter("replace-existing-checks", "true");
    addTenancy(url);
    Request request =
        new Request.Builder()
            .url(url.build())
            .put(RequestBody.create(json.getBytes(StandardCharsets.UTF_8), JSON))
            .tag(Runnable.class, sending)
            .build();
    return call(request, response -> body(response, in -> true));
  }

  /** Removes a service from the agent; one that is not there is fine. Completes with true. */
  CompletableFuture<Boolean> deregister(String consulId) {
    Callable<Boolean> work =
        () -> {
          try {
            consul().agentClient().deregister(consulId);
            return true;
          } catch (ConsulException failed) {
            throw failure(failed);
          }
        };
    return submit(calls, work, settings.timeout(), courtesy.left(), () -> {}).answer();
  }

  /**
   * Sets the state of a TTL check, which also starts its TTL anew.
   *
   * @param patience for how long at most it may be held back, where the agent has asked to wait
   * @return whether the agent knows the check
   */
  CompletableFuture<Boolean> beat(String checkId, Health health, Duration patience) {
    String state =
        switch (health) {
          case PASSING -> "pass";
          case WARNING -> "warn";
          case CRITICAL -> "fail";
        };
    HttpUrl.Builder url =
        base.newBuilder()
            .addPathSegments("agent/check")
            .addPathSegment(state)
            .addPathSegment(checkId);
    addTenancy(url);
    Request request =
        new Request.Builder().url(url.build()).put(RequestBody.create(new byte[0], null)).build();
    Duration left = courtesy.left();
    return exchange(
            heartbeats,
            request,
            settings.timeout(),
            left.compareTo(patience) < 0 ? left : patience,
            response -> {
              if (response.code() != 200
                  && isUnknownCheck(
                      response.code(), response.peekBody(ConsulErrors.READ).string())) {
                return false;
              }
              return body(response, in -> true);
            })
        .answer();
  }

  private static boolean isUnknownCheck(int status, String words) {
    return status == 404
        || (status == 500
            && (words.contains("does not have associated TTL") || words.contains("Unknown check")));
  }

  private HttpUrl.Builder url(ReadOptions read, String first, String... more) {
    HttpUrl.Builder url = base.newBuilder().addPathSegment(first);
    for (String segment : more) {
      url.addPathSegment(segment);
    }
    addTenancy(url);
    return asked(url, read).newBuilder();
  }

  /** Adds how to read. */
  private HttpUrl asked(HttpUrl.Builder url, ReadOptions read) {
    addDatacentre(url);
    switch (read.consistency()) {
      case DEFAULT -> {}
      case CONSISTENT -> url.addQueryParameter("consistent", null);
      case STALE -> url.addQueryParameter("stale", null);
    }
    if (read.blocks()) {
      url.addQueryParameter("index", Long.toUnsignedString(read.index()))
          .addQueryParameter("wait", read.patience().toSeconds() + "s");
    }
    return url.build();
  }

  private void addTenancy(HttpUrl.Builder url) {
    if (!settings.namespace().isEmpty()) {
      url.addQueryParameter("ns", settings.namespace());
    }
    addPartition(url);
  }

  private void addPartition(HttpUrl.Builder url) {
    if (!settings.partition().isEmpty()) {
      url.addQueryParameter("partition", settings.partition());
    }
  }

  private void addDatacentre(HttpUrl.Builder url) {
    if (!settings.datacentre().isEmpty()) {
      url.addQueryParameter("dc", settings.datacentre());
    }
  }

  private <T> Pending<Indexed<T>> query(HttpUrl url, ReadOptions read, Reader<T> reader) {
    return query(url, read, reader, Optional.empty());
  }

  /** Reads, with a value for "there is none" where the store says that by a 404 with an index. */
  private <T> Pending<Indexed<T>> query(
      HttpUrl url, ReadOptions read, Reader<T> reader, Optional<T> none) {
    Duration held = courtesy.left();
    // The time for which a blocking query is held back here does not count as its wait.
    Duration deadline = read.blocks() ? settings.silence().plus(held) : settings.timeout();
    return exchange(
        read.blocks() ? queries : calls,
        new Request.Builder().url(url).build(),
        deadline,
        held,
        response -> {
          boolean missing = response.code() == 404 && response.header("X-Consul-Index") != null;
          T value = missing && none.isPresent() ? none.orElseThrow() : body(response, reader);
          // An answer from a stream never states a leader; a lost stream is answered by an error.
          if ("false".equals(response.header("X-Consul-KnownLeader"))
              && !"streaming".equals(response.header("X-Consul-Query-Backend"))) {
            throw unavailable("the agent knows no leader", null);
          }
          if ("true".equals(response.header("X-Consul-Results-Filtered-By-ACLs"))) {
            filtered(value);
          }
          return new Indexed<>(value, index(response));
        });
  }

  /** Takes note that a token may not read all that there is. */
  private void filtered(Object value) {
    boolean nothingLeft =
        (value instanceof Collection<?> list && list.isEmpty())
            || (value instanceof Map<?, ?> map && map.isEmpty())
            || (value instanceof CheckDigest digest && digest.isEmpty());
    if (nothingLeft) {
      throw RegistryException.denied(settings + ": the token may not read this", null);
    }
    if (filtered.compareAndSet(false, true)) {
      Watches.LOG.warn(
          "{}: access control leaves out of the answers what the token may not read (said once)",
          settings);
    }
  }

  /** Tells whether anything was ever left out of an answer that the token may not read. */
  boolean isFiltered() {
    return filtered.get();
  }

  private long index(Response response) {
    String header = response.header("X-Consul-Index");
    try {
      // An index of 0 would make the next query return at once, and so on for ever.
      // (That of events is a hash of 64 bits.)
      long index = Long.parseUnsignedLong(header == null ? "" : header);
      return index == 0 ? 1 : index;
    } catch (NumberFormatException malformed) {
      throw unavailable("an answer without an index", null);
    }
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

  /** What is never sent twice, neither here nor by OkHttp: it could undo a later write. */
  private static final class OnceBody extends RequestBody {
    private final byte[] bytes;
    private final @Nullable MediaType type;

    OnceBody(byte[] bytes, @Nullable MediaType type) {
      this.bytes = bytes;
      this.type = type;
    }

    @Override
    public @Nullable MediaType contentType() {
      return type;
    }

    @Override
    public long contentLength() {
      return bytes.length;
    }

    @Override
    public void writeTo(BufferedSink sink) throws IOException {
      sink.write(bytes);
    }

    @Override
    public boolean isOneShot() {
      return true;
    }
  }

  private interface Handler<T> {
    T handle(Response response) throws IOException;
  }

  private <T> CompletableFuture<T> call(Request request, Handler<T> handler) {
    return exchange(calls, request, settings.timeout(), courtesy.left(), handler).answer();
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
            throw failure(failed);
          }
          if (!mayRunTwice || !answer.isStalled()) {
            answer.failed();
            throw failure(failed);
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
                      answer.completeExceptionally(refusals.of(broken));
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

  private <T> T body(Response response, Reader<T> reader) throws IOException {
    if (response.code() != 200 || response.body() == null) {
      String words = response.body() == null ? "" : response.peekBody(ConsulErrors.READ).string();
      throw refusals.of(response.code(), words);
    }
    try (InputStream in = new BoundedInput(response.body().byteStream(), MAX_BYTES)) {
      return reader.read(in);
    }
  }

  private RegistryException failure(Throwable failed) {
    for (Throwable cause = failed; cause != null; cause = cause.getCause()) {
      if (cause instanceof ConsulException said && said.getCode() != 0) {
        String words = String.valueOf(said.getMessage());
        return refusals.of(said.getCode(), words.substring(words.indexOf(']') + 1));
      }
    }
    return refusals.of(failed);
  }

  private RegistryException unavailable(String what, @Nullable Throwable cause) {
    return refusals.unavailable(closed ? "closed" : what, cause);
  }

  /** Ends all calls and threads. */
  @Override
  public void close() {
    closed = true;
    http.dispatcher().cancelAll();
    pending.close();
    List.of(queries, calls, heartbeats).forEach(BoundedExecutor::close);
    synchronized (this) {
      if (consul != null) {
        consul.destroy();
      }
    }
    http.connectionPool().evictAll();
    http.dispatcher().executorService().shutdown();
  }
}
