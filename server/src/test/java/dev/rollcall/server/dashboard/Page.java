package dev.rollcall.server.dashboard;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.ServiceInstance;
import dev.rollcall.server.Centre;
import dev.rollcall.server.access.AccessControl;
import dev.rollcall.server.access.Limits;
import dev.rollcall.server.access.Tokens;
import dev.rollcall.server.consul.ConsulApiSettings;
import dev.rollcall.server.consul.Permissions;
import dev.rollcall.server.outbound.OutboundPolicy;
import dev.rollcall.server.standard.StandardCentre;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** The dashboard of a centre, whose store has a second registry to fill it from elsewhere. */
final class Page implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final AtomicInteger STORES = new AtomicInteger();

  final Registry registry;
  final Centre centre;

  Page() {
    this(AccessControl.withoutTokens(Limits.standard()));
  }

  Page(AccessControl access) {
    this(access, 0);
  }

  Page(AccessControl access, int port) {
    String store = "memory:dashboard-" + STORES.incrementAndGet();
    registry = Registry.open(store);
    centre =
        StandardCentre.builder(
                store,
                access,
                OutboundPolicy.standard(),
                new ConsulApiSettings("dc1", "centre", 10_000, 1, Permissions.everything()))
            .port(port)
            .start();
  }

  /** A page for those who have one of the tokens of a file. */
  static Page withTokens(Path folder, String tokens) throws IOException {
    Path file = Files.createTempFile(folder, "tokens", "");
    Files.writeString(file, tokens);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    return new Page(AccessControl.of(Tokens.read(file), Limits.standard()));
  }

  int port() {
    return centre.port();
  }

  String url() {
    return "http://127.0.0.1:" + port();
  }

  AggregatedHttpResponse send(HttpMethod method, String path, String token, String body) {
    RequestHeadersBuilder headers = RequestHeaders.builder(method, path);
    if (!token.isEmpty()) {
      headers.set("x-consul-token", token);
    }
    return WebClient.of(url()).blocking().execute(headers.build(), body);
  }

  /** Sends what must be taken. */
  void put(String path, String token, String body) {
    AggregatedHttpResponse answer = send(HttpMethod.PUT, path, token, body);
    if (!answer.status().equals(HttpStatus.OK)) {
      throw new AssertionError(path + ": " + answer.status() + " " + answer.contentUtf8());
    }
  }

  void put(String path, String body) {
    put(path, "", body);
  }

  Registration register(ServiceInstance.Builder instance) {
    return registry.register(instance.build(), Liveness.permanent()).join();
  }

  /** Waits until a stream begins with so many services: the page hears of them a moment later. */
  void awaitServices(int services) {
    await()
        .atMost(Duration.ofMinutes(1))
        .until(
            () -> {
              try (Stream stream = new Stream(port())) {
                return stream.await("state", event -> true).get("services").size() == services;
              }
            });
  }

  /** Waits until the page has heard of so many instances. */
  void awaitListed(int instances) {
    await()
        .atMost(Duration.ofMinutes(2))
        .until(
            () -> {
              int listed = 0;
              try (Stream stream = new Stream(port())) {
                JsonNode last = stream.await("state", event -> true);
                listed += sum(last);
                while (last.get("more").asBoolean()) {
                  last = stream.await("more", event -> true);
                  listed += sum(last);
                }
              }
              return listed == instances;
            });
  }

  private static int sum(JsonNode event) {
    int sum = 0;
    for (JsonNode service : event.get("services")) {
      sum += service.get(1).asInt() + service.get(2).asInt() + service.get(3).asInt();
    }
    return sum;
  }

  JsonNode instances(String query) throws IOException {
    return ask("/dashboard/instances?" + query);
  }

  JsonNode ask(String path) throws IOException {
    AggregatedHttpResponse answer = WebClient.of(url()).blocking().get(path);
    return JSON.readTree(answer.contentUtf8());
  }

  /** A registry as it might be on an ordinary day. */
  void fill() {
    for (int i = 1; i <= 5; i++) {
      register(
          ServiceInstance.builder("orders")
              .id("orders-" + i)
              .address("10.0.1." + i, 8080)
              .tag("v2.4.1")
              .tag("eu-central")
              .zone("eu-central-1" + "abc".charAt(i % 3))
              .metadata("version", "2.4.1")
              .metadata("commit", "9f3c1e7")
              .metadata("docs", "https://orders.example.com/docs")
              .health(i == 4 ? Health.CRITICAL : Health.PASSING));
    }
    for (int i = 1; i <= 3; i++) {
      register(
          ServiceInstance.builder("payments")
              .id("payments-" + i)
              .address("payments-" + i + ".internal", 9090)
              .scheme("grpc")
              .weight(i)
              .tag("pci")
              .health(i == 2 ? Health.WARNING : Health.PASSING)
              .metadata("owner", "team-ledger"));
    }
    register(
        ServiceInstance.builder("LogService")
            .id("log-1")
            .address("127.0.0.1", 4000)
            .tag("dependencies")
            .metadata("url", "http://127.0.0.1:4000"));
    register(
        ServiceInstance.builder("inventory")
            .id("inventory-1")
            .address("2001:db8::17", 8081)
            .address("wan", "203.0.113.9", 8081));
    for (int i = 1; i <= 12; i++) {
      register(
          ServiceInstance.builder("search")
              .id("search-" + i)
              .address("10.0.3." + i, 9200)
              .tag("shard-" + i % 4));
    }
    register(ServiceInstance.builder("überweisung").id("ü-1").address("10.0.4.1", 80));
  }

  @Override
  public void close() {
    centre.close();
    registry.close();
  }
}
