package dev.rollcall.server.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rollcall.server.Centre;
import dev.rollcall.testkit.server.ConsulServer;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Filters at a real agent and at the centre: the same answer, or a refusal by both. */
@Timeout(1_800)
class FilterFateTest {
  private static final List<String> SERVICE =
      List.of(
          "ID",
          "Service",
          "Kind",
          "Tags",
          "Address",
          "TaggedAddresses",
          "TaggedAddresses.lan_ipv4.Address",
          "TaggedAddresses.nope.Port",
          "TaggedAddresses.lan_ipv4.Port",
          "Meta",
          "Meta.k",
          "Meta.nope",
          "Meta[\"a-b\"]",
          "Meta.k.x",
          "Port",
          "Weights.Passing",
          "Weights.Warning",
          "Weights",
          "EnableTagOverride",
          "Bogus",
          "service",
          "Tags.x",
          "TaggedAddresses.lan_ipv4");
  private static final List<String> CHECK =
      List.of(
          "Node",
          "CheckID",
          "Name",
          "Status",
          "Notes",
          "Output",
          "ServiceID",
          "ServiceName",
          "ServiceTags",
          "Bogus");
  private static final List<String> NODE =
      List.of(
          "Node",
          "Address",
          "Datacenter",
          "TaggedAddresses",
          "TaggedAddresses.lan",
          "TaggedAddresses.x",
          "Meta",
          "Meta.x",
          "Bogus");
  private static final List<String> CATALOG =
      List.of(
          "Node",
          "Address",
          "Datacenter",
          "NodeMeta",
          "NodeMeta.x",
          "ServiceID",
          "ServiceName",
          "ServiceTags",
          "ServiceAddress",
          "ServiceMeta.k",
          "ServiceMeta",
          "ServicePort",
          "ServiceWeights.Passing",
          "ServiceEnableTagOverride",
          "ServiceKind",
          "Bogus",
          "ServiceTaggedAddresses.lan_ipv4.Address");
  private static final String[] VALUES = {
    "web",
    "web1",
    "\"web1\"",
    "`web`",
    "\"a b\"",
    "`a b`",
    "blue",
    "k",
    "v",
    "80",
    "8080",
    "-1",
    "0",
    "080",
    "1.5",
    "0x50",
    "true",
    "false",
    "t",
    "1",
    "10.0.0.1",
    "\"10.0.0.1\"",
    "web-1",
    "\"\"",
    "``",
    "passing",
    "critical",
    "\"passing\"",
    "a.b",
    "a/b",
    "_x",
    "\"a\\\"b\"",
    "\"x\\ty\"",
    "ü",
    "\"ü\"",
    "or",
    "and",
    "not",
    "empty"
  };
  private static final String[] EXPRESSIONS = {
    "`^web[0-9]$`",
    "`eb`",
    "`^b`",
    "\"^we\"",
    "`[[:alpha:]]+[[:digit:]]`",
    "`(?=w)web`",
    "`(?i)WEB`",
    "`\\d`",
    "\"\\\\d\"",
    "`\\pL+`",
    "`x{2,1}`",
    "`(`",
    "`[a`",
    "`a**`",
    "`\\Qweb\\E`",
    "`(?P<n>w)`",
    "`(?<n>w)`",
    "`\\bweb`",
    "`^(a|aa)+$`",
    "``",
    "`$`",
    "`\\z`",
    "`\\Z`",
    "`(w)\\1`",
    "`a{1001}`",
    "`[^[:space:]]+`",
    "`\\x77eb`",
    "`\\u0077`",
    "`.*+`",
    "`a++`",
    "`(?>w)`",
    "`\\h`",
    "`[w&&[^x]]`",
    "web",
    "80"
  };
  private static final String[] EQUALS = {" == ", "==", " != ", "!=", "  ==\t", " = "};
  private static final String[] ASKS = {
    " contains ", " not contains ", " matches ", " not matches ", "contains ", " not  contains "
  };
  private static final String[] ENDS = {" is empty", " is not empty", " is  empty", " isempty"};
  private static final String[] INS = {" in ", " not in ", "in ", " not  in "};
  private static final String NOISE = " ()[]\"`.=!x-,0ü";

  private static ConsulServer consul;
  private static Centre centre;
  private static Client real;
  private static Client ours;

  /** A path with what its filters may select. */
  private record Place(String path, String prefix, List<String> selectors) {}

  private static final List<Place> PLACES =
      List.of(
          new Place("/agent/services", "", SERVICE),
          new Place("/health/service/web", "Service.", SERVICE),
          new Place("/health/service/web", "Node.", NODE),
          new Place("/health/service/web", "Checks.", CHECK),
          new Place("/health/service/web", "", List.of("Checks", "Service", "Node", "X")),
          new Place("/catalog/service/web", "", CATALOG),
          new Place("/catalog/nodes", "", NODE),
          new Place("/health/state/any", "", CHECK));

