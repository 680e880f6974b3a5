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
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Execution(ExecutionMode.CONCURRENT)
@Timeout(120)
class DashboardTest {
  private static final String SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

  private final Page page = new Page();

  @AfterEach
  void close() {
    page.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/dashboard/app.js", "/dashboard/style.css", "/dashboard/icon.svg"})
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
        .doesNotContainPattern("(src|href)=\"(?!/dashboard/|#)");
    assertThat(all(html, "(?:src|href)=\"(/[^\"]+)\""))
        .isNotEmpty()
        .allSatisfy(path -> assertThat(get(path).status()).isEqualTo(HttpStatus.OK));
  }

  @Test
  void page_isWellFormed_withNamesForAllThatIsOperated() throws Exception {
    String html = resource("index.html");
    String xml =
        html.replace("<!doctype html>", "")
            .replaceAll("<(meta|link|img|input)([^>]*)>", "<$1$2/>")
            .replaceAll(" (defer|hidden|required|checked)(?=[ />])", " $1=\"\"");

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
    assertThat(ids).containsAll(all(resource("app.js"), "byId\\(\"([a-z-]+)\"\\)"));
  }

  @Test
  void script_writesTextAndNothingElse() throws IOException {
    assertThat(resource("app.js"))
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

  @Test
  void style_takesNothingFromElsewhere() throws IOException {
    assertThat(resource("style.css")).doesNotContain("url(", "@import", "http");
  }

  @Test
  void stream_beginsWithTheState_andGoesOnWithChanges() throws IOException {
    page.register(instance("a", "a1").tag("t").metadata("k", "v").zone("z").weight(3));
    page.awaitServices(1);
    try (Stream stream = new Stream(page.port())) {
      JsonNode state = stream.await("state", event -> true);
      assertThat(state.get("services").toString()).isEqualTo("[[\"a\",1,0,0]]");
      assertThat(state.get("more").asBoolean()).isFalse();
      assertThat(page.instances("service=a").toString())
          .isEqualTo(
              "{\"matching\":1,\"instances\":[{\"id\":\"a1\",\"host\":\"10.0.0.1\",\"port\":80,"
                  + "\"scheme\":\"http\",\"health\":\"passing\",\"weight\":3,\"zone\":\"z\",\"tags\":"
                  + "[\"t\"],\"metadata\":{\"k\":\"v\"},\"addresses\":{}}]}");

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
    await().atMost(Duration.ofMinutes(1)).until(() -> page.dashboard.listeners() == 0);
  }

  @Test
  void whateverStrangersWrite_isData() throws IOException {
    String service = "x" + SCRIPT.replace("/", "");
    page.register(
        instance(service, "iä😀")
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
    assertThat(instance.get("id").asText()).isEqualTo("iä😀");
    AggregatedHttpResponse response = get("/dashboard/search?q=alert");
    assertThat(response.headers().get("x-content-type-options")).isEqualTo("nosniff");
    assertThat(response.headers().contentType().is(MediaType.JSON)).isTrue();
  }

  @Test
  void search_findsWhatIsShown_andPagesAreInOrder() throws IOException {
    page.fill();
    page.awaitServices(6);

    assertThat(search("q=9F3c1e7+10.0.1.4")).isEqualTo("{\"orders\":1}");
    assertThat(search("q=&failing")).isEqualTo("{\"orders\":1,\"payments\":1}");
    assertThat(search("q=nobody-has-this")).isEqualTo("{}");
    assertThat(search("q=überweisung")).isEqualTo("{\"überweisung\":1}");
    JsonNode some = page.instances("service=search&count=3&q=shard");
    assertThat(some.get("matching").asInt()).isEqualTo(12);
    assertThat(some.get("instances").findValuesAsText("id"))
        .containsExactly("search-1", "search-2", "search-3");
    JsonNode failing = page.instances("service=orders&failing");
    assertThat(failing.get("instances").findValuesAsText("id")).containsExactly("orders-4");
    assertThat(page.instances("service=nobody").toString())
        .isEqualTo("{\"matching\":0,\"instances\":[]}");
  }

  private String search(String query) throws IOException {
    return page.ask("/dashboard/search?" + query).get("services").toString();
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
    for (String file :
        List.of("/", "/dashboard/app.js", "/dashboard/style.css", "/dashboard/icon.svg")) {
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
      page.dashboard.close();
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
