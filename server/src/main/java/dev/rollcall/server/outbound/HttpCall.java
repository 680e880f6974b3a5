package dev.rollcall.server.outbound;

import com.google.common.net.InetAddresses;
import com.linecorp.armeria.client.Endpoint;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.SessionProtocol;
import dev.rollcall.HostPort;
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
    HostPort address = target.address();
    Endpoint endpoint =
        InetAddresses.isInetAddress(address.host())
            ? Endpoint.of(address.host(), address.port())
            : Endpoint.of(address.host(), address.port()).withIpAddr(chosen.getHostAddress());
    WebClient client =
        WebClient.builder(protocol, endpoint)
            .factory(calls.clients)
            .responseTimeout(Duration.ZERO)
            .maxResponseLength(0)
            .build();
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
    HttpResponse response = client.execute(request);
    result.whenComplete((reply, never) -> response.abort());
    response.subscribe(new BoundedReader(this, others));
  }
}
