package dev.rollcall.server.consul;

import com.fasterxml.jackson.core.JsonGenerator;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.MediaType;
import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.Keys;
import dev.rollcall.spi.support.BrokenClassPath;
import dev.rollcall.spi.support.Futures;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** {@code /v1/kv/…}. */
final class KeyRoutes {
  private static final int MAX_BYTES = 512 * 1024;
  private static final MediaType PLAIN = MediaType.parse("text/plain");

  private final KeyValues keys;
  private final @Nullable Sessions sessions; // null where the store is shared
  private final Queries queries;
  private final Writes writes;

  KeyRoutes(KeyValues keys, @Nullable Sessions sessions, Queries queries, Writes writes) {
    this.writes = writes;
    this.keys = keys;
    this.sessions = sessions;
    this.queries = queries;
  }

  List<Route> routes() {
    return List.of(
        Route.of(
                "kv/",
                new HttpMethod[] {HttpMethod.GET, HttpMethod.PUT, HttpMethod.DELETE},
                this::handle)
            .wideIf(call -> call.has("recurse") || call.has("keys")));
  }

  private HttpResponse handle(Call call) {
    return switch (call.method()) {
      case GET -> read(call);
      case PUT -> put(call);
      default -> delete(call);
    };
  }

  private HttpResponse read(Call call) {
    if (call.has("keys")) {
      return readKeys(call);
    }
    boolean recurse = call.has("recurse");
    String key = recurse ? call.rest() : call.require("Missing key name");
    return queries.answerKeys(
        call,
        keys,
        recurse ? Topics.keys(key) : Topics.key(key),
        () -> recurse ? keys.caughtUpBelow(key) : keys.caughtUp(key),
        () -> (recurse ? keys.list(key) : keys.get(key)).index(),
        () -> {
          KeyValues.Found found = recurse ? keys.list(key) : keys.get(key);
          if (found.pairs().isEmpty()) {
            return Answer.missing(found.index());
          }
          if (call.has("raw")) {
            return raw(found);
          }
          return Answer.plain(
              found.index(),
              Json.bytes(
                  call.isPretty(),
                  to -> {
                    to.writeStartArray();
                    for (KeyValues.Pair pair : found.pairs()) {
                      write(to, pair, true);
                    }
                    to.writeEndArray();
                  }));
        });
  }

  /** A browser must not take a value for a page of the centre's. */
  private static Answer raw(KeyValues.Found found) {
    return Answer.indexed(
            found.index(),
            200,
            PLAIN,
            HttpData.wrap(found.pairs().get(0).entry().value().toArray()))
        .with(HttpHeaderNames.CONTENT_SECURITY_POLICY, "sandbox")
        .with(HttpHeaderNames.X_CONTENT_TYPE_OPTIONS, "nosniff");
  }

  static void write(JsonGenerator to, KeyValues.Pair pair, boolean withValue) throws IOException {
    to.writeStartObject();
    to.writeNumberField("LockIndex", pair.lock().index());
    to.writeStringField("Key", pair.entry().key());
    to.writeFieldName("Flags");
    to.writeNumber(Long.toUnsignedString(pair.flags()));
    if (pair.entry().value().size() == 0 || !withValue) {
      to.writeNullField("Value");
    } else {
      to.writeBinaryField("Value", pair.entry().value().toArray());
    }
    if (!pair.lock().holder().isEmpty()) {
      to.writeStringField("Session", pair.lock().holder());
    }
    to.writeNumberField("CreateIndex", pair.createIndex());
    to.writeNumberField("ModifyIndex", pair.modifyIndex());
    to.writeEndObject();
  }

  private HttpResponse readKeys(Call call) {
    String prefix = call.rest();
    String separator = call.parameter("separator");
    return queries.answerKeys(
        call,
        keys,
        Topics.keys(prefix),
        () -> keys.caughtUpBelow(prefix),
        () -> keys.list(prefix).index(),
        () -> {
          KeyValues.Found found = keys.list(prefix);
          if (found.pairs().isEmpty() && !prefix.isEmpty()) {
            return Answer.missing(found.index());
          }
          Set<String> names = new LinkedHashSet<>();
          for (KeyValues.Pair pair : found.pairs()) {
            String name = pair.entry().key();
            int end = separator.isEmpty() ? -1 : name.indexOf(separator, prefix.length());
            names.add(end < 0 ? name : name.substring(0, end + separator.length()));
          }
          return Answer.plain(
              found.index(),
              Json.bytes(
                  call.isPretty(),
                  to -> {
                    to.writeStartArray();
                    for (String name : names) {
                      to.writeString(name);
                    }
                    to.writeEndArray();
                  }));
        });
  }

