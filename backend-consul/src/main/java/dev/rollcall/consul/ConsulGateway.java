package dev.rollcall.consul;

import dev.rollcall.Health;
import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.spi.Timer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/**
 * Consul's HTTP API as far as this module calls it: what each call asks, and what its answer means.
 * {@link ConsulUrls} knows where, {@link AgentHttp} how. Thread-safe; nothing blocks but {@link
 * #close()}.
 *
 * <p><b>Calls that do not use the Consul client</b>, but its OkHttp: registrations and lists of
 * instances, because the client's classes have no tagged addresses in either direction, know half
 * of the fields, and refuse a whole list for one node without a {@code wan} address; and blocking
 * queries, because a call inside the client cannot be cancelled.
 */
final class ConsulGateway implements AutoCloseable {
  private static final RequestBody NO_BODY = new OnceBody(new byte[0], null);
  private static final MediaType JSON = MediaType.get("application/json; charset=utf-8");

  private final ConsulBackendSettings settings;
  private final ConsulUrls urls;
  private final AgentHttp http;
  private final AtomicBoolean filtered = new AtomicBoolean(); // set once, where it is also said

  ConsulGateway(ConsulBackendSettings settings, Timer timer) {
    this.settings = settings;
    this.urls = new ConsulUrls(settings);
    this.http = new AgentHttp(settings, timer);
  }

  /** Returns the back-off of all watches of this agent, which is told of its answers. */
  SharedBackoff backoff() {
    return http.backoff();
  }

  /** Tells whether a call has failed since the agent has last answered one. */
  boolean isLost() {
    return http.isLost();
  }

  /** Has something run when the agent answers again, by a thread that reads an answer. */
  void onReturn(Runnable task) {
    http.onReturn(task);
  }

  /** Reads all instances of a service with the checks of each and of its node. */
  Pending<Indexed<List<ConsulServiceEntry>>> health(String service, ReadOptions read) {
    return query(
        urls.read(read, "health", "service", service).build(), read, ConsulJson::serviceHealth);
  }

  /** Reads one instance of a service, where the store can be asked for it alone. */
  Pending<Indexed<List<ConsulServiceEntry>>> health(
      String service, String consulId, ReadOptions read) {
    HttpUrl.Builder url = urls.read(read, "health", "service", service);
    if (consulId.chars().noneMatch(c -> c == '"' || c == '\\' || c == '`')) {
      url.addQueryParameter("filter", "Service.ID == \"" + consulId + "\"");
    }
    return query(url.build(), read, ConsulJson::serviceHealth);
  }

  /** Reads the names of all services, with their tags. */
  Pending<Indexed<Map<String, List<String>>>> services(ReadOptions read) {
    return query(urls.read(read, "catalog", "services").build(), read, ConsulJson::services);
  }

  /** Reads the state of all checks. */
  Pending<Indexed<CheckDigest>> checks(ReadOptions read) {
    return query(urls.read(read, "health", "state", "any").build(), read, ConsulJson::checks);
  }

  /** Reads checks with all that is said of them. */
  Pending<Indexed<List<ConsulCheck>>> checks(ConsulCheckQuery query, ReadOptions read) {
    return query(
        urls.read(read, "health", query.kind(), query.name()).build(), read, ConsulJson::checkList);
  }

  /** Reads the nodes of the datacentre. */
  Pending<Indexed<List<ConsulServiceEntry.Node>>> nodes(ReadOptions read) {
    return query(urls.nodes(read), read, ConsulJson::nodes);
  }

  /** Reads a key. */
  Pending<Indexed<Optional<ConsulPair>>> pair(String key, ReadOptions read) {
    HttpUrl url = urls.read(read, "kv", key.split("/", -1)).build();
    Pending<Indexed<List<ConsulPair>>> pending =
        query(url, read, ConsulJson::pairs, Optional.of(List.of()));
    return Pending.map(pending, pairs -> pairs.stream().findFirst());
  }

  /** Reads the keys that begin with a prefix. */
  Pending<Indexed<List<ConsulPair>>> pairs(String prefix, ReadOptions read) {
    HttpUrl url =
        urls.read(read, "kv", prefix.split("/", -1)).addQueryParameter("recurse", null).build();
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
            .url(urls.key(key, expected).build())
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
    return write(
        new Request.Builder().url(urls.key(key, expected).build()).delete(NO_BODY).build());
  }

