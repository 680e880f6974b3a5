package dev.rollcall.server.metrics;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.logging.RequestLog;
import com.linecorp.armeria.server.DecoratingHttpServiceFunction;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.rollcall.Health;
import dev.rollcall.Registry;
import dev.rollcall.Subscription;
import dev.rollcall.server.FairThreads;
import dev.rollcall.server.outbound.OutboundCalls;
import dev.rollcall.server.outbound.Reply;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * What the centre measures, for Prometheus. As a decorator it times every request; {@link #page()}
 * is {@code GET /metrics}. Every label has few values, whatever a stranger sends: methods and paths
 * are counted by kind, statuses by number.
 *
 * <p>Thread-safe.
 *
 * @since 0.1.0
 */
public final class Metrics implements DecoratingHttpServiceFunction, AutoCloseable {
  private static final Set<String> KNOWN_METHODS =
      Set.of("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS");

  /** How many pages one client may wait for. */
  private static final int MAX_WAITING = 100;

  private final PrometheusMeterRegistry meters =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  /** A page takes milliseconds, which would hold up an event loop. */
  private final FairThreads threads = new FairThreads("rollcall-centre-metrics", 1, MAX_WAITING);

  private final Subscription subscription;

  /**
   * Begins to measure.
   *
   * @param registry whose services and instances to count; stays the caller's to close, after this
   * @param calls whose calls to count
   */
  public Metrics(Registry registry, OutboundCalls calls) {
    InstanceCounts counts = new InstanceCounts();
    subscription = registry.catalog().watch(counts);
    gauge("rollcall.services", "Services with an instance", counts::services);
    for (Health health : Health.values()) {
      Gauge.builder("rollcall.instances", counts, all -> all.instances(health))
          .description("Registered instances")
          .tag("health", health.name().toLowerCase(Locale.ROOT))
          .strongReference(true)
          .register(meters);
    }
    for (Reply.End end : Reply.End.values()) {
      FunctionCounter.builder("rollcall.outbound.calls", calls, all -> all.ended(end))
          .description("Heartbeats, checks and updates that were sent, or could not be")
          .tag("end", end.name().toLowerCase(Locale.ROOT))
          .register(meters);
    }
    gauge("rollcall.outbound.in.flight", "Outgoing calls under way", calls::inFlight);
    new JvmMemoryMetrics().bindTo(meters);
    new JvmThreadMetrics().bindTo(meters);
    new ProcessorMetrics().bindTo(meters);
    new FileDescriptorMetrics().bindTo(meters);
    new UptimeMetrics().bindTo(meters);
  }

  /**
   * Adds a number that goes up and down.
   *
   * @param name parted by dots
   * @param description in a few words
   * @param value asked at each scrape; must not block
   */
  public void gauge(String name, String description, Supplier<Number> value) {
    Gauge.builder(name, value).description(description).register(meters);
  }

  /**
   * Returns the page that Prometheus reads. It is made on a thread of its own, for one client after
   * the other; a client for which too many pages are waiting is answered 429.
   *
   * @return a service for {@code /metrics}
   */
  public HttpService page() {
    return (ctx, req) -> {
      String client = ctx.remoteAddress().getAddress().getHostAddress();
      return threads.hasRoom(client)
          ? HttpResponse.of(CompletableFuture.supplyAsync(this::scraped, threads.of(client)))
          : HttpResponse.of(HttpStatus.TOO_MANY_REQUESTS);
    };
  }

  private HttpResponse scraped() {
    return HttpResponse.of(
        ResponseHeaders.builder(HttpStatus.OK)
            .contentType(MediaType.parse("text/plain; version=0.0.4; charset=utf-8"))
            .set(HttpHeaderNames.X_CONTENT_TYPE_OPTIONS, "nosniff")
            .build(),
        HttpData.ofUtf8(meters.scrape()));
  }

  @Override
  public HttpResponse serve(HttpService delegate, ServiceRequestContext ctx, HttpRequest req)
      throws Exception {
    ctx.log().whenComplete().thenAccept(this::count);
    return delegate.serve(ctx, req);
  }

  /** Stops counting. Idempotent. */
  @Override
  public void close() {
    subscription.close();
    threads.close();
    meters.close();
  }

  private void count(RequestLog log) {
    Timer.builder("rollcall.requests")
        .description("Requests, a waiting one with its wait")
        .tag("api", apiOf(log.context().path()))
        .tag("method", methodOf(log.requestHeaders().method()))
        .tag("status", String.valueOf(log.responseHeaders().status().code()))
        .register(meters)
        .record(Duration.ofNanos(log.totalDurationNanos()));
  }

  private static String methodOf(HttpMethod method) {
    return KNOWN_METHODS.contains(method.name()) ? method.name() : "other";
  }

  private static String apiOf(String path) {
    if (path.equals("/services")) {
      return "dependencies";
    }
    if (path.equals("/") || path.startsWith("/dashboard/")) {
      return "dashboard";
    }
    if (path.startsWith("/v1/")) {
      return "consul";
    }
    return path.equals("/metrics") || path.startsWith("/health/") ? "operator" : "other";
  }
}
