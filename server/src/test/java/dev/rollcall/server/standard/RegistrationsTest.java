package dev.rollcall.server.standard;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import dev.rollcall.server.Centre;
import dev.rollcall.server.access.AccessControl;
import dev.rollcall.server.access.Limits;
import dev.rollcall.server.access.Tokens;
import dev.rollcall.server.consul.ConsulApiSettings;
import dev.rollcall.server.consul.Permissions;
import dev.rollcall.server.outbound.OutboundPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Who may register what by Consul's API, and how much of it. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(120)
class RegistrationsTest {
  private static final String OPS = "canary-ops-0123456789-0123456789";
  private static final String SHOP = "canary-shop-0123456789-0123456789";
  private static final String CART = "canary-cart-0123456789-0123456789";

  @TempDir Path folder;
  private Centre centre;

  @BeforeEach
  void start() throws IOException {
    Path tokens = folder.resolve("tokens");
    Files.createFile(
        tokens, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(
        tokens,
        String.join(
            "\n",
            "ops token:" + OPS + " admin",
            "shop token:" + SHOP + " register:shop-",
            "cart token:" + CART + " register:cart-",
            ""));
    centre =
        StandardCentre.builder(
                "memory:",
                AccessControl.of(Tokens.read(tokens), new Limits(20_000, 10_000, 3)),
                OutboundPolicy.standard(),
                new ConsulApiSettings("dc1", "centre", 10_000, 1, Permissions.everything()))
            .port(0)
            .start();
  }

  @AfterEach
  void stop() {
    centre.close();
  }

  private AggregatedHttpResponse put(String token, String path, String body) {
    return WebClient.of(centre.uri())
        .execute(
            RequestHeaders.builder(HttpMethod.PUT, "/v1" + path)
                .set("x-consul-token", token)
                .build(),
            body)
        .aggregate()
        .join();
  }

  private int register(String token, String name, String id) {
    return put(
            token,
            "/agent/service/register",
            "{\"Name\":\"%s\",\"ID\":\"%s\",\"Port\":80}".formatted(name, id))
        .status()
        .code();
  }

  private int deregister(String token, String id) {
    return put(token, "/agent/service/deregister/" + id, "").status().code();
  }

  private int external(String node, String service) {
    return put(
            OPS,
            "/catalog/register",
            "{\"Node\":\"%s\",\"Address\":\"10.0.0.9\",\"Service\":{\"Service\":\"%s\",\"Port\":80}}"
                .formatted(node, service))
        .status()
        .code();
  }

  @Test
  void oneTooMany_isRefusedWithASentence_andNotStored() {
    for (String id : new String[] {"1", "2", "3"}) {
      assertThat(register(SHOP, "shop-a", id)).isEqualTo(200);
    }

    AggregatedHttpResponse refused =
        put(SHOP, "/agent/service/register", "{\"Name\":\"shop-b\",\"Port\":80}");

    assertThat(refused.status().code()).isEqualTo(429);
    assertThat(refused.contentUtf8())
        .isEqualTo("too many registrations of one client (expected: at most 3)");
    assertThat(
            WebClient.of(centre.uri())
                .execute(
                    RequestHeaders.of(HttpMethod.GET, "/v1/agent/services", "x-consul-token", OPS))
                .aggregate()
                .join()
                .contentUtf8())
        .contains("\"3\"")
        .doesNotContain("shop-b");
  }

  @Test
  void theSameAgain_countsOnce() {
    for (int i = 0; i < 10; i++) {
      assertThat(register(SHOP, "shop-a", "1")).isEqualTo(200);
    }
    assertThat(register(SHOP, "shop-a", "2")).isEqualTo(200);
    assertThat(register(SHOP, "shop-a", "3")).isEqualTo(200);
    assertThat(register(SHOP, "shop-a", "3")).isEqualTo(200);
    assertThat(register(SHOP, "shop-a", "4")).isEqualTo(429);
  }

  @Test
  void deregistration_makesRoom() {
    for (String id : new String[] {"1", "2", "3"}) {
      assertThat(register(SHOP, "shop-a", id)).isEqualTo(200);
    }
    assertThat(deregister(SHOP, "2")).isEqualTo(200);
    assertThat(register(SHOP, "shop-a", "4")).isEqualTo(200);
    assertThat(register(SHOP, "shop-a", "5")).isEqualTo(429);
    // By whom, and by which call, does not matter.
    assertThat(
            put(OPS, "/catalog/deregister", "{\"Node\":\"centre\",\"ServiceID\":\"4\"}")
                .status()
                .code())
        .isEqualTo(200);
    assertThat(register(SHOP, "shop-a", "5")).isEqualTo(200);
  }

  @Test
  void eachPrincipal_hasAShareOfHisOwn() {
    for (String id : new String[] {"1", "2", "3"}) {
      assertThat(register(SHOP, "shop-a", "s" + id)).isEqualTo(200);
      assertThat(register(CART, "cart-a", "c" + id)).isEqualTo(200);
    }
    assertThat(register(SHOP, "shop-a", "s4")).isEqualTo(429);
    assertThat(register(CART, "cart-a", "c4")).isEqualTo(429);
    // Who registers another's service takes it over, and with it its place.
    assertThat(register(OPS, "shop-a", "s1")).isEqualTo(200);
    assertThat(register(SHOP, "shop-a", "s4")).isEqualTo(200);
  }

  @Test
  void catalog_countsServicesAndNodes() {
    assertThat(external("ext", "a")).isEqualTo(200);
    assertThat(external("ext", "b")).isEqualTo(200);
    assertThat(external("ext", "b")).isEqualTo(200);
    assertThat(external("ext", "c")).isEqualTo(429);
    assertThat(external("other", "c")).isEqualTo(429);
    assertThat(register(OPS, "shop-a", "1")).isEqualTo(429);
    assertThat(put(OPS, "/catalog/deregister", "{\"Node\":\"ext\"}").status().code())
        .isEqualTo(200);
    assertThat(external("other", "c")).isEqualTo(200);
    assertThat(register(OPS, "shop-a", "1")).isEqualTo(200);
    assertThat(register(OPS, "shop-a", "2")).isEqualTo(429);
  }

  @Test
  void refusedRegistration_holdsNoPlace() {
    for (int i = 0; i < 10; i++) {
      assertThat(
              put(
                      OPS,
                      "/catalog/register",
                      "{\"Node\":\"x%d\",\"Address\":\"10.0.0.9\",\"Check\":{\"Name\":\"c\","
                              .formatted(i)
                          + "\"ServiceID\":\"nobody\"}}")
                  .status()
                  .code())
          .isEqualTo(500);
    }
    assertThat(external("ext", "a")).isEqualTo(200);
  }

  @Test
  void atTheSameTime_neverTooMany_andNeverTooFew() {
    for (int round = 0; round < 10; round++) {
      String[] ids = {"1", "2", "3", "4", "5", "6"};
      long taken =
          Arrays.stream(ids).parallel().filter(id -> register(SHOP, "shop-a", id) == 200).count();
      assertThat(taken).isEqualTo(3);
      Arrays.stream(ids).parallel().forEach(id -> deregister(SHOP, id));
    }
    assertThat(register(SHOP, "shop-a", "1")).isEqualTo(200);
  }

  @Test
  void checks_areNotTakenOver_andThoseOfTheNodeAreForAdministrators() {
    String check = "{\"Name\":\"n\",\"CheckID\":\"%s\",\"TTL\":\"1h\",\"ServiceID\":\"%s\"}";
    register(CART, "cart-a", "c1");
    register(SHOP, "shop-a", "s1");
    assertThat(put(CART, "/agent/check/register", check.formatted("cc", "c1")).status().code())
        .isEqualTo(200);
    assertThat(put(OPS, "/agent/check/register", check.formatted("nn", "")).status().code())
        .isEqualTo(200);
    for (String[] call :
        new String[][] {
          {"/agent/check/register", check.formatted("cc", "s1")},
          {"/agent/check/register", check.formatted("nn", "s1")},
          {"/agent/check/register", check.formatted("own", "")},
          {
            "/agent/service/register",
            "{\"Name\":\"shop-b\",\"Check\":{\"CheckID\":\"cc\",\"TTL\":\"1h\"}}"
          },
          {"/agent/check/fail/nn", ""},
          {"/agent/check/fail/cc", ""},
          {"/agent/check/deregister/nn", ""},
          {"/agent/check/update/nn", "{\"Status\":\"critical\"}"},
        }) {
      assertThat(put(SHOP, call[0], call[1]).status().code()).as(call[0]).isEqualTo(403);
    }
    assertThat(put(SHOP, "/agent/check/register", check.formatted("ss", "s1")).status().code())
        .isEqualTo(200);
    assertThat(put(SHOP, "/agent/check/pass/ss", "").status().code()).isEqualTo(200);
  }

  @Test
  void checksOfOneService_areBounded() {
    String check = "{\"CheckID\":\"c%d\",\"TTL\":\"1h\"}";
    for (int from = 0; from <= 1_024; from += 64) {
      String checks =
          IntStream.range(from, from + 64)
              .mapToObj(check::formatted)
              .collect(Collectors.joining(",", "[", "]"));
      AggregatedHttpResponse answer =
          put(
              SHOP,
              "/agent/service/register",
              "{\"Name\":\"shop-a\",\"Port\":80,\"Checks\":" + checks + "}");
      assertThat(answer.status().code())
          .as(answer.contentUtf8())
          .isEqualTo(from < 1_024 ? 200 : 429);
    }
    String one = "{\"Name\":\"n\",\"CheckID\":\"%s\",\"TTL\":\"1h\",\"ServiceID\":\"shop-a\"}";
    assertThat(put(SHOP, "/agent/check/register", one.formatted("new")).status().code())
        .isEqualTo(429);
    assertThat(put(SHOP, "/agent/check/register", one.formatted("c7")).status().code())
        .isEqualTo(200);
    put(SHOP, "/agent/check/deregister/c8", "");
    assertThat(put(SHOP, "/agent/check/register", one.formatted("new")).status().code())
        .isEqualTo(200);
  }
}
