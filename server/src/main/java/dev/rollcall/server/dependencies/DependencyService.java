package dev.rollcall.server.dependencies;

import static java.util.Objects.requireNonNull;

import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.util.Exceptions;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.rollcall.RegistryException;
import dev.rollcall.server.BudgetException;
import dev.rollcall.server.access.AccessControl;
import dev.rollcall.server.access.Limits;
import dev.rollcall.server.access.Principal;
import dev.rollcall.server.dependencies.DependencyRequest.MalformedException;
import dev.rollcall.spi.support.BrokenClassPath;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Registration with dependencies, to be mounted at {@code /services}. 200 with an empty body is
 * success; else a sentence says what is wrong: 400 for a body that is not what it must be, 403 for
 * a service that the caller may not touch, 404 for a URL that is not registered, 405 for a method
 * other than POST and DELETE, 422 for a URL that the centre may not call or too many required
 * services, 413 or 429 for too many services or too much memory, 503 where the registry's store
 * does not answer.
 *
 * @since 0.1.0
 */
public final class DependencyService implements HttpService {
  private static final int MAX_BYTES = 256 * 1024;

  private final DependencyRegistry centre;
  private final Limits limits;

  /**
   * Creates the service.
   *
   * @param centre does the work
   * @param limits how many services one client may register
   */
  public DependencyService(DependencyRegistry centre, Limits limits) {
    this.centre = requireNonNull(centre, "centre");
    this.limits = requireNonNull(limits, "limits");
  }

  @Override
  public HttpResponse serve(ServiceRequestContext ctx, HttpRequest req) {
    ctx.setMaxRequestLength(MAX_BYTES);
    return switch (req.method()) {
      case POST -> HttpResponse.of(req.aggregate().thenCompose(whole -> register(ctx, whole)));
      case DELETE -> HttpResponse.of(req.aggregate().thenCompose(whole -> remove(ctx, whole)));
      default ->
          HttpResponse.of(
              ResponseHeaders.builder(HttpStatus.METHOD_NOT_ALLOWED)
                  .contentType(MediaType.PLAIN_TEXT_UTF_8)
                  .set(HttpHeaderNames.ALLOW, "POST, DELETE")
                  .build(),
              HttpData.ofUtf8("method: (expected: POST or DELETE)"));
    };
  }

  private CompletableFuture<HttpResponse> register(
      ServiceRequestContext ctx, AggregatedHttpRequest whole) {
    DependencyRequest request;
    try {
      request = DependencyRequest.parse(whole.content().array());
    } catch (MalformedException malformed) {
      return refuse(HttpStatus.BAD_REQUEST, malformed.getMessage());
    } catch (RegistryException invalid) {
      return refuse(HttpStatus.UNPROCESSABLE_ENTITY, invalid.getMessage());
    }
    Principal principal = Principal.of(ctx);
    if (!principal.mayRegister(request.instance().service())) {
      return refuse(HttpStatus.FORBIDDEN, "Permission denied");
    }
    DependencyRegistry.Registrant registrant =
        new DependencyRegistry.Registrant(
            AccessControl.clientOf(ctx),
            limits.registrations(),
            ctx.remoteAddress().getAddress(),
            principal::mayRegister);
    return answer(
        centre
            .register(request, registrant)
            .thenApply(done -> HttpResponse.of(HttpStatus.OK, MediaType.PLAIN_TEXT_UTF_8, "")));
  }

  private CompletableFuture<HttpResponse> remove(
      ServiceRequestContext ctx, AggregatedHttpRequest whole) {
    String url;
    try {
      url =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(whole.content().array()))
              .toString();
    } catch (CharacterCodingException invalid) {
      return refuse(HttpStatus.BAD_REQUEST, "body: (expected: UTF-8)");
    }
    return answer(
        centre
            .remove(url, Principal.of(ctx)::mayRegister)
            .thenApply(
                known ->
                    known
                        ? HttpResponse.of(HttpStatus.OK, MediaType.PLAIN_TEXT_UTF_8, "")
                        : sentence(HttpStatus.NOT_FOUND, "no service is known by this URL")));
  }

  private static CompletableFuture<HttpResponse> answer(CompletableFuture<HttpResponse> done) {
    return done.exceptionally(
        failed -> {
          Throwable cause = Exceptions.peel(failed);
          if (cause instanceof BudgetException refused) {
            return sentence(HttpStatus.valueOf(refused.status()), refused.sentence());
          }
          if (cause instanceof RegistryException refused) {
            return sentence(
                switch (refused.kind()) {
                  // What this program's own class path lacks is no fault of the caller's.
                  case INVALID ->
                      BrokenClassPath.isCauseOf(refused)
                          ? HttpStatus.INTERNAL_SERVER_ERROR
                          : HttpStatus.UNPROCESSABLE_ENTITY;
                  case DENIED -> HttpStatus.FORBIDDEN;
                  case CONFLICT -> HttpStatus.TOO_MANY_REQUESTS;
                  case UNAVAILABLE -> HttpStatus.SERVICE_UNAVAILABLE;
                },
                String.valueOf(refused.getMessage()));
          }
          return Exceptions.throwUnsafely(cause);
        });
  }

  private static CompletableFuture<HttpResponse> refuse(
      HttpStatus status, @Nullable String sentence) {
    return CompletableFuture.completedFuture(sentence(status, String.valueOf(sentence)));
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
