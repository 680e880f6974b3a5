package dev.rollcall.http;

import static java.net.http.HttpResponse.BodyHandlers.ofString;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.rollcall.Balancer;
import dev.rollcall.Candidates;
import dev.rollcall.Liveness;
import dev.rollcall.NoInstanceException;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceView;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests to real servers, by a registry in memory. */
class ServiceClientTest {
  private final Registry registry = Registry.open("memory:");
  private final List<Shop> shops = new ArrayList<>();

  @BeforeAll
  static void beforeAll() {
    Awaitility.setDefaultTimeout(1, TimeUnit.MINUTES);
  }

  @AfterEach
  void close() {
    registry.close();
    shops.forEach(Shop::close);
  }

  /** A shop that is registered; the names are the order in which {@link #inOrder} picks. */
  private Shop shop(String name) {
    Shop shop = new Shop(name);
    shops.add(shop);
    register(shop);
    return shop;
  }

  private Registration register(Shop shop) {
    return registry.register(shop.instance().build(), Liveness.permanent()).join();
  }

  private ServiceView shops(int count) {
    ServiceView view = registry.service("shop");
    await().until(() -> view.instances().size() == count);
    return view;
  }

  /** Picks the first of the alphabet that is left. */
  private ServiceView inOrder(int count) {
    return shops(count).balancedBy((now, before) -> () -> 0);
  }

  private static HttpRequest.Builder get() {
    return HttpRequest.newBuilder().timeout(Duration.ofMinutes(1));
  }

  private static HttpRequest.Builder post(String body) {
    return get().POST(BodyPublishers.ofString(body));
  }

  @Test
  void aRequest_goesToAnInstance() throws Exception {
    shop("a");
    ServiceClient client = ServiceClient.of(shops(1));
    HttpResponse<String> answer = client.send("/things?n=1", get(), ofString());
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("a /things?n=1");
    assertThat(client.sendAsync("/x", post("body"), ofString()).get(1, TimeUnit.MINUTES).body())
        .isEqualTo("a /x body");
  }

  @Test
  void aStatusOfFailure_isTriedElsewhere_andTheInstanceIsLeftAlone() throws Exception {
    Shop a = shop("a");
    Shop b = shop("b");
    a.status = 503;
    List<String> candidates = new CopyOnWriteArrayList<>();
    ServiceClient client =
        ServiceClient.of(
            shops(2)
                .balancedBy(
                    (now, before) -> {
                      candidates.add(now.size() + " from " + now.get(0).id());
                      return () -> 0;
                    }));
    assertThat(client.send("/", get(), ofString()).body()).isEqualTo("b /");
    assertThat(a.received).hasValue(1);
    assertThat(b.received).hasValue(1);
    await().until(() -> candidates.contains("1 from b"));
  }

  @Test
  void theLastAnswer_isReturnedWithItsBody() throws Exception {
    Shop a = shop("a");
    Shop b = shop("b");
    a.status = 503;
    b.status = 502;
    ServiceClient client = ServiceClient.of(inOrder(2));
    HttpResponse<String> answer = client.send("/", get(), ofString());
    assertThat(answer.statusCode()).isEqualTo(502);
    assertThat(answer.body()).isEqualTo("b /");
    assertThat(a.received.get() + b.received.get()).isEqualTo(2);
  }

  @Test
  void otherStatuses_areAnswers() throws Exception {
    Shop a = shop("a");
    Shop b = shop("b");
    a.status = 500;
    assertThat(ServiceClient.of(inOrder(2)).send("/", get(), ofString()).statusCode())
        .isEqualTo(500);
    ServiceClient strict =
        ServiceClient.builder(inOrder(2)).failing(status -> status >= 500).build();
    assertThat(strict.send("/", get(), ofString()).body()).isEqualTo("b /");
    assertThat(b.received).hasValue(1);
  }

  @Test
  void attempts_areLimited() throws Exception {
    for (String name : List.of("a", "b", "c", "d")) {
      shop(name).status = 503;
    }
    ServiceClient twice = ServiceClient.builder(inOrder(4)).attempts(2).build();
    assertThat(twice.send("/", get(), ofString()).statusCode()).isEqualTo(503);
    assertThat(received()).isEqualTo(2);
    ServiceClient once = ServiceClient.builder(inOrder(4)).attempts(1).build();
    assertThat(once.send("/", get(), ofString()).statusCode()).isEqualTo(503);
    assertThat(received()).isEqualTo(3);
  }

