package dev.rollcall.server;

import com.linecorp.armeria.common.Http1HeaderNaming;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServerPort;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.server.access.Tls;
import dev.rollcall.server.outbound.OutboundCalls;
import dev.rollcall.spi.Timer;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The registry over HTTP, in this process. It serves from the moment that {@link CentreBuilder
 * #start} returns until it is closed. Thread-safe.
 *
 * <pre>{@code
 * try (Centre centre = Centre.builder("memory:").port(0).start()) {
 *   connect(centre.uri());
 * }
 * }</pre>
 *
 * @since 0.1.0
 */
public final class Centre implements AutoCloseable {
  private static final Duration GRACE = Duration.ofSeconds(1);
  private static final Duration LONGEST_STOP = Duration.ofSeconds(5);

  /** Requests of one connection of HTTP/2 at a time. */
  private static final int STREAMS_OF_ONE = 1_000;

  private final Server server;
  private final InetSocketAddress address;
  private final String scheme;
  private final List<CentrePart> parts;
  private final CentreContext context;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Centre(
      Server server,
      InetSocketAddress address,
      String scheme,
      List<CentrePart> parts,
      CentreContext context) {
    this.server = server;
    this.address = address;
    this.scheme = scheme;
    this.parts = parts;
    this.context = context;
  }

  /**
   * Prepares a centre in front of a store.
   *
   * @param storeUri {@code memory:}, {@code memory:name}, or what a backend on the class path says
   * @return a builder with the usual settings
   */
  public static CentreBuilder builder(String storeUri) {
    return new CentreBuilder(storeUri);
  }

  static Centre start(CentreBuilder settings, CentreContext context) {
    List<CentrePart> parts = new ArrayList<>();
    try {
      settings.parts().forEach(part -> parts.add(part.apply(context)));
      ServerBuilder building = Server.builder();
      InetSocketAddress wanted = new InetSocketAddress(settings.host(), settings.port());
      if (wanted.isUnresolved()) {
        throw RegistryException.invalid("host: (expected: an address of this machine)");
      }
      CentreLimits limits = settings.limits();
      Errors errors = new Errors();
      ConnectionGuard guard =
          new ConnectionGuard(limits.requestTimeout(), limits.connectionsByClient());
      Tls tls = settings.tls();
      if (tls != null) {
        tls.applyTo(building);
      }
      SessionProtocol protocol = tls == null ? SessionProtocol.HTTP : SessionProtocol.HTTPS;
      building
          .port(wanted, protocol)
          .http1HeaderNaming(Http1HeaderNaming.traditional())
          .disableServerHeader()
          .maxRequestLength(limits.bodyBytes())
          .http1MaxHeaderSize(limits.headerBytes())
          .http1MaxInitialLineLength(limits.urlBytes())
          .http2MaxHeaderListSize(limits.headerBytes())
          .http2MaxStreamsPerConnection(STREAMS_OF_ONE)
          .maxNumConnections(limits.connections())
          .childChannelPipelineCustomizer(guard::install)
          .addHeader(HttpHeaderNames.X_CONTENT_TYPE_OPTIONS, "nosniff")
          .requestTimeout(limits.requestTimeout())
          .idleTimeout(limits.idleTimeout())
          .gracefulShutdownTimeout(GRACE, LONGEST_STOP)
          .errorHandler(errors)
          // It would write stack traces of what strangers send.
          .unloggedExceptionsReportInterval(Duration.ZERO)
          .accessLogWriter(new AccessLog(), true);
      // After the first one, which stays the one that is told.
      settings
          .morePorts()
          .forEach(port -> building.port(new InetSocketAddress(settings.host(), port), protocol));
      Probes probes = new Probes(parts, errors);
      building.service("/health/live", probes.live()).service("/health/ready", probes.ready());
      // The first decorator is the last that is asked: it knows who calls.
      building.decorator(new UnderWay(context.memory().underWay()));
      parts.forEach(part -> part.addTo(building));
      // The last decorator is the first that is asked.
      building.decorator(guard);
      Server server = building.build();
      try {
        server.start().join();
      } catch (CompletionException failed) {
        throw RegistryException.unavailable(
            "cannot listen on " + settings.host() + ":" + settings.port() + ": " + cause(failed),
            failed.getCause());
      }
      ServerPort port = server.activePort();
      if (port == null) {
        throw RegistryException.unavailable("the server has no port", null);
      }
      parts.forEach(part -> part.started(port.localAddress()));
      return new Centre(
          server, port.localAddress(), tls == null ? "http" : "https", parts, context);
    } catch (RuntimeException failed) {
      parts.forEach(CentrePart::close);
      close(context);
      throw failed;
    }
  }

  private static String cause(Throwable failed) {
    return failed.getCause() == null
        ? String.valueOf(failed.getMessage())
        : String.valueOf(failed.getCause().getMessage());
  }

  /**
   * Returns the port that the centre listens on.
   *
   * @return 1 to 65535
   */
  public int port() {
    return address.getPort();
  }

  /**
   * Returns the centre's address.
   *
   * @return {@code http://host:port}, or {@code https:}
   */
  public URI uri() {
    String host = address.getAddress().getHostAddress();
    return URI.create(
        scheme
            + "://"
            + (host.indexOf(':') < 0 ? host : "[" + host + "]")
            + ":"
            + address.getPort());
  }

  /**
   * Takes no more connections, lets requests under way end for a second, answers those that wait,
   * deregisters what it has put into the store, and closes that. Blocks for at most some seconds.
   * Idempotent.
   */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      server.stop().join();
      for (int i = parts.size() - 1; i >= 0; i--) {
        parts.get(i).close();
      }
      close(context);
    }
  }

  private static void close(CentreContext context) {
    OutboundCalls calls = context.calls();
    Registry registry = context.registry();
    Timer timer = context.timer();
    calls.close();
    registry.close();
    timer.close();
  }
}
