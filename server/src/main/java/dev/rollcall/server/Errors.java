package dev.rollcall.server;

import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.ContentTooLargeException;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.logging.RequestLogProperty;
import com.linecorp.armeria.common.util.Exceptions;
import com.linecorp.armeria.server.HttpResponseException;
import com.linecorp.armeria.server.HttpStatusException;
import com.linecorp.armeria.server.RequestTimeoutException;
import com.linecorp.armeria.server.ServerErrorHandler;
import com.linecorp.armeria.server.ServiceConfig;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a client is told where no service has answered it: a status and a sentence. */
final class Errors implements ServerErrorHandler {
  private static final Logger LOG = LoggerFactory.getLogger(Errors.class);

  private final AtomicBoolean isBroken = new AtomicBoolean();

  /** Tells whether the JVM has run out of something that requests needed: it may limp since. */
  boolean isBroken() {
    return isBroken.get();
  }

  @Override
  public @Nullable HttpResponse onServiceException(ServiceRequestContext ctx, Throwable failed) {
    Throwable cause = Exceptions.peel(failed);
    if (cause instanceof ContentTooLargeException) {
      return sentence(HttpStatus.REQUEST_ENTITY_TOO_LARGE, "the body is longer than is taken");
    }
    if (cause instanceof BudgetException refused) {
      return sentence(refused);
    }
    if (cause instanceof SlowSenderException slow) {
      return sentence(HttpStatus.REQUEST_TIMEOUT, String.valueOf(slow.getMessage()));
    }
    if (cause instanceof RequestTimeoutException) {
      return ctx.log().isAvailable(RequestLogProperty.REQUEST_END_TIME)
          ? sentence(HttpStatus.SERVICE_UNAVAILABLE, "no answer in time")
          : sentence(HttpStatus.REQUEST_TIMEOUT, "the request has not arrived in time");
    }
    if (cause instanceof HttpStatusException refused) {
      return sentence(refused.httpStatus(), refused.httpStatus().reasonPhrase());
    }
    if (cause instanceof HttpResponseException || Exceptions.isExpected(cause)) {
      return null;
    }
    if (cause instanceof VirtualMachineError) {
      isBroken.set(true);
    }
    LOG.error("a request failed", cause);
    return sentence(HttpStatus.INTERNAL_SERVER_ERROR, "the centre failed; its log says why");
  }

  @Override
  public @Nullable AggregatedHttpResponse onProtocolViolation(
      ServiceConfig config,
      @Nullable RequestHeaders headers,
      HttpStatus status,
      @Nullable String description,
      @Nullable Throwable cause) {
    return AggregatedHttpResponse.of(
        ResponseHeaders.builder(status)
            .contentType(MediaType.PLAIN_TEXT_UTF_8)
            .set(HttpHeaderNames.X_CONTENT_TYPE_OPTIONS, "nosniff")
            .build(),
        HttpData.ofUtf8(status.toString()));
  }

  static HttpResponse sentence(BudgetException refused) {
    return sentence(HttpStatus.valueOf(refused.status()), refused.sentence());
  }

  private static HttpResponse sentence(HttpStatus status, String sentence) {
    return HttpResponse.of(
        ResponseHeaders.builder(status)
            .contentType(MediaType.PLAIN_TEXT_UTF_8)
            .set(HttpHeaderNames.X_CONTENT_TYPE_OPTIONS, "nosniff")
            .build(),
        HttpData.ofUtf8(sentence));
  }
}
