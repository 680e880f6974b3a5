package dev.rollcall.server.consul;

import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpResponse;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A path with what answers it, method by method. A path that ends with a slash takes more.
 *
 * @param isWide tells of a read whether it may list much, so that no event loop is held up by it
 */
record Route(String path, Map<HttpMethod, Handler> handlers, Predicate<Call> isWide) {

  /** Answers one call. */
  @FunctionalInterface
  interface Handler {
    /**
     * Answers without blocking.
     *
     * @throws RefusedException where the request is to be refused
     */
    HttpResponse handle(Call call);
  }

  /** Answers one call at once. */
  @FunctionalInterface
  interface Immediate {
    Answer answer(Call call);
  }

  static Route get(String path, Handler handler) {
    return new Route(path, Map.of(HttpMethod.GET, handler), call -> false);
  }

  /** A read of what there may be much of. */
  Route wide() {
    return wideIf(call -> true);
  }

  /** A read of what there may be much of in some cases. */
  Route wideIf(Predicate<Call> wide) {
    return new Route(path, handlers, wide);
  }

  static Route getNow(String path, Immediate handler) {
    return get(path, call -> handler.answer(call).response(call.ctx()));
  }

  static Route put(String path, Immediate handler) {
    return write(path, call -> handler.answer(call).response(call.ctx()));
  }

  /** A write that the store is waited for. */
  static Route write(String path, Handler handler) {
    return new Route(path, Map.of(HttpMethod.PUT, handler), call -> false);
  }

  static Route of(String path, HttpMethod[] methods, Handler handler) {
    Map<HttpMethod, Handler> handlers = new LinkedHashMap<>();
    for (HttpMethod method : methods) {
      handlers.put(method, handler);
    }
    return new Route(path, handlers, call -> false);
  }

  @Nullable Handler handler(HttpMethod method) {
    return handlers.get(method);
  }

  /** Returns the methods as Consul lists them in {@code Allow}. */
  String allowed() {
    StringJoiner allowed = new StringJoiner(",");
    allowed.add("OPTIONS");
    for (HttpMethod method : new HttpMethod[] {HttpMethod.GET, HttpMethod.PUT, HttpMethod.DELETE}) {
      if (handlers.containsKey(method)) {
        allowed.add(method.name());
      }
    }
    return allowed.toString();
  }
}
