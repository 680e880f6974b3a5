package dev.rollcall.server.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.io.Resources;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import dev.rollcall.Health;
import dev.rollcall.Registration;
import dev.rollcall.ServiceInstance;
import dev.rollcall.server.access.AccessControl;
import dev.rollcall.server.access.Limits;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
      JsonNode service = state.get("services").get(0);
      assertThat(service.get("name").asText()).isEqualTo("a");
      assertThat(service.get("put").get(0).toString())
          .isEqualTo(
              "{\"id\":\"a1\",\"host\":\"10.0.0.1\",\"port\":80,\"scheme\":\"http\",\"health\":"
                  + "\"passing\",\"weight\":3,\"zone\":\"z\",\"tags\":[\"t\"],\"metadata\":"
                  + "{\"k\":\"v\"},\"addresses\":{}}");

      Registration second = page.register(instance("a", "a2"));
      assertThat(change(stream, "added").toString()).contains("\"id\":\"a2\"");
      second
          .update(second.instance().toBuilder().metadata("x", "1").address("h", 1).build())
          .join();
      assertThat(change(stream, "updated").get("history").get(0).get("detail").asText())
          .isEqualTo("address, x");
      second.health(Health.WARNING).join();
      assertThat(change(stream, "warning").get("history").get(0).get("detail").asText())
          .isEqualTo("passing → warning");
      second.deregister().join();
      JsonNode removed = change(stream, "removed");
      assertThat(removed.get("services").get(0).get("removed").toString()).isEqualTo("[\"a2\"]");
      assertThat(removed.get("services").get(0).get("put")).isEmpty();
    }
    try (Stream later = new Stream(page.port())) {
      JsonNode history = later.await("state", event -> true).get("history");
      assertThat(history.get(0).get("kind").asText()).isEqualTo("removed");
      assertThat(history.size()).isGreaterThanOrEqualTo(4);
    }
    await().atMost(Duration.ofMinutes(1)).until(() -> page.dashboard.listeners() == 0);
  }

  @Test
  void stream_whateverStrangersWrite_isDataOfOneEvent() throws IOException {
    page.register(
        instance("x" + SCRIPT.replace("/", ""), "iä😀")
            .tag(SCRIPT)
            .tag("i\u2028\u2029ä😀")
            .zone(SCRIPT)
            .metadata("k", SCRIPT)
            .metadata("link", "javascript:alert(1)"));
    page.awaitServices(1);
    try (Stream stream = new Stream(page.port())) {
      JsonNode state = stream.await("state", event -> true);

      JsonNode instance = state.get("services").get(0).get("put").get(0);
      assertThat(instance.get("tags").get(0).asText()).isEqualTo(SCRIPT);
      assertThat(instance.get("metadata").get("k").asText()).isEqualTo(SCRIPT);
      assertThat(instance.get("tags").get(1).asText()).isEqualTo("i\u2028\u2029ä😀");
      assertThat(instance.get("id").asText()).isEqualTo("iä😀");
      assertThat(stream.head())
          .containsIgnoringCase("content-type: text/event-stream")
          .containsIgnoringCase("x-content-type-options: nosniff")
          .containsIgnoringCase("cache-control: no-store");
    }
  }

  @Test
  void stream_whoDoesNotRead_holdsUpNobody_andEndsAtTheLastState() throws IOException {
    Registration changing = page.register(instance("busy", "b"));
    try (Stream slow = new Stream(page.port());
        Stream quick = new Stream(page.port())) {
      String filler = "x".repeat(500);
      for (int i = 0; i < 3_000; i++) {
        ServiceInstance.Builder next = changing.instance().toBuilder();
        for (int field = 0; field < 20; field++) {
          next.metadata("filler" + field, filler);
        }
        var unused = changing.update(next.metadata("count", "" + i).build());
      }
      quick.await(
          "", event -> event.has("services") && event.toString().contains("\"count\":\"2999\""));
      slow.await(
          "", event -> event.has("services") && event.toString().contains("\"count\":\"2999\""));
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
