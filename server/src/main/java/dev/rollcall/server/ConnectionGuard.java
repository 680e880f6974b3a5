package dev.rollcall.server;

import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.logging.RequestLogProperty;
import com.linecorp.armeria.server.DecoratingHttpServiceFunction;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.util.AttributeKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Closes the connections of those that send too slowly or open too many. Between two requests
 * nothing need be sent; from the first byte of one until its headers are complete there is a time
 * limit, however steadily the bytes drip. Once the headers are there the server's own limit of a
 * request's time goes on with the body.
 *
 * <p>The counts of connections by address are in a concurrent map; the rest belongs to one
 * connection, and is confined to its event loop.
 */
final class ConnectionGuard implements DecoratingHttpServiceFunction {
  private static final AttributeKey<Sender> SENDER =
      AttributeKey.valueOf(ConnectionGuard.class, "SENDER");

  private final Duration headersWithin;
  private final int most;
  private final ConcurrentHashMap<InetAddress, Integer> connections = new ConcurrentHashMap<>();

  ConnectionGuard(Duration headersWithin, int connectionsByClient) {
    this.headersWithin = headersWithin;
    most = connectionsByClient;
  }

  /** Puts a guard in front of a new connection. */
  void install(ChannelPipeline pipeline) {
    Channel channel = pipeline.channel();
    SocketAddress remote = channel.remoteAddress();
    if (remote instanceof InetSocketAddress client) {
      InetAddress address = client.getAddress();
      boolean tooMany = connections.merge(address, 1, Integer::sum) > most;
      channel
          .closeFuture()
          .addListener(
              closed ->
                  connections.computeIfPresent(
                      address, (of, count) -> count == 1 ? null : count - 1));
      if (tooMany) {
        channel.close();
        return;
      }
    }
    Sender sender = new Sender();
    channel.attr(SENDER).set(sender);
    pipeline.addFirst(sender);
  }

  @Override
  public HttpResponse serve(HttpService delegate, ServiceRequestContext ctx, HttpRequest req)
      throws Exception {
    if (!ctx.sessionProtocol().isMultiplex()) {
      Channel channel = ctx.log().ensureAvailable(RequestLogProperty.SESSION).channel();
      Sender sender = channel == null ? null : channel.attr(SENDER).get();
      if (sender != null) {
        sender.begun();
        ctx.log().whenRequestComplete().thenRun(() -> ctx.eventLoop().execute(sender::ended));
      }
    }
    return delegate.serve(ctx, req);
  }

  /** One connection. */
  private final class Sender extends ChannelInboundHandlerAdapter {
    private @Nullable Future<?> limit;
    private int sending;
    private boolean isMultiplex;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
      if (limit == null && sending == 0 && !isMultiplex) {
        limit =
            ctx.executor()
                .schedule(
                    () -> tooSlow(ctx.channel()), headersWithin.toNanos(), TimeUnit.NANOSECONDS);
      }
      super.channelRead(ctx, message);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
      cancel();
      super.channelInactive(ctx);
    }

    private void tooSlow(Channel channel) {
      limit = null;
      // There a connection is told of itself, and streams are told apart: the server does that.
      isMultiplex =
          channel.pipeline().toMap().values().stream()
              .anyMatch(handler -> handler.getClass().getSimpleName().startsWith("Http2"));
      if (!isMultiplex) {
        channel.close();
      }
    }

    /** The headers of a request are complete. */
    private void begun() {
      sending++;
      cancel();
    }

    /** The body of a request is, too. */
    private void ended() {
      sending--;
    }

    private void cancel() {
      Future<?> set = limit;
      if (set != null) {
        set.cancel(false);
        limit = null;
      }
    }
  }
}
