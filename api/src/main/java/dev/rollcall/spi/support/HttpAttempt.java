package dev.rollcall.spi.support;

import static java.util.Objects.requireNonNull;

import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.spi.Timer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** Sends one request, and reads the answer to its end or for 4 KiB, whichever comes first. */
final class HttpAttempt extends CheckAttempt {
  private static final int MAX_BODY_BYTES = 4096;
  private static final String USER_AGENT = "User-Agent";
  private static final int TOO_MANY_REQUESTS = 429;

  private final Liveness.HttpCheck check;

  HttpAttempt(CheckNetwork network, Timer timer, Liveness.HttpCheck check) {
    super(network, timer, unbracketed(check.uri().getHost()));
    this.check = check;
  }

  @Override
  void ask(InetAddress[] addresses) throws IOException {
    HttpRequest.Builder request = HttpRequest.newBuilder(check.uri());
    if (!check.body().isEmpty()) {
      request.method(check.method(), HttpRequest.BodyPublishers.ofString(check.body()));
    } else if (!check.method().equals("GET")) {
      request.method(check.method(), HttpRequest.BodyPublishers.noBody());
    }
    if (!check.headers().containsKey(USER_AGENT)) {
      request.header(USER_AGENT, "rollcall-check");
    }
    check.headers().forEach((name, values) -> values.forEach(value -> request.header(name, value)));
    // The client resolves the name once more; by now the answer is in the JVM's cache.
    CompletableFuture<HttpResponse<@Nullable Void>> answer =
        network.client(check.tls()).sendAsync(request.build(), head -> new BoundedBody());
    onDrop(() -> answer.cancel(true));
    var unused =
        answer.whenComplete(
            (response, failed) ->
                result.complete(
                    response == null ? Health.CRITICAL : healthOf(response.statusCode())));
  }

  private static Health healthOf(int status) {
    if (status == TOO_MANY_REQUESTS) {
      return Health.WARNING;
    }
    return status / 100 == 2 ? Health.PASSING : Health.CRITICAL;
  }

  private static String unbracketed(String host) {
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  /** Used by one exchange, which calls it serially. */
  private static final class BoundedBody implements HttpResponse.BodySubscriber<@Nullable Void> {
    private final CompletableFuture<@Nullable Void> end = new CompletableFuture<>();
    private Flow.@Nullable Subscription subscription;
    private long left = MAX_BODY_BYTES;

    @Override
    public CompletionStage<@Nullable Void> getBody() {
      return end;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      this.subscription = subscription;
      subscription.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
      for (ByteBuffer buffer : buffers) {
        left -= buffer.remaining();
      }
      Flow.Subscription from = requireNonNull(subscription);
      if (left > 0) {
        from.request(1);
      } else {
        from.cancel();
        end.complete(null);
      }
    }

    @Override
    public void onError(Throwable failed) {
      end.completeExceptionally(failed);
    }

    @Override
    public void onComplete() {
      end.complete(null);
    }
  }
}
