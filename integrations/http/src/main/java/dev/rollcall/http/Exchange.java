package dev.rollcall.http;

import dev.rollcall.NoInstanceException;
import dev.rollcall.Pick;
import dev.rollcall.ServiceInstance;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * One request, with its tries, of which there is one at a time.
 *
 * <p>Each try has a pick, which it closes when it ends. Whether there is another try is decided
 * when the status is there and the body is not: since the body of an answer that is not returned is
 * thrown away, and that of the last one is the caller's. The pick of the next try is taken at that
 * moment, so that there is no way back.
 *
 * <p>{@code tried} and {@code failures} belong to the try that is under way. {@code sent} is read
 * by the thread that completes the result: a try looks at the result after it has set that, so one
 * of the two sees the other.
 */
final class Exchange<T> {
  private final ServiceClient client;
  private final String path;
  private final HttpRequest.Builder template;
  private final HttpResponse.BodyHandler<T> handler;
  private final CompletableFuture<HttpResponse<T>> result = new CompletableFuture<>();
  private final List<ServiceInstance> tried = new ArrayList<>();
  private final List<Throwable> failures = new ArrayList<>();
  private volatile @Nullable CompletableFuture<?> sent;

  Exchange(
      ServiceClient client,
      String path,
      HttpRequest.Builder template,
      HttpResponse.BodyHandler<T> handler) {
    this.client = client;
    this.path = path;
    this.template = template;
    this.handler = handler;
  }

  CompletableFuture<HttpResponse<T>> begin() {
    result.whenComplete((answer, failed) -> cancel());
    try {
      send(client.view().acquire(tried));
    } catch (NoInstanceException nobody) {
      result.completeExceptionally(nobody);
    }
    return result;
  }

  private void cancel() {
    CompletableFuture<?> last = sent;
    if (last != null) {
      last.cancel(true);
    }
  }

  private void send(Pick pick) {
    tried.add(pick.instance());
    try {
      Try next = new Try(pick, template.uri(pick.instance().uri(path)).build());
      CompletableFuture<HttpResponse<T>> answer = client.client().sendAsync(next.request, next);
      sent = answer;
      if (result.isDone()) {
        answer.cancel(true);
      }
      answer.whenComplete(next::ended);
    } catch (RuntimeException refused) {
      pick.close();
      result.completeExceptionally(refused);
    }
  }

  /** Returns the pick of another try, null where there shall be none. */
  private @Nullable Pick another() {
    if (tried.size() == client.attempts() || result.isDone() || !client.budget().take()) {
      return null;
    }
    try {
      return client.view().acquire(tried);
    } catch (NoInstanceException allTried) {
      client.budget().giveBack();
      return null;
    }
  }

  private boolean mayBeSentAgain(HttpRequest request, Throwable failure) {
    HttpClient http = client.client();
    boolean unsent =
        (failure instanceof ConnectException || failure instanceof HttpConnectTimeoutException)
            // Else it may be the second connection of the try that failed.
            && http.followRedirects() == HttpClient.Redirect.NEVER
            && http.authenticator().isEmpty();
    return unsent || client.isRepeatable(request);
  }

  /** {@code next} and {@code ended} are guarded by this. */
  private final class Try implements HttpResponse.BodyHandler<T> {
    final HttpRequest request;
    private final Pick pick;
    private @Nullable Pick next;
    private boolean ended;

    Try(Pick pick, HttpRequest request) {
      this.pick = pick;
      this.request = request;
    }

    @Override
    public HttpResponse.BodySubscriber<T> apply(HttpResponse.ResponseInfo info) {
      if (client.isFailure(info.statusCode())) {
        pick.failed();
        Pick following = client.isRepeatable(request) ? another() : null;
        if (following != null) {
          keep(following);
          return HttpResponse.BodySubscribers.replacing(null);
        }
      }
      return handler.apply(info);
    }

    private synchronized void keep(Pick following) {
      if (ended) { // cancelled meanwhile
        following.close();
      } else {
        next = following;
      }
    }

    private synchronized @Nullable Pick end() {
      ended = true;
      return next;
    }

    void ended(@Nullable HttpResponse<T> answer, @Nullable Throwable failed) {
      Pick following = end();
      Throwable failure =
          failed instanceof CompletionException && failed.getCause() != null
              ? failed.getCause()
              : failed;
      if (failure instanceof IOException && !result.isDone()) {
        pick.failed();
        following = following == null && mayBeSentAgain(request, failure) ? another() : following;
      }
      pick.close();
      if (result.isDone()) {
        if (following != null) {
          following.close();
        }
      } else if (following != null) {
        if (failure != null) {
          failures.add(failure);
        }
        send(following);
      } else if (failure != null) {
        failures.forEach(failure::addSuppressed);
        result.completeExceptionally(failure);
      } else {
        result.complete(answer);
      }
    }
  }
}
