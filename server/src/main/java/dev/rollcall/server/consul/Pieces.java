package dev.rollcall.server.consul;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpResponseWriter;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.netty.util.AttributeKey;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A long answer on its way. It is sent piece by piece, the next when the connection has taken the
 * one before and it is its client's turn: an event loop that could send one long answer at a
 * stretch would serve nobody else meanwhile, and a client with many connections would fill all of
 * them.
 *
 * <p>One step follows the other, on the threads that take turns.
 */
final class Pieces {
  static final int SIZE = 16 << 10;

  private static final AttributeKey<Executor> TURNS = AttributeKey.valueOf(Pieces.class, "TURNS");

  private final HttpResponseWriter response;
  private final byte[] bytes;
  private final Executor turns;
  private int sent;

  private Pieces(HttpResponseWriter response, byte[] bytes, Executor turns) {
    this.response = response;
    this.bytes = bytes;
    this.turns = turns;
  }

  /** Says where a request's answer takes its turns; without it that is the event loop. */
  static void takeTurns(ServiceRequestContext ctx, Executor turns) {
    ctx.setAttr(TURNS, turns);
  }

  static HttpResponse send(ServiceRequestContext ctx, ResponseHeaders headers, byte[] bytes) {
    Executor said = ctx.attr(TURNS);
    HttpResponseWriter response = HttpResponse.streaming();
    response.write(headers.toBuilder().contentLength(bytes.length).build());
    new Pieces(response, bytes, said == null ? ctx.eventLoop().withoutContext() : said).next();
    return response;
  }

  private void next() {
    int length = Math.min(SIZE, bytes.length - sent);
    if (!response.tryWrite(HttpData.wrap(bytes, sent, length))) {
      return; // its client has gone
    }
    sent += length;
    if (sent == bytes.length) {
      response.close();
    } else {
      response.whenConsumed().whenComplete(this::consumed);
    }
  }

  private void consumed(@Nullable Void taken, @Nullable Throwable gone) {
    if (gone == null) {
      turns.execute(this::next);
    }
  }
}