  @BeforeAll
  static void start() {
    consul = ConsulServer.builder().hcl("performance{raft_multiplier=1}").launch();
    centre = CentreUnderTest.start("memory:", 0, consul.name());
    real = new Client(consul.endpoint() + "/v1");
    ours = new Client(centre.uri() + "/v1");
    for (Client each : List.of(real, ours)) {
      each.put(
          "/agent/service/register",
          "{\"ID\":\"web1\",\"Name\":\"web\",\"Port\":80,\"Address\":\"10.0.0.1\",\"Tags\":[\"blue\","
              + "\"a b\",\"ü\"],\"Meta\":{\"k\":\"v\",\"a-b\":\"web\"},\"EnableTagOverride\":true,\"Check\":{"
              + "\"CheckID\":\"one\",\"TTL\":\"1h\",\"Status\":\"passing\",\"Notes\":\"web\"}}");
      each.put(
          "/agent/service/register",
          "{\"ID\":\"web2\",\"Name\":\"web\",\"Port\":8080,\"Weights\":{\"Passing\":80,\"Warning\":1}}");
      each.put("/agent/service/register", "{\"Name\":\"bare\"}");
    }
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(
            () -> {
              assertThat(answer(real, "/health/service/web", "Service.ID==web1")).hasSize(1);
              assertThat(answer(real, "/health/state/any", "CheckID==one")).hasSize(1);
              assertThat(answer(real, "/health/service/bare", "Service.ID==bare")).hasSize(1);
            });
  }

  @AfterAll
  static void stop() {
    centre.close();
    consul.close();
  }

  /** Returns what is named in an answer, or that it was refused. */
  private static List<String> answer(Client client, String path, String filter) {
    HttpResponse<String> response =
        client.get(path + "?filter=" + URLEncoder.encode(filter, StandardCharsets.UTF_8));
    if (response.statusCode() != 200) {
      return List.of("refused " + response.statusCode());
    }
    List<String> named = new ArrayList<>();
    for (JsonNode each : Json.parse(response.body().getBytes(StandardCharsets.UTF_8))) {
      named.add(
          each.path("Service").path("ID").asText()
              + each.path("ID").asText()
              + each.path("ServiceID").asText()
              + each.path("CheckID").asText()
              + each.path("Node").asText());
    }
    named.replaceAll(name -> name.replaceAll("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "uuid"));
    Collections.sort(named);
    return named;
  }

  private static String one(String[] of, Random random) {
    return of[random.nextInt(of.length)];
  }

  private static String match(Place place, Random random) {
    String selector =
        place.prefix() + place.selectors().get(random.nextInt(place.selectors().size()));
    return switch (random.nextInt(8)) {
      case 0, 1, 2 -> selector + one(EQUALS, random) + one(VALUES, random);
      case 3 -> selector + one(ENDS, random);
      case 4 -> one(VALUES, random) + one(INS, random) + selector;
      case 5, 6 -> selector + " matches " + one(EXPRESSIONS, random);
      default -> selector + one(ASKS, random) + one(VALUES, random);
    };
  }

  private static String expression(Place place, Random random, int depth) {
    if (depth == 0 || random.nextInt(3) == 0) {
      return match(place, random);
    }
    String left = expression(place, random, depth - 1);
    return switch (random.nextInt(6)) {
      case 0, 1 -> left + " and " + expression(place, random, depth - 1);
      case 2, 3 -> left + " or " + expression(place, random, depth - 1);
      case 4 -> (random.nextInt(4) == 0 ? "not" : "not ") + left;
      default -> (random.nextBoolean() ? "(" : "( ") + left + (random.nextBoolean() ? ")" : " )");
    };
  }

  private static String noisy(String expression, Random random) {
    int at = random.nextInt(expression.length() + 1);
    String noise = String.valueOf(NOISE.charAt(random.nextInt(NOISE.length())));
    return random.nextBoolean() || at == expression.length()
        ? expression.substring(0, at) + noise + expression.substring(at)
        : expression.substring(0, at) + expression.substring(at + 1);
  }

  private static void requireSame(Place place, String filter) {
    assertThat(answer(ours, place.path(), filter))
        .as("%s: %s", place.path(), filter)
        .isEqualTo(answer(real, place.path(), filter));
  }

  private static void requireSame(int times) {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<String> differences = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      Place place = PLACES.get(random.nextInt(PLACES.size()));
      String filter = expression(place, random, random.nextInt(3));
      filter = random.nextInt(6) == 0 ? noisy(filter, random) : filter;
      List<String> expected = answer(real, place.path(), filter);
      List<String> actual = answer(ours, place.path(), filter);
      if (!actual.equals(expected)) {
        differences.add(place.path() + ": " + filter + "\n  " + expected + "\n  " + actual);
      }
    }
    assertThat(differences).as("seed %s", seed).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Meta.nope is empty",
        "Meta.nope matches `x`",
        "Meta.nope != x",
        "Meta.k.x == dotted",
        "Service matches `[[:alpha:]]+`",
        "Service matches `(?=w)web`",
        "Address == 10.0.0.1",
        "Port == 0x50",
        "Port == abc",
        "EnableTagOverride == 1",
        "Tags contains \"a b\"",
        "ID == \"a\\\"b\"",
        "ID == web-1",
        "not(ID == web1)",
        "not in Tags",
        "not not in Tags",
        "not in Tags and ID == web1",
        "ID == not",
        "not in in Tags",
        "a/b in Tags",
        "ID == a/b",
      })
  void particular(String filter) {
    requireSame(PLACES.get(0), filter);
  }

  @Test
  void someHundredExpressions() {
    requireSame(600);
  }

  @Test
  @Tag("long")
  void tenThousandExpressions() {
    requireSame(10_000);
  }
}
