package dev.rollcall.server.outbound;

import com.linecorp.armeria.common.util.TransportType;
import dev.rollcall.HostPort;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Iterator;

/** A TCP connection that is opened and closed. */
final class TcpCall extends OutboundCall {
  private final int port;

  TcpCall(OutboundCalls calls, HostPort address, InetAddress registrant, Duration timeout) {
    super(calls, address, registrant, timeout, false);
    port = address.port();
  }

  @Override
  boolean sendsRequest() {
    return false;
  }

  @Override
  void send(InetAddress chosen, Iterator<InetAddress> others) {
    ChannelFuture connecting =
        new Bootstrap()
            .group(calls.loops)
            .channel(TransportType.socketChannelType(calls.loops))
            .handler(new ChannelInboundHandlerAdapter())
            .connect(new InetSocketAddress(chosen, port));
    Channel channel = connecting.channel();
    result.whenComplete((reply, never) -> channel.close());
    connecting.addListener(
        done -> {
          if (done.isSuccess()) {
            end(Reply.CONNECTED);
          } else {
            notAccepted(others);
          }
        });
  }
}
