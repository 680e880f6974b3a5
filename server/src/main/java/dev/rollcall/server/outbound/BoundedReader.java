package dev.rollcall.server.outbound;

import static java.util.Objects.requireNonNull;

import com.linecorp.armeria.client.UnprocessedRequestException;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpObject;
import com.linecorp.armeria.common.ResponseHeaders;
import java.net.InetAddress;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/**
 * Reads the status and at most {@link OutboundCalls#MAX_BODY_BYTES} of the body; called serially.
 */
class BoundedReader implements Subscriber<HttpObject> {
  private final OutboundCall call;
  private final Iterator<InetAddress> others;
  private @Nullable Subscription subscription;
  private int status;
  private long left = OutboundCalls.MAX_BODY_BYTES;

  BoundedReader(OutboundCall call, Iterator<InetAddress> others) {
    this.call = call;
    this.others = others;
  }

  @Override
  public void onSubscribe(Subscription subscription) {
    this.subscription = subscription;
    subscription.request(1);
  }

  @Override
  public void onNext(HttpObject part) {
    if (part instanceof ResponseHeaders headers) {
      status = headers.status().code();
    } else if (part instanceof HttpData data) {
      left -= data.length();
    }
    if (left > 0) {
      requireNonNull(subscription).request(1);
    } else {
      requireNonNull(subscription).cancel();
      onComplete();
    }
  }

  @Override
  public void onError(Throwable failed) {
    if (failed instanceof UnprocessedRequestException) {
      call.notAccepted(others);
    } else {
      call.end(Reply.UNCERTAIN);
    }
  }

  @Override
  public void onComplete() {
    call.end(status == 0 ? Reply.UNCERTAIN : reply(status));
  }

  /** Returns what an answer with a status comes to. */
  Reply reply(int status) {
    return new Reply(Reply.End.ANSWERED, status);
  }
}
