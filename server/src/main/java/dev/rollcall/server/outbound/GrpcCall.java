package dev.rollcall.server.outbound;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpObject;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.SessionProtocol;
import dev.rollcall.HostPort;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;

/**
 * A call of {@code grpc.health.v1.Health/Check}, by HTTP/2 on a connection of its own. The two
 * messages have one field each, so they are written and read here: a text of field 1, and a number
 * of field 1, which is 1 where the target serves.
 */
final class GrpcCall extends OutboundCall {
  private static final String PATH = "/grpc.health.v1.Health/Check";
  private static final byte[] SERVING = {0, 0, 0, 0, 2, 8, 1};

  private final HostPort address;
  private final boolean secure;
  private final String service;

  GrpcCall(
      OutboundCalls calls,
      HostPort address,
      boolean secure,
      String service,
      InetAddress registrant,
      Duration timeout) {
    super(calls, address, registrant, timeout, false);
    this.address = address;
    this.secure = secure;
    this.service = service;
  }

  @Override
  boolean sendsRequest() {
    return true;
  }

  @Override
  void send(InetAddress chosen, Iterator<InetAddress> others) {
    RequestHeaders headers =
        RequestHeaders.builder(HttpMethod.POST, PATH)
            .authority(address.toString())
            .set(HttpHeaderNames.CONTENT_TYPE, "application/grpc")
            .set(HttpHeaderNames.TE, "trailers")
            .set(HttpHeaderNames.USER_AGENT, "rollcall")
            .build();
    subscribe(
        secure ? SessionProtocol.H2 : SessionProtocol.H2C,
        HttpRequest.of(headers, HttpData.wrap(question())),
        chosen,
        new Reader(others));
  }

  /** A message with its length before it, as gRPC frames it. */
  private byte[] question() {
    byte[] name = service.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    if (name.length > 0) {
      message.write(0x0a);
      if (name.length > 0x7f) {
        message.write((name.length & 0x7f) | 0x80);
        message.write(name.length >> 7);
      } else {
        message.write(name.length);
      }
      message.writeBytes(name);
    }
    ByteArrayOutputStream framed = new ByteArrayOutputStream();
    framed.writeBytes(new byte[] {0, 0, 0, (byte) (message.size() >> 8), (byte) message.size()});
    framed.writeBytes(message.toByteArray());
    return framed.toByteArray();
  }

  /** Keeps what is compared with the one answer that is a good one. Called serially. */
  private final class Reader extends BoundedReader {
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private boolean succeeded;

    Reader(Iterator<InetAddress> others) {
      super(GrpcCall.this, others);
    }

    @Override
    public void onNext(HttpObject part) {
      if (part instanceof HttpData data) {
        body.writeBytes(data.array());
      } else if (part instanceof HttpHeaders headers) { // the first ones, or the trailers
        succeeded |= "0".equals(headers.get("grpc-status"));
      }
      super.onNext(part);
    }

    @Override
    Reply reply(int status) {
      return status == 200 && succeeded && Arrays.equals(body.toByteArray(), SERVING)
          ? Reply.SERVING
          : Reply.NOT_SERVING;
    }
  }
}