  private HttpResponse put(Call call) {
    queries.requireDatacentreToo(call);
    String key = key(call);
    requireOneOf(call, "cas", "acquire", "release");
    long flags = call.has("flags") ? number(call, "flags") : 0;
    Bytes value = call.body();
    if (value.size() > MAX_BYTES) {
      throw new RefusedException(
          413,
          "Request body(" + value.size() + " bytes) too large, max size: " + MAX_BYTES + " bytes.");
    }
    Supplier<CompletionStage<Boolean>> write;
    if (call.has("acquire")) {
      Sessions holders = requireSessions();
      String session = session(call);
      write = () -> holders.acquire(key, session, value, flags);
    } else if (call.has("release")) {
      requireSessions();
      write = () -> keys.release(key, call.parameter("release"), value, flags);
    } else if (call.has("cas")) {
      long index = number(call, "cas");
      write = () -> keys.compareAndSet(key, index, value, flags);
    } else {
      write = () -> keys.put(key, value, flags);
    }
    return answer(call, Map.of(key, value), write);
  }

  private Sessions requireSessions() {
    if (sessions == null) {
      throw new RefusedException(
          501,
          "acquire, release: keys are held by sessions of one centre, and the store behind this one"
              + " is shared");
    }
    return sessions;
  }

  private static String session(Call call) {
    String id = call.parameter("acquire");
    if (id.isEmpty()) {
      throw RefusedException.failed("missing session");
    }
    SessionRoutes.requireId(id, false);
    return id;
  }

  private HttpResponse delete(Call call) {
    queries.requireDatacentreToo(call);
    requireOneOf(call, "recurse", "cas");
    if (call.has("recurse")) {
      return answer(call, Map.of(), () -> keys.deleteAll(call.rest()));
    }
    String key = key(call);
    if (call.has("cas")) {
      long index = number(call, "cas");
      return answer(call, Map.of(), () -> keys.compareAndDelete(key, index));
    }
    return answer(call, Map.of(), () -> keys.delete(key));
  }

  private static String key(Call call) {
    return requireKey(call.require("Missing key name"));
  }

  /** Refuses to write a key that the store, or a path, would not keep as it is. */
  static String requireKey(String key) {
    Paths.requireNameable("key", key);
    try {
      Keys.key(key);
      return key;
    } catch (RegistryException refused) {
      throw RefusedException.bad(String.valueOf(refused.getMessage()));
    }
  }

  private static void requireOneOf(Call call, String... parameters) {
    if (Stream.of(parameters).filter(call::has).count() > 1) {
      String given =
          call.query().stream()
              .map(
                  each ->
                      URLEncoder.encode(each.getKey(), StandardCharsets.UTF_8)
                          + "="
                          + URLEncoder.encode(each.getValue(), StandardCharsets.UTF_8))
              .sorted()
              .collect(Collectors.joining("&"));
      throw RefusedException.bad("Conflicting flags: " + Fields.shown(given));
    }
  }

  private static long number(Call call, String parameter) {
    String text = call.parameter(parameter);
    try {
      return Long.parseUnsignedLong(text);
    } catch (NumberFormatException malformed) {
      throw RefusedException.failed(
          "strconv.ParseUint: parsing \"" + Fields.shown(text) + "\": invalid syntax");
    }
  }

  private HttpResponse answer(
      Call call, Map<String, Bytes> values, Supplier<CompletionStage<Boolean>> write) {
    return writes.keys(
        call,
        keys,
        values,
        written -> written,
        write,
        written -> Answer.json(written.toString().getBytes(StandardCharsets.UTF_8)));
  }

  static Answer failure(Throwable failed) {
    Throwable cause = Futures.cause(failed);
    if (cause instanceof RefusedException refused) {
      return refused.answer();
    }
    if (cause instanceof RegistryException refused) {
      return Answer.text(
          switch (refused.kind()) {
            // What this program's own class path lacks is no fault of the caller's.
            case INVALID -> BrokenClassPath.isCauseOf(refused) ? 500 : 400;
            case DENIED -> 403;
            case CONFLICT -> 409;
            case UNAVAILABLE -> 500;
          },
          String.valueOf(refused.getMessage()));
    }
    throw new CompletionException(cause);
  }
}
