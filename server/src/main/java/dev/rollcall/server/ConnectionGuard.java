package dev.rollcall.server;

import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.logging.RequestLogProperty;
import com.linecorp.armeria.server.DecoratingHttpServiceFunction;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
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
 * request's time goes on with the body. A request with two Host headers is refused, and over HTTP/2
 * a connection with two paths or authorities in one request is ended.
 *
 * <p>A client that does not read its answers is not read from: nothing is taken from a connection
 * while more than {@value #UNSENT_BYTES} bytes wait to be sent on it. One of HTTP/1 on which more
 * than {@value #MOST_UNANSWERED} requests are unanswered is closed.
 *
 * <p>The counts of connections by address are in a concurrent map; the rest belongs to one
 * connection, and is confined to its event loop.
 */
final class ConnectionGuard implements DecoratingHttpServiceFunction {
  private static final AttributeKey<Sender> SENDER =
      AttributeKey.valueOf(ConnectionGuard.class, "SENDER");

  private static final int UNSENT_BYTES = 64 << 10;
  private static final int MOST_UNANSWERED = 8;

  private static final ByteBuf PREFACE =
      Unpooled.unreleasableBuffer(
          Unpooled.copiedBuffer("PRI * HTTP/2.0", StandardCharsets.US_ASCII).asReadOnly());

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
    channel
        .config()
        .setWriteBufferWaterMark(new WriteBufferWaterMark(UNSENT_BYTES / 2, UNSENT_BYTES));
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
        if (!sender.begun()) {
          channel.close();
          return HttpResponse.of(HttpStatus.TOO_MANY_REQUESTS);
        }
        ctx.log().whenComplete().thenRun(() -> run(ctx, sender::answered));
        ctx.log().whenRequestComplete().thenRun(() -> run(ctx, sender::ended));
      }
    }
    return delegate.serve(ctx, req);
  }

  private static void run(ServiceRequestContext ctx, Runnable step) {
    if (ctx.eventLoop().inEventLoop()) {
      step.run();
    } else {
      ctx.eventLoop().execute(step);
    }
  }

  /** One connection; sees what it sends in plain text, after TLS. */
  private final class Sender extends ChannelInboundHandlerAdapter {
    private final RequestHeads heads = new RequestHeads();
    private @Nullable Future<?> limit;
    private int sending;
    private int unanswered;
    private boolean isWatched;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
      if (!(message instanceof ByteBuf bytes)) {
        super.channelRead(ctx, message);
        return;
      }
      while (!heads.isMultiplex() && bytes.isReadable()) {
        int next = bytes.forEachByte(heads);
        if (heads.hasTwoHosts()) {
          bytes.release();
          refuse(ctx);
          return;
        }
        if (!heads.isMultiplex()) {
          if (limit == null && sending == 0) {
            Runnable tooSlow = () -> ctx.channel().close();
            limit = ctx.executor().schedule(tooSlow, headersWithin.toNanos(), TimeUnit.NANOSECONDS);
          }
          super.channelRead(ctx, bytes);
          return;
        }
        cancel(); // there streams are told apart, and the server does that
        if (next >= 0) {
          // Apart: what decodes streams is there, and is watched, before it has the first.
          super.channelRead(ctx, bytes.readRetainedSlice(next - bytes.readerIndex()));
          watchStreams(ctx);
        } else {
          break;
        }
      }
      passOn(ctx, bytes);
    }

    /** An upgrade is granted at the end of a body, and then the preface comes. */
    private void passOn(ChannelHandlerContext ctx, ByteBuf bytes) throws Exception {
      int at = bytes.readerIndex();
      while (!isWatched && at >= 0) {
        at = bytes.indexOf(at + 1, bytes.writerIndex(), (byte) 'P');
        if (at > 0 && startsWithPreface(bytes, at)) {
          super.channelRead(ctx, bytes.readRetainedSlice(at - bytes.readerIndex()));
          watchStreams(ctx);
        }
      }
      super.channelRead(ctx, bytes);
      watchStreams(ctx);
    }

    private static boolean startsWithPreface(ByteBuf bytes, int at) {
      int length = PREFACE.readableBytes();
      return bytes.writerIndex() - at >= length
          && ByteBufUtil.equals(bytes, at, PREFACE, PREFACE.readerIndex(), length);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
      super.userEventTriggered(ctx, event);
      watchStreams(ctx); // TLS has said which protocol it is
    }

    private void watchStreams(ChannelHandlerContext ctx) {
      Http2ConnectionHandler streams =
          isWatched ? null : ctx.pipeline().get(Http2ConnectionHandler.class);
      if (streams != null) {
        isWatched = true;
        Http2ConnectionDecoder decoder = streams.decoder();
        decoder.frameListener(new OneOfEach(decoder.frameListener()));
      }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) throws Exception {
      ctx.channel().config().setAutoRead(ctx.channel().isWritable());
      super.channelWritabilityChanged(ctx);
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

    /** The headers of a request are complete. Tells whether there may be one more. */
    private boolean begun() {
      sending++;
      unanswered++;
      cancel();
      return unanswered <= MOST_UNANSWERED;
    }

    private void answered() {
      unanswered--;
    }

    /** The body of a request is, too. */
    private void ended() {
      sending--;
      heads.bodyEnded();
      if (heads.isMultiplex() && !isWatched) {
        heads.notUpgraded();
      }
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