  private int received() {
    return shops.stream().mapToInt(shop -> shop.received.get()).sum();
  }

  @Test
  void furtherTries_areLimitedForAllRequestsTogether() throws Exception {
    shop("a").status = 503;
    shop("b").status = 503;
    ServiceClient client = ServiceClient.builder(shops(2)).retryBudget(0.5, 3).build();
    for (int n = 0; n < 100; n++) {
      assertThat(client.send("/", get(), ofString()).statusCode()).isEqualTo(503);
    }
    // 3 in reserve, and half a try for each request but the first, whose half finds it full.
    assertThat(received()).isEqualTo(100 + 3 + 49);
  }

  @Test
  void withoutABudget_nothingIsTriedAgain() throws Exception {
    shop("a").status = 503;
    shop("b");
    ServiceClient client = ServiceClient.builder(inOrder(2)).retryBudget(0, 0).build();
    assertThat(client.send("/", get(), ofString()).body()).isEqualTo("a /");
    assertThat(received()).isEqualTo(1);
  }

  @Test
  void whatWasNotSent_isSentElsewhere_whateverTheMethod() throws Exception {
    Shop a = shop("a");
    shop("b");
    a.kill();
    ServiceClient client = ServiceClient.of(inOrder(2));
    assertThat(client.send("/", post("once"), ofString()).body()).isEqualTo("b / once");
    assertThat(received()).isEqualTo(1);
  }

