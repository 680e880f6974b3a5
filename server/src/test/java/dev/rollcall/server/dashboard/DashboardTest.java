package dev.rollcall.server.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.io.Resources;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import dev.rollcall.Health;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.ServiceInstance;
import dev.rollcall.server.access.AccessControl;
import dev.rollcall.server.access.Limits;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Execution(ExecutionMode.CONCURRENT)
@Timeout(120)
class DashboardTest {
  private static final String REGISTER = "/v1/agent/service/register";
  private static final String OPS = "a-token-of-the-operators";
  private static final String SHOP = "a-token-of-the-shop-team";
  private static final String SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

  private final Page page = new Page();

  @AfterEach
  void close() {
    page.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/dashboard/files/app.js",
        "/dashboard/files/style.css",
        "/dashboard/files/icon.svg"
      })
  void file_comesWithStrictHeaders(String path) {
    AggregatedHttpResponse response = get(path);

    assertThat(response.status()).isEqualTo(HttpStatus.OK);
    assertThat(response.headers().get("content-security-policy"))
        .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
        .doesNotContain("unsafe", "http:", "https:", "*", "data:");
    assertThat(response.headers().get("x-content-type-options")).isEqualTo("nosniff");
    assertThat(response.headers().get("x-frame-options")).isEqualTo("DENY");
    assertThat(response.headers().get("referrer-policy")).isEqualTo("no-referrer");
    assertThat(response.headers().contentType().charset()).isEqualTo(StandardCharsets.UTF_8);

    RequestHeaders again =
        RequestHeaders.of(HttpMethod.GET, path, "if-none-match", response.headers().get("etag"));
    assertThat(send(again).status()).isEqualTo(HttpStatus.NOT_MODIFIED);
    assertThat(send(RequestHeaders.of(HttpMethod.POST, path)).status())
        .isEqualTo(HttpStatus.METHOD_NOT_ALLOWED);
  }

  @Test
  void page_holdsNothingInlineAndNothingFromElsewhere() throws IOException {
    String html = resource("index.html");

    assertThat(html)
        .startsWith("<!doctype html>")
        .contains("<html lang=\"en\">", "name=\"viewport\"", "<title>Rollcall</title>")
        .doesNotContainPattern("<script(?![^>]*src=)")
        .doesNotContainPattern("<style|\\sstyle=|\\son[a-z]+=|javascript:|data:")
        .doesNotContainPattern("(src|href)=\"(?!/dashboard/files/|#|/\"|\\?)");
    assertThat(all(html, "(?:src|href)=\"(/[^\"]+)\""))
        .isNotEmpty()
        .allSatisfy(path -> assertThat(get(path).status()).isEqualTo(HttpStatus.OK));
    // The browser is told of every script at once, and has not to find them one by one.
    List<String> told = all(html, "(?:src|href)=\"/dashboard/files/([a-z]+\\.js)\"");
    assertThat(told).doesNotHaveDuplicates();
    for (String script : told) {
      assertThat(told).containsAll(all(resource(script), "from \"\\./([a-z]+\\.js)\""));
    }
  }

  @Test
  void page_isWellFormed_withNamesForAllThatIsOperated() throws Exception {
    String html = resource("index.html");
    String xml =
        html.replace("<!doctype html>", "")
            .replaceAll("<(meta|link|img|input)([^>]*)>", "<$1$2/>")
            .replaceAll(" (defer|hidden|required)(?=[ />])", " $1=\"\"");

    var document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)));

    List<String> ids = all(html, "\\sid=\"([^\"]+)\"");
    assertThat(ids).doesNotHaveDuplicates();
    assertThat(ids).containsAll(all(html, "\\s(?:for|aria-labelledby)=\"([^\"]+)\""));
    assertThat(html).doesNotContainPattern("<img(?![^>]*\\salt=)");
    assertThat(document.getElementsByTagName("main").getLength()).isEqualTo(1);
    assertThat(document.getElementsByTagName("h1").getLength()).isEqualTo(1);
    for (String script : scripts()) {
      assertThat(ids).as(script).containsAll(all(resource(script), "byId\\(\"([a-z0-9-]+)\"\\)"));
    }
  }

  @Test
  void scripts_writeTextAndNothingElse() throws IOException {
    for (String script : scripts()) {
      assertThat(resource(script))
          .as(script)
          .doesNotContain(
              "innerHTML",
              "outerHTML",
              "insertAdjacent",
              "document.write",
              "eval(",
              "Function(",
              "DOMParser",
              "srcdoc",
              "createContextualFragment");
    }
  }

  @Test
  void style_takesNothingFromElsewhere() throws IOException {
    assertThat(resource("style.css")).doesNotContain("url(", "@import", "http");
  }

  @Test
  void stream_beginsWithTheState_andGoesOnWithChanges() throws IOException {
    page.register(instance("a", "a-1").tag("t").metadata("k", "v").zone("z").weight(3));
    page.awaitServices(1);
    try (Stream stream = new Stream(page.port())) {
      JsonNode state = stream.await("state", event -> true);
      assertThat(state.get("services").toString()).isEqualTo("[[\"a\",1,0,0]]");
      assertThat(state.get("more").asBoolean()).isFalse();
      JsonNode shown = page.instances("service=a").get("instances").get(0);
      assertThat(shown.get("id").asText()).isEqualTo("a-1");
      assertThat(shown.get("node").asText()).isEqualTo("memory");
      assertThat(shown.get("address").asText()).isEqualTo("10.0.0.1");
      assertThat(shown.get("port").asInt()).isEqualTo(80);
      assertThat(shown.get("weight").asInt()).isEqualTo(3);
      assertThat(shown.get("tags").toString()).isEqualTo("[\"t\"]");
      assertThat(shown.get("metadata").toString())
          .isEqualTo("{\"k\":\"v\",\"rollcall-zone\":\"z\"}");
      assertThat(shown.get("agent").asBoolean()).isFalse();

      Registration second = page.register(instance("a", "a2"));
      assertThat(change(stream, "added").get("services").toString()).isEqualTo("[[\"a\",2,0,0]]");
      second
          .update(second.instance().toBuilder().metadata("x", "1").address("h", 1).build())
          .join();
      assertThat(change(stream, "updated").get("history").get(0).get("detail").asText())
          .isEqualTo("address, x");
      second.health(Health.WARNING).join();
      JsonNode warning = change(stream, "warning");
      assertThat(warning.get("history").get(0).get("detail").asText())
          .isEqualTo("passing → warning");
      assertThat(warning.get("services").toString()).isEqualTo("[[\"a\",1,1,0]]");
      second.deregister().join();
      assertThat(change(stream, "removed").get("services").toString()).isEqualTo("[[\"a\",1,0,0]]");
      Registration last = page.register(instance("b", "b1"));
      stream.await("change", event -> event.toString().contains("[\"b\",1,0,0]"));
      last.deregister().join();
      stream.await("change", event -> event.toString().contains("[\"b\",0,0,0]"));
    }
    try (Stream later = new Stream(page.port())) {
      JsonNode history = later.await("state", event -> true).get("history");
      assertThat(history.get(0).get("kind").asText()).isEqualTo("removed");
      assertThat(history.size()).isGreaterThanOrEqualTo(4);
    }
    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> get("/metrics").contentUtf8().contains("rollcall_dashboard_listeners 0.0"));
  }

  @Test
  void whateverStrangersWrite_isData() throws IOException {
    String service = "x" + SCRIPT.replace("/", "");
    page.register(
        instance(service, service + "-ä😀")
            .tag(SCRIPT)
            .tag("i\u2028\u2029ä😀")
            .zone(SCRIPT)
            .metadata("k", SCRIPT)
            .metadata("link", "javascript:alert(1)"));
    page.awaitServices(1);
    try (Stream stream = new Stream(page.port())) {
      JsonNode state = stream.await("state", event -> true);

      assertThat(state.get("services").get(0).get(0).asText()).isEqualTo(service);
      assertThat(stream.head())
          .containsIgnoringCase("content-type: text/event-stream")
          .containsIgnoringCase("x-content-type-options: nosniff")
          .containsIgnoringCase("cache-control: no-store");
    }
    JsonNode instance =
        page.instances("service=" + URLEncoder.encode(service, StandardCharsets.UTF_8))
            .get("instances")
            .get(0);
    assertThat(instance.get("tags").get(0).asText()).isEqualTo(SCRIPT);
    assertThat(instance.get("metadata").get("k").asText()).isEqualTo(SCRIPT);
    assertThat(instance.get("tags").get(1).asText()).isEqualTo("i\u2028\u2029ä😀");
    assertThat(instance.get("id").asText()).isEqualTo(service + "-ä😀");
    AggregatedHttpResponse response = get("/dashboard/search?q=alert");
    assertThat(response.headers().get("x-content-type-options")).isEqualTo("nosniff");
    assertThat(response.headers().contentType().is(MediaType.JSON)).isTrue();
  }

  @Test
  void search_findsWhatIsShown_andPagesAreInOrder() throws IOException {
    page.fill();
    page.awaitServices(6);

    assertThat(search("q=9F3c1e7+10.0.1.4")).isEqualTo("[[\"orders\",0,0,1]]");
    assertThat(search("q=&health=failing")).isEqualTo("[[\"orders\",0,0,1],[\"payments\",0,1,0]]");
    assertThat(search("health=warning")).isEqualTo("[[\"payments\",0,1,0]]");
    assertThat(search("health=passing&tag=pci")).isEqualTo("[[\"payments\",2,0,0]]");
    assertThat(search("tag=pc")).isEqualTo("[]");
    assertThat(search("node=memory&tag=pci&tag=x")).isEqualTo("[]");
    assertThat(search("node=elsewhere")).isEqualTo("[]");
    assertThat(search("q=nobody-has-this")).isEqualTo("[]");
    assertThat(search("q=überweisung")).isEqualTo("[[\"überweisung\",1,0,0]]");
    JsonNode some = page.instances("service=search&count=3&q=shard");
    assertThat(some.get("matching").asInt()).isEqualTo(12);
    assertThat(some.get("instances").findValuesAsText("port")).hasSize(3);
    assertThat(ids(some)).containsExactly("search-1", "search-2", "search-3");
    assertThat(ids(page.instances("service=orders&health=failing"))).containsExactly("orders-4");
    assertThat(ids(page.instances("service=orders&sort=health")))
        .containsExactly("orders-4", "orders-1", "orders-2", "orders-3", "orders-5");
    assertThat(ids(page.instances("service=search&id=search-1"))).containsExactly("search-1");
    assertThat(page.instances("service=nobody").get("matching").asInt()).isZero();
    assertThat(get("/dashboard/search?health=ill").status()).isEqualTo(HttpStatus.BAD_REQUEST);
  }

  private static List<String> ids(JsonNode page) {
    List<String> ids = new ArrayList<>();
    page.get("instances").forEach(instance -> ids.add(instance.get("id").asText()));
    return ids;
  }

  private String search(String query) throws IOException {
    return page.ask("/dashboard/search?" + query).get("services").toString();
  }

  @Test
  void instance_saysWhyItIsCritical_andSinceWhen() throws IOException {
    long before = System.currentTimeMillis();
    page.put(
        REGISTER,
        """
        {"Name": "orders", "ID": "o/1", "Port": 80, "Checks": [
          {"CheckID": "db", "Name": "database", "TTL": "1h", "Notes": "ask the ledger"},
          {"CheckID": "ok", "TTL": "1h", "Status": "passing"}]}
        """);
    page.put("/v1/agent/check/fail/db?note=connection+refused", "");
    JsonNode instance = awaitInstance("orders", "output", "connection refused");

    assertThat(instance.get("id").asText()).isEqualTo("o/1");
    assertThat(instance.get("node").asText()).isEqualTo("centre");
    assertThat(instance.get("agent").asBoolean()).isTrue();
    assertThat(instance.get("health").asText()).isEqualTo("critical");
    JsonNode worst = instance.get("checks").get(0);
    assertThat(worst.get("id").asText()).isEqualTo("db");
    assertThat(worst.get("name").asText()).isEqualTo("database");
    assertThat(worst.get("status").asText()).isEqualTo("critical");
    assertThat(worst.get("notes").asText()).isEqualTo("ask the ledger");
    assertThat(worst.get("type").asText()).isEqualTo("ttl");
    long since = worst.get("since").asLong();
    assertThat(since).isBetween(before, System.currentTimeMillis());

    // Another output of the same status is shown, and changes nothing of since when.
    page.put("/v1/agent/check/fail/db?note=still+refused", "");
    worst = awaitInstance("orders", "output", "still refused").get("checks").get(0);
    assertThat(worst.get("since").asLong()).isEqualTo(since);
    page.put("/v1/agent/check/warn/db?note=slow", "");
    worst = awaitInstance("orders", "output", "slow").get("checks").get(0);
    assertThat(worst.get("since").asLong()).isGreaterThanOrEqualTo(since);
    assertThat(worst.get("status").asText()).isEqualTo("warning");
  }

  @Test
  void instances_ofOneIdOnTwoNodes_withoutAPort_andNodesAreShown() throws IOException {
    for (String node : List.of("n1", "n2")) {
      page.put(
          "/v1/catalog/register",
          "{\"Node\":\"%s\",\"Address\":\"10.0.0.9\",\"NodeMeta\":{\"rack\":\"r7\"},"
                  .formatted(node)
              + "\"Service\":{\"Service\":\"worker\",\"ID\":\"w\"},"
              + "\"Checks\":[{\"CheckID\":\"disk\",\"Status\":\"%s\",\"Output\":\"full\"}]}"
                  .formatted(node.equals("n1") ? "critical" : "passing"));
    }
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() -> assertThat(search("")).isEqualTo("[[\"worker\",1,0,1]]"));
    JsonNode instances = page.instances("service=worker&sort=health").get("instances");
    assertThat(instances.get(0).get("node").asText()).isEqualTo("n1");
    assertThat(instances.get(0).get("address").asText()).isEqualTo("10.0.0.9");
    assertThat(instances.get(0).get("port").asInt()).isZero();
    assertThat(instances.get(0).get("checks").get(0).get("ofNode").asBoolean()).isTrue();
    assertThat(instances.get(1).get("node").asText()).isEqualTo("n2");
    assertThat(page.instances("service=worker&node=n2").get("matching").asInt()).isEqualTo(1);

    JsonNode nodes = page.ask("/dashboard/nodes?sort=health&q=r7");
    assertThat(nodes.get("matching").asInt()).isEqualTo(2);
    JsonNode worst = nodes.get("nodes").get(0);
    assertThat(worst.get("name").asText()).isEqualTo("n1");
    assertThat(worst.get("critical").asInt()).isEqualTo(1);
    assertThat(worst.get("checks").get(0).get("output").asText()).isEqualTo("full");
    assertThat(page.ask("/dashboard/nodes?health=failing").get("matching").asInt()).isEqualTo(1);
    assertThat(page.ask("/dashboard/nodes?node=centre").get("matching").asInt()).isEqualTo(1);

    page.put("/v1/catalog/deregister", "{\"Node\":\"n1\"}");
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() -> assertThat(search("")).isEqualTo("[[\"worker\",1,0,0]]"));
  }

  @Test
  void visitor_isToldWhatHeMay_andRefusedTheRestByWhateverPath(@TempDir Path folder)
      throws IOException {
    try (Page guarded =
        Page.withTokens(
            folder,
            "ops token:"
                + OPS
                + " admin\nshop token:"
                + SHOP
                + " read register:shop-\nanonymous - read\n")) {
      assertThat(me(guarded, ""))
          .isEqualTo(
              "{\"name\":\"anonymous\",\"admin\":false,\"registers\":[],\"node\":\"centre\"}");
      assertThat(me(guarded, SHOP)).contains("\"registers\":[\"shop-\"]");
      assertThat(me(guarded, OPS)).contains("\"admin\":true").doesNotContain(OPS);
      guarded.put(REGISTER, OPS, "{\"Name\": \"orders\", \"Port\": 80}");
      guarded.put(REGISTER, SHOP, "{\"Name\": \"shop-a\", \"Port\": 80}");

      // What the page does for those who may, done by hand by those who may not.
      for (String token : List.of("", SHOP)) {
        for (String path :
            List.of(
                "/v1/agent/service/deregister/orders",
                "/v1/agent/service/maintenance/orders?enable=true",
                "/v1/agent/maintenance?enable=true",
                "/v1/kv/a",
                "/v1/session/destroy/00000000-0000-0000-0000-000000000000")) {
          assertThat(guarded.send(HttpMethod.PUT, path, token, "x").status())
              .as("%s %s", token, path)
              .isEqualTo(HttpStatus.FORBIDDEN);
        }
        assertThat(
                guarded
                    .send(HttpMethod.PUT, "/v1/catalog/deregister", token, "{\"Node\":\"centre\"}")
                    .status())
            .isEqualTo(HttpStatus.FORBIDDEN);
      }
      guarded.put("/v1/agent/service/maintenance/shop-a?enable=true", SHOP, "");
      guarded.put("/v1/agent/service/deregister/shop-a", SHOP, "");
      for (String path : List.of("events", "instances", "search", "nodes", "me")) {
        assertThat(
                guarded
                    .send(HttpMethod.GET, "/dashboard/" + path, "not-the-token-of-anybody", "")
                    .status())
            .isEqualTo(HttpStatus.UNAUTHORIZED);
      }
    }
  }

  @Test
  void foreignPage_isGivenNothing() {
    for (String path : List.of("events", "instances", "search", "nodes", "me")) {
      RequestHeaders foreign =
          RequestHeaders.of(
              HttpMethod.GET, "/dashboard/" + path, "origin", "https://elsewhere.example");
      assertThat(send(foreign).status()).isEqualTo(HttpStatus.FORBIDDEN);
    }
  }

  private static String me(Page of, String token) {
    return of.send(HttpMethod.GET, "/dashboard/me", token, "").contentUtf8();
  }

  /** Waits until a service's instance has a check that says something. */
  private JsonNode awaitInstance(String service, String field, String value) {
    JsonNode[] found = new JsonNode[1];
    await()
        .atMost(Duration.ofMinutes(1))
        .until(
            () -> {
              JsonNode page = this.page.instances("service=" + service);
              found[0] = page.get("instances").get(0);
              return page.findValuesAsText(field).contains(value);
            });
    return found[0];
  }

  @Test
  void names_areInTheOrderOfPeople() {
    List<String> names =
        new ArrayList<>(List.of("b10", "b9", "B1", "a", "b", "b09", "b9a", "C", "b10.2", "b10.11"));
    names.sort(NaturalOrder.INSTANCE);
    assertThat(names)
        .containsExactly("a", "b", "B1", "b09", "b9", "b9a", "b10", "b10.2", "b10.11", "C");
  }

  @Test
  void manyServices_comeInPieces_andNoneIsMissing() throws IOException {
    for (int i = 0; i < 3_000; i++) {
      var unused =
          page.registry.register(
              instance("a-service-with-a-name-" + i, "i").build(), Liveness.permanent());
    }
    page.awaitListed(3_000);
    try (Stream stream = new Stream(page.port())) {
      Set<String> names = new HashSet<>();
      JsonNode state = stream.await("state", event -> true);
      assertThat(state.toString().length()).isLessThan(3 * Feed.PIECE_BYTES);
      boolean hasMore = state.get("more").asBoolean();
      assertThat(hasMore).isTrue();
      state.get("services").forEach(service -> names.add(service.get(0).asText()));
      while (hasMore) {
        JsonNode more = stream.await("more", event -> true);
        assertThat(more.toString().length()).isLessThan(2 * Feed.PIECE_BYTES);
        more.get("services").forEach(service -> names.add(service.get(0).asText()));
        hasMore = more.get("more").asBoolean();
      }
      assertThat(names).hasSize(3_000);
    }
  }

  @Test
  void firstPage_at40000Instances_isShort() throws IOException {
    for (int i = 0; i < 40_000; i++) {
      var unused =
          page.registry.register(
              instance("service-" + i % 2_000, "instance-" + i)
                  .metadata("commit", "9f3c1e7")
                  .build(),
              Liveness.permanent());
    }
    page.awaitListed(40_000);
    long bytes = 0;
    List<String> files = all(resource("index.html"), "(?:src|href)=\"(/dashboard/[^\"]+)\"");
    files.add("/");
    for (String file : new HashSet<>(files)) {
      bytes += get(file).content().length();
    }
    try (Stream stream = new Stream(page.port())) {
      JsonNode last = stream.await("state", event -> true);
      bytes += last.toString().length();
      while (last.get("more").asBoolean()) {
        last = stream.await("more", event -> true);
        bytes += last.toString().length();
      }
    }
    bytes += page.instances("service=service-7").toString().length();
    System.out.println("first page at 40,000 instances: " + bytes + " bytes");
    assertThat(bytes).isLessThan(1 << 20);
  }

  @Test
  void stream_whoDoesNotRead_holdsUpNobody_andEndsAtTheLastState() throws IOException {
    try (Stream slow = new Stream(page.port());
        Stream quick = new Stream(page.port())) {
      for (int i = 0; i < 3_000; i++) {
        var unused =
            page.registry.register(
                instance("a-service-with-a-long-name-" + "x".repeat(200) + i % 1_000, "i" + i)
                    .build(),
                Liveness.permanent());
      }
      var last = page.register(instance("last", "l"));
      last.health(Health.CRITICAL).join();
      quick.await("", event -> event.toString().contains("[\"last\",0,0,1]"));
      slow.await("", event -> event.toString().contains("[\"last\",0,0,1]"));
    }
  }

  @Test
  void stream_otherMethods_notAllowed() {
    assertThat(send(RequestHeaders.of(HttpMethod.POST, "/dashboard/events")).status())
        .isEqualTo(HttpStatus.METHOD_NOT_ALLOWED);
  }

  @Test
  void close_endsTheStreams() throws IOException {
    try (Stream stream = new Stream(page.port())) {
      stream.await("state", event -> true);
      page.centre.close();
      assertThat(stream.isEnded()).isTrue();
    }
  }

  @Test
  void stream_tooManyOfOneClient_refused() throws IOException {
    try (Page small = new Page(AccessControl.withoutTokens(new Limits(1_000, 1, 1)));
        Stream first = new Stream(small.port())) {
      first.await("state", event -> true);
      try (Stream second = new Stream(small.port())) {
        assertThat(second.head()).startsWith("HTTP/1.1 429");
      }
    }
  }

  private static JsonNode change(Stream stream, String kind) throws IOException {
    return stream.await(
        "change",
        event -> {
          JsonNode history = event.get("history");
          return history.size() > 0 && history.get(0).get("kind").asText().equals(kind);
        });
  }

  private static ServiceInstance.Builder instance(String service, String id) {
    return ServiceInstance.builder(service).id(id).address("10.0.0.1", 80);
  }

  private static List<String> scripts() throws IOException {
    return all(resource("index.html"), "/dashboard/files/([a-z]+\\.js)");
  }

  private AggregatedHttpResponse get(String path) {
    return send(RequestHeaders.of(HttpMethod.GET, path));
  }

  private AggregatedHttpResponse send(RequestHeaders headers) {
    return WebClient.of(page.url()).blocking().execute(headers);
  }

  private static String resource(String name) throws IOException {
    return Resources.toString(
        Resources.getResource(DashboardTest.class, name), StandardCharsets.UTF_8);
  }

  private static List<String> all(String text, String pattern) {
    List<String> found = new ArrayList<>();
    for (MatchResult match : Pattern.compile(pattern).matcher(text).results().toList()) {
      found.addAll(List.of(match.group(1).split(" ", -1)));
    }
    return found;
  }
}
