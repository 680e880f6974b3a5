package dev.rollcall.server.consul;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.rollcall.server.BudgetException;
import dev.rollcall.server.UnderWay;
import io.netty.util.AsciiString;

/** A complete reply. Immutable, and so shared by all that get the same one. */
record Answer(ResponseHeaders headers, HttpData body) {
  static final AsciiString INDEX = AsciiString.cached("x-consul-index");
  static final AsciiString KNOWN_LEADER = AsciiString.cached("x-consul-knownleader");
  static final AsciiString LAST_CONTACT = AsciiString.cached("x-consul-lastcontact");
  static final AsciiString CONSISTENCY = AsciiString.cached("x-consul-effective-consistency");

  static final AsciiString DEFAULT_POLICY = AsciiString.cached("x-consul-default-acl-policy");
  static final AsciiString QUERY_BACKEND = AsciiString.cached("x-consul-query-backend");

  private static final MediaType JSON = MediaType.parse("application/json");
  private static final MediaType TEXT = MediaType.PLAIN_TEXT_UTF_8;

  static Answer json(byte[] body) {
    return new Answer(headers(200, JSON).build(), HttpData.wrap(body));
  }

  static Answer json(int status, byte[] body) {
    return new Answer(headers(status, JSON).build(), HttpData.wrap(body));
  }

  /** The reply to a query of the catalog, which could have blocked. */
  static Answer indexed(long index, byte[] body) {
    return indexed(index, 200, JSON, HttpData.wrap(body)).with(CONSISTENCY, "leader");
  }

  /** The reply to a query of this process alone, which could have blocked. */
  static Answer local(long index, byte[] body) {
    return new Answer(headers(200, JSON).setLong(INDEX, index).build(), HttpData.wrap(body));
  }

  /** The reply to a query of something that has an index and no choice of consistency. */
  static Answer plain(long index, byte[] body) {
    return indexed(index, 200, JSON, HttpData.wrap(body));
  }

  static Answer indexed(long index, int status, MediaType type, HttpData body) {
    return new Answer(
        headers(status, type)
            .setLong(INDEX, Math.max(1, index))
            .set(KNOWN_LEADER, "true")
            .set(LAST_CONTACT, "0")
            .build(),
        body);
  }

  /** The reply to a query of keys that are not there. */
  static Answer missing(long index) {
    return new Answer(
        ResponseHeaders.builder(404)
            .set(HttpHeaderNames.VARY, "Accept-Encoding")
            .setLong(INDEX, Math.max(1, index))
            .set(KNOWN_LEADER, "true")
            .set(LAST_CONTACT, "0")
            .build(),
        HttpData.empty());
  }

  static Answer text(int status, String text) {
    return new Answer(headers(status, TEXT).build(), HttpData.ofUtf8(text));
  }

  static Answer empty() {
    return new Answer(
        ResponseHeaders.builder(HttpStatus.OK).set(HttpHeaderNames.VARY, "Accept-Encoding").build(),
        HttpData.empty());
  }

  Answer with(CharSequence name, String value) {
    return new Answer(headers.toBuilder().set(name, value).build(), body);
  }

  HttpResponse response() {
    return HttpResponse.of(headers, body);
  }

  /**
   * Answers a request. A long body is sent in pieces, the next when the connection has taken the
   * one before: of a client that does not read, one is under way. The body itself is counted as
   * long as that lasts, once for all that the client is sending of it.
   */
  HttpResponse response(ServiceRequestContext ctx) {
    if (body.length() <= Pieces.SIZE) {
      return response();
    }
    try {
      UnderWay.of(ctx).ifPresent(hold -> hold.share(body, body.length()));
    } catch (BudgetException refused) {
      return text(refused.status(), refused.sentence()).response();
    }
    return Pieces.send(ctx, headers, body.array());
  }

  private static ResponseHeadersBuilder headers(int status, MediaType type) {
    return ResponseHeaders.builder(status)
        .contentType(type)
        .set(HttpHeaderNames.VARY, "Accept-Encoding");
  }
}
