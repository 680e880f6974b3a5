package dev.rollcall.server.outbound;

import static java.util.Objects.requireNonNull;

import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import com.linecorp.armeria.common.HttpMethod;
import dev.rollcall.Liveness;
import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What an HTTP check sends, besides where to. Immutable. Headers and body may hold secrets, so that
 * {@link #toString} shows neither.
 *
 * @param method the method
 * @param headers besides those that the centre sets itself, or in their place
 * @param body empty for none
 * @since 0.1.0
 */
public record CheckRequest(HttpMethod method, HttpHeaders headers, Bytes body) {
  /** What is sent where nothing else was said. */
  public static final CheckRequest GET =
      new CheckRequest(HttpMethod.GET, HttpHeaders.of(), Bytes.empty());

  /** Where to is no matter of this. */
  private static final Liveness.HttpCheck ANYWHERE =
      Liveness.httpCheck(URI.create("http://localhost/"), Duration.ofSeconds(1));

  /**
   * Checks that nothing is null.
   *
   * @param method as the record says
   * @param headers as the record says
   * @param body as the record says
   */
  public CheckRequest {
    requireNonNull(method, "method");
    requireNonNull(headers, "headers");
    requireNonNull(body, "body");
  }

  /**
   * Reads what a stranger wants to be sent, by the rules that {@link Liveness.HttpCheck} has.
   *
   * @param method in any case; empty for {@code GET}
   * @param headers by name in any case
   * @param body empty for none
   * @return the request
   * @throws RegistryException of kind {@code INVALID} with what is wrong (method, header, body) and
   *     the rule
   */
  public static CheckRequest of(String method, Map<String, List<String>> headers, String body) {
    Liveness.HttpCheck checked =
        new Liveness.HttpCheck(
            ANYWHERE.uri(),
            method.isEmpty() ? ANYWHERE.method() : method.toUpperCase(Locale.ROOT),
            headers,
            body,
            ANYWHERE.tls(),
            ANYWHERE.interval(),
            ANYWHERE.timeout(),
            ANYWHERE.deregisterAfter());
    HttpHeadersBuilder read = HttpHeaders.builder();
    checked.headers().forEach(read::add);
    return new CheckRequest(
        HttpMethod.valueOf(checked.method()),
        read.build(),
        Bytes.of(checked.body().getBytes(StandardCharsets.UTF_8)));
  }

  /** Tells the method, and no more. */
  @Override
  public String toString() {
    return method + " request";
  }
}
