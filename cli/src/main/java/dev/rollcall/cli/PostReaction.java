package dev.rollcall.cli;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * POSTs each change, and goes on until the receiver has taken it, or has refused it for good: it is
 * never given a difference to a state that it was not given. Called by one thread at a time.
 */
final class PostReaction implements Consumer<Watched.Rendered> {
  private static final long FIRST_DELAY_MILLIS = 200;
  private static final long MAX_DELAY_MILLIS = 5_000;

  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  private final URI target;
  private final Consumer<String> say;

  PostReaction(URI target, Consumer<String> say) {
    this.target = target;
    this.say = say;
  }

  @Override
  public void accept(Watched.Rendered change) {
    HttpRequest request =
        HttpRequest.newBuilder(target)
            .timeout(Duration.ofSeconds(10))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(change.json(), StandardCharsets.UTF_8))
            .build();
    try {
      long delay = FIRST_DELAY_MILLIS;
      for (boolean first = true; ; first = false) {
        String failure = attempt(request);
        if (failure.isEmpty()) {
          return;
        }
        if (first) {
          say.accept(named() + failure + "; trying again until it is taken");
        }
        TimeUnit.MILLISECONDS.sleep(delay);
        delay = Math.min(2 * delay, MAX_DELAY_MILLIS);
      }
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns why another attempt makes sense, empty where none is needed. */
  private String attempt(HttpRequest request) throws InterruptedException {
    try {
      int status = client.send(request, BodyHandlers.discarding()).statusCode();
      if (status / 100 == 2) {
        return "";
      }
      if (status >= 500 || status == 408 || status == 429) {
        return "status " + status;
      }
      say.accept(named() + "status " + status + "; this change is dropped");
      return "";
    } catch (IOException noAnswer) {
      return Sentence.of(noAnswer);
    }
  }

  /** Without what may hold a secret: user information and query. */
  private String named() {
    return "--post " + target.getScheme() + "://" + target.getHost() + target.getPath() + ": ";
  }
}
