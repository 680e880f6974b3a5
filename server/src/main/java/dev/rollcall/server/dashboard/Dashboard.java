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
import dev.rollcall.spi.Timer;

/**
 * The page at {@code /}, its files below {@code /dashboard/}, and the stream of server-sent events
 * at {@code /dashboard/events} that feeds it. The page comes without data, so that it may be given
 * to every page; the stream begins with how each service does and goes on with what changes. The
 * instances of a service are asked for at {@code /dashboard/instances}, and looked for at {@code
 * /dashboard/search}.
 *
 * <p>Thread-safe.
 *
 * @since 0.1.0
 */
public final class Dashboard implements AutoCloseable {
  private static final long STREAM_BYTES = 3L * Feed.PIECE_BYTES;

  private final Feed feed;
  private final Pages pages;

  /**
   * Opens a dashboard.
   *
   * @param registry what it shows; stays the caller's to close, after this
   * @param timer beats for the streams; stays the caller's to close, after this
   */
  public Dashboard(Registry registry, Timer timer) {
    feed = new Feed(requireNonNull(registry, "registry"), requireNonNull(timer, "timer"));
    pages = new Pages(feed);
  }

  /**
   * Mounts the page, its files and the stream.
   *
   * @param server where
   */
  public void mountOn(ServerBuilder server) {
    server.service("/", new PageFile("index.html", MediaType.HTML_UTF_8));
    server.service("/dashboard/app.js", new PageFile("app.js", MediaType.JAVASCRIPT_UTF_8));
    server.service("/dashboard/style.css", new PageFile("style.css", MediaType.CSS_UTF_8));
    server.service("/dashboard/icon.svg", new PageFile("icon.svg", MediaType.SVG_UTF_8));
    server.service("/dashboard/events", (HttpService) this::stream);
    server.service("/dashboard/instances", (HttpService) pages::instances);
    server.service("/dashboard/search", (HttpService) pages::search);
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
