package dev.rollcall.server;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * Ends a connection of HTTP/2 on which a request says two things at once: two paths, two
 * authorities, or a Host that is not its authority. One of the two may be what a proxy has looked
 * at, and the other what is served. What the server makes of the headers has one of them alone.
 */
final class OneOfEach extends Http2FrameListenerDecorator {
  private static final String AUTHORITY = ":authority";
  private static final String HOST = "host";
  private static final String[] SINGLE = {":path", ":method", ":scheme", AUTHORITY, HOST};

  OneOfEach(Http2FrameListener next) {
    super(next);
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx,
      int streamId,
      Http2Headers headers,
      int padding,
      boolean endOfStream)
      throws Http2Exception {
    requireOneOfEach(headers);
    super.onHeadersRead(ctx, streamId, headers, padding, endOfStream);
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext ctx,
      int streamId,
      Http2Headers headers,
      int streamDependency,
      short weight,
      boolean exclusive,
      int padding,
      boolean endOfStream)
      throws Http2Exception {
    requireOneOfEach(headers);
    super.onHeadersRead(
        ctx, streamId, headers, streamDependency, weight, exclusive, padding, endOfStream);
  }

  private static void requireOneOfEach(Http2Headers headers) throws Http2Exception {
    for (String name : SINGLE) {
      if (headers.getAll(name).size() > 1) {
        throw Http2Exception.connectionError(
            Http2Error.PROTOCOL_ERROR, "%s: (expected: only one)", name);
      }
    }
    CharSequence authority = headers.get(AUTHORITY);
    CharSequence host = headers.get(HOST);
    if (authority != null && host != null && !authority.toString().contentEquals(host)) {
      throw Http2Exception.connectionError(
          Http2Error.PROTOCOL_ERROR, "host: (expected: the same as :authority)");
    }
  }
}