  @Test
  void whatMayHaveBeenReceived_isNotSentAgain() {
    Shop a = shop("a");
    shop("b");
    a.breaking = true;
    ServiceClient client = ServiceClient.of(inOrder(2));
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> client.send("/", post("once"), ofString()));
    assertThat(received()).isEqualTo(1);
  }

  @Test
  void anAnswerOfFailureToWhatMayNotBeRepeated_isTheAnswer() throws Exception {
    shop("a").status = 503;
    shop("b");
    ServiceClient client = ServiceClient.of(inOrder(2));
    HttpResponse<String> answer = client.send("/", post("once"), ofString());
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.body()).isEqualTo("a / once");
    assertThat(received()).isEqualTo(1);
  }

  @Test
  void whatIsRepeatable_isSentAgain() throws Exception {
    Shop a = shop("a");
    shop("b");
    a.breaking = true;
    ServiceClient client =
        ServiceClient.builder(inOrder(2))
            .repeatable(request -> request.headers().firstValue("Idempotency-Key").isPresent())
            .build();
    HttpRequest.Builder keyed = post("twice").header("Idempotency-Key", "4711");
    assertThat(client.send("/", keyed, ofString()).body()).isEqualTo("b / twice");
    assertThat(received()).isEqualTo(2);
  }

  @Test
  void aConnectionThatFails_isNoProof_whereAClientFollowsRedirects() {
    shop("a").kill();
    shop("b");
    ServiceClient client =
        ServiceClient.builder(inOrder(2))
            .client(HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build())
            .build();
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> client.send("/", post("once"), ofString()));
    assertThat(received()).isZero();
  }

  @Test
  void theTimeoutOfATry_isAFailure() throws Exception {
    Shop a = shop("a");
    Shop b = shop("b");
    a.held = new CountDownLatch(1);
    ServiceClient client = ServiceClient.of(inOrder(2));
    HttpRequest.Builder quick = HttpRequest.newBuilder().timeout(Duration.ofMillis(500));
    b.held = a.held;
    assertThatExceptionOfType(HttpTimeoutException.class)
        .isThrownBy(() -> client.send("/", quick, ofString()))
        .satisfies(failed -> assertThat(failed.getSuppressed()).hasSize(1));
    assertThatExceptionOfType(HttpTimeoutException.class)
        .isThrownBy(() -> client.send("/", quick.copy().POST(BodyPublishers.noBody()), ofString()));
  }

  @Test
  void anInterruption_cancelsTheRequest() throws Exception {
    Shop a = shop("a");
    a.held = new CountDownLatch(1);
    AtomicReference<Candidates> candidates = new AtomicReference<>();
    ServiceClient client = ServiceClient.of(counted(candidates));
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread caller =
        new Thread(
            () -> {
              try {
                client.send("/", get(), ofString());
              } catch (Throwable failed) {
                thrown.set(failed);
              }
            });
    caller.start();
    await().until(() -> a.received.get() == 1);
    assertThat(candidates.get().inFlight(0)).isEqualTo(1);
    caller.interrupt();
    caller.join();
    assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
    await().until(() -> candidates.get().inFlight(0) == 0);
  }

  private ServiceView counted(AtomicReference<Candidates> candidates) {
    return shops(1)
        .balancedBy(
            (now, before) -> {
              candidates.set(now);
              return () -> 0;
            });
  }

  @Test
  void aCancelledRequest_isInFlightNoMore() throws Exception {
    Shop a = shop("a");
    a.held = new CountDownLatch(1);
    AtomicReference<Candidates> candidates = new AtomicReference<>();
    ServiceClient client = ServiceClient.of(counted(candidates));
    CompletableFuture<HttpResponse<String>> cancelled = client.sendAsync("/", get(), ofString());
    await().until(() -> a.received.get() == 1);
    assertThat(candidates.get().inFlight(0)).isEqualTo(1);
    cancelled.cancel(true);
    await().until(() -> candidates.get().inFlight(0) == 0);

    CompletableFuture<HttpResponse<String>> completed =
        client.sendAsync("/", get(), ofString()).orTimeout(1, TimeUnit.MILLISECONDS);
    await().until(completed::isCompletedExceptionally);
    await().until(() -> candidates.get().inFlight(0) == 0);

    a.held.countDown();
    a.held = null;
    assertThat(client.send("/", get(), ofString()).body()).isEqualTo("a /");
    await().until(() -> candidates.get().inFlight(0) == 0);
  }

  @Test
  void whereThereIsNobody_theReasonIsGiven() {
    ServiceClient client = ServiceClient.of(registry.service("shop"));
    assertThatExceptionOfType(NoInstanceException.class)
        .isThrownBy(() -> client.send("/", get(), ofString()))
        .withMessageContaining("shop");
    assertThat(client.sendAsync("/", get(), ofString())).isCompletedExceptionally();
  }

  @Test
  void aRequestThatCannotBeSent_isInFlightNoMore() {
    shop("a");
    AtomicReference<Candidates> candidates = new AtomicReference<>();
    ServiceClient client = ServiceClient.of(counted(candidates));
    assertThatExceptionOfType(RegistryException.class)
        .isThrownBy(() -> client.send("no slash", get(), ofString()))
        .withMessageContaining("path");
    assertThat(candidates.get().inFlight(0)).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 101})
  void attemptsOutsideTheirRange_areRefused(int attempts) {
    assertThatExceptionOfType(RegistryException.class)
        .isThrownBy(() -> ServiceClient.builder(registry.service("shop")).attempts(attempts))
        .withMessage("attempts: " + attempts + " (expected: 1-100)");
  }

  @Test
  void aBudgetOutsideItsRange_isRefused() {
    ServiceClient.Builder builder = ServiceClient.builder(registry.service("shop"));
    for (double ratio : new double[] {-0.1, 10.1, Double.NaN}) {
      assertThatExceptionOfType(RegistryException.class)
          .isThrownBy(() -> builder.retryBudget(ratio, 1))
          .withMessageStartingWith("ratio: ");
    }
    assertThatExceptionOfType(RegistryException.class)
        .isThrownBy(() -> builder.retryBudget(0.1, -1))
        .withMessage("reserve: -1 (expected: 0-1000000)");
  }

  @Test
  void aKilledServer_costsNoRequest() {
    Shop a = shop("a");
    shop("b");
    shop("c");
    try (Load load = new Load(ServiceClient.of(shops(3).balancedBy(Balancer.leastLoaded())))) {
      load.awaitAnswersOf("a", "b", "c");
      a.kill();
      load.awaitRequests(300);
      assertThat(load.failures()).isEmpty();
    }
  }

  @Test
  void aDrainedServer_costsNoRequest() {
    Shop a = new Shop("a");
    shops.add(a);
    Registration leaving = register(a);
    shop("b");
    try (Load load = new Load(ServiceClient.of(shops(2)))) {
      load.awaitAnswersOf("a", "b");
      leaving.drain(Duration.ofSeconds(1)).join();
      a.stop();
      load.awaitRequests(100);
      assertThat(load.failures()).isEmpty();
    }
  }
}
