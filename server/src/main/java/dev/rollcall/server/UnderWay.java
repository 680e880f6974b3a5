package dev.rollcall.server;

import static java.util.Objects.requireNonNull;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpObject;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.server.DecoratingHttpServiceFunction;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.rollcall.server.access.AccessControl;
import io.netty.util.AttributeKey;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/**
 * Counts what a request holds of memory from its headers to the last byte of its answer, and
 * refuses what is beyond its client's budget: with 429, or with 413 where it alone is too much. A
 * body counts twice, since it is read from what was received, by the length that was announced, or
 * else as it comes. One that comes too slowly is cut off.
 *
 * <p>Stands next to the services, so that the caller is known already. Thread-safe; what belongs to
 * one request is confined to its event loop.
 *
 * @since 0.1.0
 */
public final class UnderWay implements DecoratingHttpServiceFunction {
  /** The objects that stand for a request, measured with one that waits. */
  static final long REQUEST_BYTES = 8 << 10;

  /** What a body must bring of bytes in a second, on average since the headers came. */
  static final long LEAST_RATE = 512;

  /** How long a body may come to nothing. */
  static final int GRACE_SECONDS = 3;

  private static final String PROBES = "/health/";
  private static final AttributeKey<MemoryBudget.Hold> HOLD =
      AttributeKey.valueOf(UnderWay.class, "HOLD");

  private final MemoryBudget budget;

  UnderWay(MemoryBudget budget) {
    this.budget = budget;
  }

  /**
   * Returns what a request holds.
   *
   * @param ctx the request
   * @return its hold, closed when its answer is sent; nothing where it is not counted
   */
  public static Optional<MemoryBudget.Hold> of(ServiceRequestContext ctx) {
    return Optional.ofNullable(ctx.attr(HOLD));
  }

  @Override
  public HttpResponse serve(HttpService delegate, ServiceRequestContext ctx, HttpRequest req)
      throws Exception {
    if (ctx.path().startsWith(PROBES)) {
      return delegate.serve(ctx, req); // so that the operator sees that it lives
    }
    long announced = Math.max(0, req.headers().contentLength());
    MemoryBudget.Hold hold;
    try {
      hold =
          budget.take(
              AccessControl.clientOf(ctx), REQUEST_BYTES + 2 * (announced + size(req.headers())));
    } catch (BudgetException refused) {
      return Errors.sentence(refused);
    }
    ctx.setAttr(HOLD, hold);
    ctx.log().whenComplete().thenRun(hold::close);
    if (req.method() == HttpMethod.GET) {
      return delegate.serve(ctx, req); // its body is not read
    }
    Body body = new Body(ctx, hold, announced);
    // Not peekData: what collects a body would have it look when all has come.
    Publisher<HttpObject> pieces = to -> req.subscribe(body.countFor(to));
    HttpRequest counted = HttpRequest.of(req.headers(), pieces);
    body.lookLater();
    ctx.log().whenRequestComplete().thenRun(body::ended);
    return delegate.serve(ctx, counted);
  }

  private static long size(RequestHeaders headers) {
    long size = 0;
    for (Map.Entry<?, String> header : headers) {
      size += header.getKey().toString().length() + header.getValue().length();
    }
    return size;
  }

  /** A body on its way. */
  private static final class Body {
    private final ServiceRequestContext ctx;
    private final MemoryBudget.Hold hold;
    private final long announced;
    private long came;
    private int seconds;
    private boolean isOver;
    private @Nullable Future<?> next;

    Body(ServiceRequestContext ctx, MemoryBudget.Hold hold, long announced) {
      this.ctx = ctx;
      this.hold = hold;
      this.announced = announced;
    }

    /** Returns what counts each piece before it is passed on. */
    Subscriber<HttpObject> countFor(Subscriber<? super HttpObject> to) {
      return new Subscriber<>() {
        private @Nullable Subscription subscription;
        private boolean isRefused;

        @Override
        public void onSubscribe(Subscription given) {
          subscription = given;
          to.onSubscribe(given);
        }

        @Override
        public void onNext(HttpObject piece) {
          if (isRefused) {
            return;
          }
          try {
            if (piece instanceof HttpData data) {
              came(data.length());
            }
          } catch (BudgetException refused) {
            isRefused = true;
            requireNonNull(subscription).cancel();
            to.onError(refused);
            return;
          }
          to.onNext(piece);
        }

        @Override
        public void onError(Throwable failed) {
          if (!isRefused) {
            to.onError(failed);
          }
        }

        @Override
        public void onComplete() {
          if (!isRefused) {
            to.onComplete();
          }
        }
      };
    }

    private void came(int bytes) {
      came += bytes;
      if (came > announced) {
        hold.grow(2L * bytes);
      }
    }

    void lookLater() {
      if (!isOver) {
        seconds++;
        next = ctx.eventLoop().withoutContext().schedule(this::look, 1, TimeUnit.SECONDS);
      }
    }

    /** Looks whether enough has come by now. */
    private void look() {
      if (seconds > GRACE_SECONDS && came < LEAST_RATE * seconds) {
        ctx.cancel(new SlowSenderException());
      } else {
        lookLater();
      }
    }

    /** All of it has come, or no more is wanted. The timer would hold on to the request. */
    void ended() {
      if (!ctx.eventLoop().inEventLoop()) {
        ctx.eventLoop().execute(this::ended);
        return;
      }
      isOver = true;
      Future<?> last = next;
      if (last != null) {
        last.cancel(false);
      }
    }
  }
}
