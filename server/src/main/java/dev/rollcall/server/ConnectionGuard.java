package dev.rollcall.server;

import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.logging.RequestLogProperty;
import com.linecorp.armeria.server.DecoratingHttpServiceFunction;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.util.AttributeKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Closes the connections of those that send too slowly or open too many. Between two requests
 * nothing need be sent; from the first byte of one until its headers are complete there is a time
 * limit, however steadily the bytes drip. Once the headers are there the server's own limit of a
 * request's time goes on with the body. A request with two Host headers is refused.
 *
 * <p>The counts of connections by address are in a concurrent map; the rest belongs to one
 * connection, and is confined to its event loop.
 */
final class ConnectionGuard implements DecoratingHttpServiceFunction {
  private static final AttributeKey<Sender> SENDER =
      AttributeKey.valueOf(ConnectionGuard.class, "SENDER");

  private static final String TWO_HOSTS =
      "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nX-Content-Type-Options: nosniff\r\n"
          + "Content-Length: 26\r\nConnection: close\r\n\r\nHost: (expected: only one)";

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
    pipeline.addBefore(protocolFinder(pipeline), null, sender);
  }

  /** Returns what stands after TLS, and before all that decodes; the server names it so. */
  private static String protocolFinder(ChannelPipeline pipeline) {
    return pipeline.toMap().entrySet().stream()
        .filter(each -> each.getValue().getClass().getSimpleName().startsWith("Http2"))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("handlers: " + pipeline.names()));
  }

  @Override
  public HttpResponse serve(HttpService delegate, ServiceRequestContext ctx, HttpRequest req)
      throws Exception {
    if (!ctx.sessionProtocol().isMultiplex()) {
      Channel channel = ctx.log().ensureAvailable(RequestLogProperty.SESSION).channel();
      Sender sender = channel == null ? null : channel.attr(SENDER).get();
      if (sender != null) {
        sender.begun();
        ctx.log()
            .whenRequestComplete()
            .thenRun(
                () -> {
                  if (ctx.eventLoop().inEventLoop()) {
                    sender.ended();
                  } else {
                    ctx.eventLoop().execute(sender::ended);
                  }
                });
      }
    }
    return delegate.serve(ctx, req);
  }

  /** One connection; sees what it sends in plain text, after TLS. */
  private final class Sender extends ChannelInboundHandlerAdapter {
    private final RequestHeads heads = new RequestHeads();
    private @Nullable Future<?> limit;
    private int sending;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
      if (message instanceof ByteBuf bytes && !heads.isMultiplex()) {
        bytes.forEachByte(heads);
        if (heads.hasTwoHosts()) {
          bytes.release();
          refuse(ctx);
          return;
        }
        if (heads.isMultiplex()) {
          cancel(); // there streams are told apart, and the server does that
        } else if (limit == null && sending == 0) {
          Runnable tooSlow = () -> ctx.channel().close();
          limit = ctx.executor().schedule(tooSlow, headersWithin.toNanos(), TimeUnit.NANOSECONDS);
        }
      }
      super.channelRead(ctx, message);
    }

    /** One of the two may be what a rule has looked at, and the other what is asked for. */
    private void refuse(ChannelHandlerContext ctx) {
      cancel();
      ctx.writeAndFlush(Unpooled.copiedBuffer(TWO_HOSTS, StandardCharsets.US_ASCII))
          .addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
      cancel();
      super.channelInactive(ctx);
    }

    /** The headers of a request are complete. */
    private void begun() {
      sending++;
      cancel();
    }

    /** The body of a request is, too. */
    private void ended() {
      sending--;
      heads.bodyEnded();
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
