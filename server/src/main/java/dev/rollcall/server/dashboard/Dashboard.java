package dev.rollcall.server.dashboard;

import static java.util.Objects.requireNonNull;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpResponseWriter;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.rollcall.Registry;
import dev.rollcall.server.UnderWay;
import dev.rollcall.server.consul.CatalogReader;
import dev.rollcall.spi.Timer;
import java.util.List;

/**
 * The page at {@code /}, its files below {@code /dashboard/files/}, and the stream of server-sent
 * events at {@code /dashboard/events} that feeds it. The page comes without data, so that it may be
 * given to everybody; the stream begins with how each service does and goes on with what changes.
 * The instances of a service are asked for at {@code /dashboard/instances}, and looked for at
 * {@code /dashboard/search}; nodes are at {@code /dashboard/nodes}, and the caller's name and role
 * at {@code /dashboard/me}. What has a path in Consul's API the page asks for there, and so with
 * every change: keys, sessions, events, deregistration, maintenance.
 *
 * <p>Thread-safe.
 *
 * @since 0.1.0
 */
public final class Dashboard implements AutoCloseable {
  private static final String FILES = "/dashboard/files/";
  private static final List<String> SCRIPTS =
      List.of(
          "app.js",
          "address.js",
          "centre.js",
          "changes.js",
          "dialogs.js",
          "instances.js",
          "keys.js",
          "lists.js",
          "nodes.js",
          "page.js",
          "services.js",
          "stream.js",
          "text.js");

  private static final long STREAM_BYTES = 3L * Feed.PIECE_BYTES;

  private final Feed feed;
  private final Pages pages;

  /**
   * Opens a dashboard.
   *
   * @param catalog what it shows
   * @param registry says how far the store is heard of; stays the caller's to close, after this
   * @param timer beats for the streams; stays the caller's to close, after this
   */
  public Dashboard(CatalogReader catalog, Registry registry, Timer timer) {
    requireNonNull(catalog, "catalog");
    requireNonNull(registry, "registry");
    feed = new Feed(catalog, registry.catalog(), requireNonNull(timer, "timer"));
    pages = new Pages(feed, catalog);
  }

  /**
   * Mounts the page, its files and the stream.
   *
   * @param server where
   */
  public void mountOn(ServerBuilder server) {
    server.service("/", new PageFile("index.html", MediaType.HTML_UTF_8));
    for (String script : SCRIPTS) {
      server.service(FILES + script, new PageFile(script, MediaType.JAVASCRIPT_UTF_8));
    }
    server.service(FILES + "style.css", new PageFile("style.css", MediaType.CSS_UTF_8));
    server.service(FILES + "icon.svg", new PageFile("icon.svg", MediaType.SVG_UTF_8));
    server.service("/dashboard/events", (HttpService) this::stream);
    server.service("/dashboard/instances", (HttpService) pages::instances);
    server.service("/dashboard/search", (HttpService) pages::search);
    server.service("/dashboard/nodes", (HttpService) pages::nodes);
    server.service("/dashboard/me", (HttpService) pages::me);
  }

  /**
   * Returns how many pages are listening.
   *
   * @return the number of open streams
   */
  public int listeners() {
    return feed.listeners();
  }

  /** Ends all streams. Idempotent. */
  @Override
  public void close() {
    feed.close();
    pages.close();
  }

  private HttpResponse stream(ServiceRequestContext ctx, HttpRequest req) {
    if (req.method() != HttpMethod.GET) {
      return PageFile.notAllowed("GET");
    }
    // A piece that is being sent, the next, and the objects around them.
    UnderWay.of(ctx).ifPresent(hold -> hold.grow(STREAM_BYTES));
    ctx.clearRequestTimeout();
    HttpResponseWriter response = HttpResponse.streaming();
    response.write(
        ResponseHeaders.builder(HttpStatus.OK)
            .contentType(MediaType.EVENT_STREAM)
            .set(HttpHeaderNames.CACHE_CONTROL, "no-store")
            .set(HttpHeaderNames.X_CONTENT_TYPE_OPTIONS, "nosniff")
            .build());
    feed.open(response);
    return response;
  }
}
