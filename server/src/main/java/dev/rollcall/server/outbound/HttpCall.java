package dev.rollcall.server.outbound;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.SessionProtocol;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Iterator;

/** A request by HTTP/1, on a connection of its own. */
final class HttpCall extends OutboundCall {
  private final CheckRequest asked;
  private final CallTarget target;

  HttpCall(
      OutboundCalls calls,
      CheckRequest asked,
      CallTarget target,
      InetAddress registrant,
      Duration timeout) {
    super(calls, target.address(), registrant, timeout, false);
    this.asked = asked;
    this.target = target;
  }

  @Override
  boolean sendsRequest() {
    return true;
  }

  @Override
  void send(InetAddress chosen, Iterator<InetAddress> others) {
    SessionProtocol protocol = target.secure() ? SessionProtocol.H1 : SessionProtocol.H1C;
    RequestHeaders headers =
        RequestHeaders.builder(asked.method(), target.pathAndQuery())
            .set(HttpHeaderNames.USER_AGENT, "rollcall")
            .set(HttpHeaderNames.ACCEPT_ENCODING, "identity")
            .set(asked.headers())
            .build();
    HttpRequest request =
        asked.body().size() == 0
            ? HttpRequest.of(headers)
            : HttpRequest.of(headers, HttpData.wrap(asked.body().toArray()));
    subscribe(protocol, request, chosen, new BoundedReader(this, others));
  }
}