  /**
   * Deletes all keys that begin with a prefix; completes with true. Where a URL cannot hold the
   * prefix, as a transaction: of {@code a/..} a URL would make the root.
   */
  CompletableFuture<Boolean> deleteTree(String prefix) {
    String last = prefix.substring(prefix.lastIndexOf('/') + 1);
    if (!last.equals(".") && !last.equals("..")) {
      HttpUrl url = urls.key(prefix, -1).addQueryParameter("recurse", null).build();
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
    byte[] body = ConsulJson.operations(operations, settings.namespace(), settings.partition());
    Request request =
        new Request.Builder().url(urls.transaction()).put(new OnceBody(body, JSON)).build();
    // A Consul without namespaces ignores the namespace of a transaction and would delete
    // elsewhere. It refuses a read with one, so a read comes first.
    CompletableFuture<?> known =
        settings.namespace().isEmpty()
            ? CompletableFuture.completedFuture(true)
            : pair("rollcall", ReadOptions.CONSISTENT).answer();
    return known.thenCompose(may -> http.call(request, this::results));
  }

  private Optional<List<ConsulPair>> results(Response response) throws IOException {
    if (response.code() != 409) {
      return Optional.of(http.body(response, ConsulJson::results));
    }
    String words = response.peekBody(ConsulErrors.READ).string();
    if (words.contains("Permission denied")) {
      throw http.refusal(403, words);
    }
    return Optional.empty();
  }

  private CompletableFuture<Boolean> write(Request request) {
    return http.call(
        request, response -> http.body(response, in -> text(in).strip().equals("true")));
  }

  private static String text(InputStream in) throws IOException {
    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
  }

  /** Reads the events that the agent still knows, in the order in which it received them. */
  Pending<Indexed<List<ConsulEvent>>> events(ReadOptions read) {
    return query(urls.events(read), read, ConsulJson::events);
  }

  /** Asks the agent what it has under an ID. */
  CompletableFuture<Optional<ConsulServiceEntry>> local(String consulId) {
    Request request = new Request.Builder().url(urls.agent("service", consulId).build()).build();
    return http.call(
        request,
        response ->
            response.code() == 404
                ? Optional.empty()
                : Optional.of(http.body(response, ConsulJson::agentService)));
  }

  /**
   * Registers a service with its checks, in place of all that was there; completes with true.
   *
   * @param sending called each time that the request begins to be written to a connection: from
   *     then on the agent may run it, with or without an answer; where it throws, nothing is sent
   */
  CompletableFuture<Boolean> register(String json, Runnable sending) {
    Request request =
        new Request.Builder()
            .url(
                urls.agent("service/register")
                    .addQueryParameter("replace-existing-checks", "true")
                    .build())
            .put(RequestBody.create(json.getBytes(StandardCharsets.UTF_8), JSON))
            .tag(Runnable.class, sending)
            .build();
    return http.call(request, response -> http.body(response, in -> true));
  }

  /** Removes a service from the agent; one that is not there is fine. Completes with true. */
  CompletableFuture<Boolean> deregister(String consulId) {
    return http.deregister(consulId);
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
    Request request =
        new Request.Builder()
            .url(urls.agent("check", state, checkId).build())
            .put(RequestBody.create(new byte[0], null))
            .build();
    return http.beat(
        request,
        patience,
        response -> !isUnknownCheck(response) && http.body(response, in -> true));
  }

  private static boolean isUnknownCheck(Response response) throws IOException {
    if (response.code() == 404) {
      return true;
    }
    String words = response.code() == 500 ? response.peekBody(ConsulErrors.READ).string() : "";
    return words.contains("does not have associated TTL") || words.contains("Unknown check");
  }

  private <T> Pending<Indexed<T>> query(HttpUrl url, ReadOptions read, AgentHttp.Reader<T> reader) {
    return query(url, read, reader, Optional.empty());
  }

  /** Reads, with a value for "there is none" where the store says that by a 404 with an index. */
  private <T> Pending<Indexed<T>> query(
      HttpUrl url, ReadOptions read, AgentHttp.Reader<T> reader, Optional<T> none) {
    return http.read(
        url,
        read,
        response -> {
          boolean missing = response.code() == 404 && response.header("X-Consul-Index") != null;
          T value = missing && none.isPresent() ? none.orElseThrow() : http.body(response, reader);
          // An answer from a stream never states a leader; a lost stream is answered by an error.
          if ("false".equals(response.header("X-Consul-KnownLeader"))
              && !"streaming".equals(response.header("X-Consul-Query-Backend"))) {
            throw http.unavailable("the agent knows no leader", null);
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
      throw http.unavailable("an answer without an index", null);
    }
  }

  /** Ends all calls and threads. */
  @Override
  public void close() {
    http.close();
  }
}
