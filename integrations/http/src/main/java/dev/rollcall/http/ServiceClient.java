package dev.rollcall.http;

import dev.rollcall.Arguments;
import dev.rollcall.NoInstanceException;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceView;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests to a service with the JDK's {@link HttpClient}: each to an instance that the view
 * picks, and to another one where that instance fails. Thread-safe; one a service is enough.
 *
 * <pre>{@code
 * ServiceClient payments = ServiceClient.of(registry.service("payments"));
 * HttpResponse<String> answer =
 *     payments.send("/charges/7", HttpRequest.newBuilder(), BodyHandlers.ofString());
 * }</pre>
 *
 * <p><b>What fails.</b> An instance has failed a request when no connection to it came about, when
 * the connection broke, when the request's {@linkplain HttpRequest.Builder#timeout timeout} was
 * over, or when its status is one of {@link Builder#failing}: 502, 503 and 504, unless another set
 * is given. The view {@linkplain ServiceView#failed leaves it alone for a while} then.
 *
 * <p><b>What is tried again.</b> Any request of which nothing was sent, since there was no
 * connection. What may have been received is sent again only where that does no harm: with the
 * methods GET, HEAD, OPTIONS, TRACE, PUT and DELETE, unless {@link Builder#repeatable} says
 * otherwise. The next try goes at once to an instance that was not tried yet; where there is none,
 * the last answer or failure stands. Requests are not hedged: no second one is sent while the first
 * may still be answered.
 *
 * <p><b>How often.</b> At most {@link Builder#attempts} tries for a request, and for all requests
 * together as many further tries as the {@link Builder#retryBudget} allows: so a service that is
 * down is not called three times as often for that.
 *
 * <p>While a request is under way it counts as in flight at its instance, until its answer is
 * complete as the body handler has it: with {@code ofInputStream()} that is when the headers are
 * there.
 *
 * @since 0.1.0
 */
public final class ServiceClient {
  private final ServiceView view;
  private final HttpClient client;
  private final int attempts;
  private final RetryBudget budget;
  private final IntPredicate failing;
  private final Predicate<HttpRequest> repeatable;

  private ServiceClient(Builder from) {
    this.view = from.view;
    this.client = from.client == null ? Builder.usualClient() : from.client;
    this.attempts = from.attempts;
    this.budget = new RetryBudget(from.ratio, from.reserve);
    this.failing = from.failing;
    this.repeatable = from.repeatable;
  }

  /**
   * Creates a client with the usual settings.
   *
   * @param view whom to send to, with the filter and the balancer that requests shall have
   * @return a new client
   */
  public static ServiceClient of(ServiceView view) {
    return builder(view).build();
  }

  /**
   * Starts a client.
   *
   * @param view whom to send to, with the filter and the balancer that requests shall have
   * @return a builder
   */
  public static Builder builder(ServiceView view) {
    return new Builder(Arguments.notNull("view", view, ""));
  }

  /**
   * Sends a request, and waits for the answer. An interruption cancels the request.
   *
   * @param path empty, or from its slash on, with a query or without, percent-encoded where a URI
   *     has to be
   * @param request all but the URI, which is set for each try; not changed. Its timeout is that of
   *     one try. Its body must be one that can be sent more than once, as all of {@link
   *     HttpRequest.BodyPublishers} but {@code fromPublisher} can.
   * @param handler reads the body of the answer that is returned; of no other
   * @param <T> the type of the body
   * @return the answer of the last try, whatever its status
   * @throws IOException of the last try; those before are suppressed in it
   * @throws InterruptedException where this thread is interrupted
   * @throws NoInstanceException where there is nobody to send to; it says why
   * @throws RegistryException of kind {@code INVALID} where the path is none
   * @throws IllegalArgumentException where an instance's URI is none that an HTTP client takes
   */
  public <T> HttpResponse<T> send(
      String path, HttpRequest.Builder request, HttpResponse.BodyHandler<T> handler)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<T>> answer = sendAsync(path, request, handler);
    try {
      return answer.get();
    } catch (InterruptedException interrupted) {
      answer.cancel(true);
      throw interrupted;
    } catch (ExecutionException failed) {
      Throwable cause = failed.getCause();
      if (cause instanceof IOException io) {
        throw io;
      }
      if (cause instanceof RuntimeException unchecked) {
        throw unchecked;
      }
      throw new IOException(cause);
    }
  }

  /**
   * Sends a request without waiting. Cancelling the future, or completing it, cancels the request,
   * and it is in flight no more.
   *
   * @param path as for {@link #send}
   * @param request as for {@link #send}; read before this returns
   * @param handler as for {@link #send}
   * @param <T> the type of the body
   * @return completes with the answer of the last try, or with what {@link #send} throws, on a
   *     thread of the HTTP client's
   */
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      String path, HttpRequest.Builder request, HttpResponse.BodyHandler<T> handler) {
    Exchange<T> exchange =
        new Exchange<>(
            this,
            Arguments.notNull("path", path, ""),
            Arguments.notNull("request", request, "").copy(),
            Arguments.notNull("handler", handler, ""));
    budget.request();
    return exchange.begin();
  }

  ServiceView view() {
    return view;
  }

  HttpClient client() {
    return client;
  }

  int attempts() {
    return attempts;
  }

  RetryBudget budget() {
    return budget;
  }

  boolean isFailure(int status) {
    return failing.test(status);
  }

  boolean isRepeatable(HttpRequest request) {
    return repeatable.test(request);
  }

  /** Collects the settings of a {@link ServiceClient}. Not thread-safe. */
  public static final class Builder {
    private static final Set<Integer> UNAVAILABLE = Set.of(502, 503, 504);
    private static final Set<String> IDEMPOTENT =
        Set.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE");
    private static final int MAX_ATTEMPTS = 100;
    private static final int MAX_RESERVE = 1_000_000;

    private final ServiceView view;
    private @Nullable HttpClient client;
    private int attempts = 3;
    private double ratio = 0.2;
    private int reserve = 10;
    private IntPredicate failing = UNAVAILABLE::contains;
    private Predicate<HttpRequest> repeatable = request -> IDEMPOTENT.contains(request.method());

    private Builder(ServiceView view) {
      this.view = view;
    }

    private static HttpClient usualClient() {
      return HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
    }

    /**
     * Sets the HTTP client; without this call a new one that waits for a connection for 2 s.
     *
     * @param client the HTTP client, with a time limit for connections: what it waits for an
     *     instance that is gone, a request waits
     * @return this
     */
    public Builder client(HttpClient client) {
      this.client = Arguments.notNull("client", client, "");
      return this;
    }

    /**
     * Sets how often a request is tried, the first time included; 3 without this call.
     *
     * @param most 1, which tries nothing again, to 100
     * @return this
     */
    public Builder attempts(int most) {
      if (most < 1 || most > MAX_ATTEMPTS) {
        throw RegistryException.invalid(
            "attempts: " + most + " (expected: 1-" + MAX_ATTEMPTS + ")");
      }
      this.attempts = most;
      return this;
    }

    /**
     * Sets how many further tries there may be for all requests together: a share of the requests
     * that are begun, and some in reserve, which is there at first and is filled up again by the
     * requests that need none. 0.2 and 10 without this call. Where nothing is left, the first
     * answer or failure stands.
     *
     * @param ratio further tries for each request, 0 to 10
     * @param reserve how many at once, 0 to 1,000,000
     * @return this
     */
    public Builder retryBudget(double ratio, int reserve) {
      if (!(ratio >= 0 && ratio <= 10)) {
        throw RegistryException.invalid("ratio: " + ratio + " (expected: 0 to 10)");
      }
      if (reserve < 0 || reserve > MAX_RESERVE) {
        throw RegistryException.invalid(
            "reserve: " + reserve + " (expected: 0-" + MAX_RESERVE + ")");
      }
      this.ratio = ratio;
      this.reserve = reserve;
      return this;
    }

    /**
     * Sets which statuses say that the instance has failed; 502, 503 and 504 without this call.
     *
     * @param statuses asked for each status, by any thread
     * @return this
     */
    public Builder failing(IntPredicate statuses) {
      this.failing = Arguments.notNull("failing", statuses, "");
      return this;
    }

    /**
     * Sets which requests are sent again although they may have been received; those with the
     * methods GET, HEAD, OPTIONS, TRACE, PUT and DELETE without this call.
     *
     * @param requests asked for each request, by any thread; for a POST that carries a key by which
     *     the service knows it again, say
     * @return this
     */
    public Builder repeatable(Predicate<HttpRequest> requests) {
      this.repeatable = Arguments.notNull("repeatable", requests, "");
      return this;
    }

    /**
     * Makes the client.
     *
     * @return a new client
     */
    public ServiceClient build() {
      return new ServiceClient(this);
    }
  }
}
