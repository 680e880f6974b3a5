package dev.rollcall.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.HostPort;
import dev.rollcall.InstanceKey;
import dev.rollcall.Liveness;
import dev.rollcall.Registration;
import dev.rollcall.Registry;
import dev.rollcall.RegistryException;
import dev.rollcall.ServiceInstance;
import dev.rollcall.ServiceView;
import dev.rollcall.spi.RegistryBackend;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What is refused at the door, and what every store keeps as it was given. */
abstract class InputClauses extends Clauses {
  /** Characters of every class that no name, id or key may hold, and how a refusal shows each. */
  private static final List<Map.Entry<String, String>> UNADDRESSABLE =
      List.of(
          Map.entry("\t", "\\u0009"),
          Map.entry("\u001f", "\\u001f"),
          Map.entry("\u007f", "\\u007f"),
          Map.entry("\u0085", "\\u0085"),
          Map.entry("\u00a0", "\\u00a0"),
          Map.entry("\u00ad", "\\u00ad"),
          Map.entry("\u0378", "\\u0378"),
          Map.entry("\u200b", "\\u200b"),
          Map.entry("\u202e", "\\u202e"),
          Map.entry("\u2028", "\\u2028"),
          Map.entry("\u2029", "\\u2029"),
          Map.entry("\u3000", "\\u3000"),
          Map.entry("\ue000", "\\ue000"),
          Map.entry("\ufeff", "\\ufeff"),
          Map.entry("\uffff", "\\uffff"),
          Map.entry("\ud800", "\\ud800"),
          Map.entry("\udc00", "\\udc00"),
          Map.entry(Character.toString(0xe0001), "\\u{e0001}"),
          Map.entry(Character.toString(0xf0000), "\\u{f0000}"));

  private static final List<String> UNICODE =
      List.of(
          "",
          " ",
          "plain",
          "Grüße, Привет, 你好, こんにちは",
          "\uD83D\uDE80\uD83C\uDDEA\uD83C\uDDFA\uD83D\uDC69\u200D\uD83D\uDE80",
          "\u00e9 is not e\u0301",
          "\u05e9\u05dc\u05d5\u05dd \u202e abc \u202c",
          "line\u2028separator\u2029\ufeff\ufffd\uffff",
          "\"quotes\" 'and' \\back\\\\slashes\\n \\u0041",
          "<a href=\"x\">&amp;</a> %2F %00 ?a=b&c=d#e",
          "{\"json\": [1, null]}, a=b; c:d | $(e) `f` ${g}",
          "  spaces  on  both  sides  ");

  InputClauses(RegistryContract store) {
    super(store);
  }

  @TestFactory
  @DisplayName("Bad input: refused at the door")
  @IfItFails("which check is missing, or made only after something was sent?")
  Stream<DynamicTest> badInput_isRefusedAtTheDoor() {
    List<DynamicTest> tests = new ArrayList<>();
    names(tests, "service", bad -> ServiceInstance.builder(bad).id("a").address("h.example", 1));
    names(tests, "id", bad -> ServiceInstance.builder("s").id(bad).address("h.example", 1));
    for (String host :
        List.of(
            "",
            " ",
            "a b",
            "-a",
            "a_.-",
            "http://a",
            "a:80",
            "[::1]",
            "10.0.0.256",
            "0x7f.1",
            "a/b",
            "a..b",
            "host\n",
            "0.0.0.0",
            "::",
            "fe80::1",
            "fe80::1%eth0",
            "::g",
            "é".repeat(300),
            "a".repeat(64) + ".example")) {
      field(tests, "host", host, b -> b.address(host, 80));
    }
    field(tests, "host", null, b -> b.address(none(), 80));
    for (int port : List.of(0, -1, 65_536, Integer.MAX_VALUE, Integer.MIN_VALUE)) {
      field(tests, "port", port, b -> b.address("h.example", port));
      field(tests, "port", "lan " + port, b -> b.address("lan", "h.example", port));
    }
    for (String scheme : List.of("", "HTTP", "1a", "a b", "a/b", "a".repeat(33))) {
      field(tests, "scheme", scheme, b -> b.scheme(scheme));
    }
    field(tests, "scheme", null, b -> b.scheme(none()));
    field(tests, "weight", -1, b -> b.weight(-1));
    field(tests, "weight", Integer.MIN_VALUE, b -> b.weight(Integer.MIN_VALUE));
    for (String text : badTexts()) {
      field(tests, "tag", text, b -> b.tag(text));
      field(tests, "metadata", text, b -> b.metadata("key", text));
      field(tests, "zone", text, b -> b.zone(text));
    }
    field(tests, "tag", null, b -> b.tag(none()));
    field(tests, "metadata", "null value", b -> b.metadata("key", none()));
    field(tests, "metadata", "null key", b -> b.metadata(none(), "value"));
    field(tests, "zone", null, b -> b.zone(none()));
    field(tests, "health", null, b -> b.health(none()));
    for (String key : List.of("", " ", "a b", "a:b", "é", "a\n", "a".repeat(129))) {
      field(tests, "metadata", "key " + key, b -> b.metadata(key, "value"));
      field(tests, "address name", "address " + key, b -> b.address(key, "h.example", 1));
      field(tests, "address name", "port " + key, b -> b.port(key, 1));
    }
    for (String name : List.of("a.b", "a/b")) {
      field(tests, "address name", "address " + name, b -> b.address(name, "h.example", 1));
    }
    field(tests, "tags", "65", b -> many(65, n -> b.tag("t" + n)));
    field(tests, "metadata", "65", b -> many(65, n -> b.metadata("k" + n, "v")));
    field(tests, "addresses", "65", b -> many(65, n -> b.address("a" + n, "h.example", 1)));
    livenesses(tests);
    calls(tests);
    return tests.stream();
  }

  @TestFactory
  @DisplayName("Bad input: one alphabet of names and ids, whatever the store")
  @IfItFails("does a name reach the store past the builders, or has a class of characters no case?")
  Stream<DynamicTest> badInput_theAlphabetIsOne() {
    List<DynamicTest> tests = new ArrayList<>();
    for (Map.Entry<String, String> bad : UNADDRESSABLE) {
      String shown = bad.getValue();
      String service = "a" + bad.getKey() + "b";
      String id = bad.getKey() + "b";
      String lookedUp = "a".repeat(100) + bad.getKey();
      tests.add(
          refusal(
              "service with " + shown,
              "service: ",
              shown,
              r -> {
                ServiceInstance.Builder of = ServiceInstance.builder(service).id("a");
                outcome(r.register(of.address("h.example", 1).build(), heartbeat()));
              }));
      tests.add(
          refusal(
              "id with " + shown,
              "id: ",
              shown,
              r -> {
                ServiceInstance.Builder of = ServiceInstance.builder("s").id(id);
                outcome(r.register(of.address("h.example", 1).build(), heartbeat()));
              }));
      tests.add(
          refusal("view of a name with " + shown, "service: ", shown, r -> r.service(lookedUp)));
    }
    return tests.stream();
  }

  @Test
  @DisplayName("Bad input: an unknown option in the store's URI is named, with the nearest one")
  @IfItFails("does the provider call BackendUri.requireOnly before anything else?")
  void badInput_unknownOption() {
    String uri = store.uri().orElse("nosuchscheme://127.0.0.1:1");
    String with = uri + (uri.indexOf('?') < 0 ? "?" : "&") + "nosuchoption=secretvalue";
    assertThatThrownBy(() -> Registry.open(with).close())
        .isInstanceOfSatisfying(
            RegistryException.class,
            refusal -> {
              assertThat(refusal.kind()).isEqualTo(INVALID);
              assertThat(refusal)
                  .hasMessageContaining(store.uri().isPresent() ? "nosuchoption" : "nosuchscheme");
              assertThat(refusal.getMessage()).doesNotContain("secretvalue");
            });
  }

  @Test
  @DisplayName("Bad input: the rules' own limits are still good")
  @IfItFails("does the store take less than the contract allows? Say so in its README.")
  void badInput_theLimitsAreGood() {
    ServiceInstance.Builder largest =
        ServiceInstance.builder(service + "-" + "s".repeat(253 - service.length() - 1))
            .id("é".repeat(126))
            .address("a".repeat(63) + "." + "b".repeat(63), 65_535)
            .scheme("a23456789012345678901234567890+-")
            .weight(Integer.MAX_VALUE)
            .zone("z".repeat(512));
    many(64, n -> largest.tag("t".repeat(60) + n));
    many(64, n -> largest.metadata("k".repeat(126) + (n + 10), "v".repeat(n == 0 ? 512 : 60)));
    ServiceInstance least =
        ServiceInstance.builder("s" + service).id("i").address("::1", 1).weight(0).build();
    RegistryBackend reader = client();
    for (ServiceInstance instance : List.of(largest.build(), least)) {
      Registration registration = await(process().register(instance, heartbeat()));
      service = instance.service();
      assertThat(stored(reader)).containsExactly(instance);
      await(registration.deregister());
    }
  }

  @Test
  @DisplayName("Bad input: Unicode in metadata, tags, zone and id survives byte for byte")
  @IfItFails("where is text escaped, normalised, trimmed, or written in another charset?")
  void badInput_unicodeSurvives() {
    Map<String, ServiceInstance> given = new HashMap<>();
    for (int i = 0; i < UNICODE.size(); i++) {
      String text = UNICODE.get(i);
      String id = "ïd-\uD83D\uDE80 +%2B&=?#" + i;
      ServiceInstance.Builder builder =
          ServiceInstance.builder(service)
              .id(id)
              .address("h.example", 1)
              .zone(text)
              .metadata("text", text)
              .metadata("number", Integer.toString(i));
      if (!text.isEmpty()) {
        builder.tag(text).tag("and another");
      }
      given.put(id, builder.build());
    }
    List<Registration> registrations = new ArrayList<>();
    for (ServiceInstance instance : given.values()) {
      registrations.add(await(process().register(instance, heartbeat())));
    }
    RegistryBackend reader = client();
    assertThat(stored(reader)).containsExactlyInAnyOrderElementsOf(given.values());
    ServiceView view = process().service(service);
    eventually(
        () -> assertThat(view.instances()).containsExactlyInAnyOrderElementsOf(given.values()));
    for (ServiceInstance seen : view.instances()) {
      String text = UNICODE.get(Integer.parseInt(seen.metadata().get("number")));
      assertThat(seen.zone()).isEqualTo(text);
      assertThat(seen.metadata()).containsEntry("text", text);
      assertThat(seen.tags()).isEqualTo(text.isEmpty() ? List.of() : List.of(text, "and another"));
    }
    registrations.forEach(registration -> await(registration.deregister()));
    assertThat(stored(reader)).isEmpty();
  }

  @Test
  @DisplayName("Bad input: capitals, order, spaces and what is empty survive")
  @IfItFails("is a text lower-cased, trimmed or left out, or are tags sorted, on the way?")
  void badInput_caseAndOrderSurvive() {
    RegistryBackend writer = client();
    List<ServiceInstance> both = new ArrayList<>();
    for (String id : List.of("An-Id", "an-id")) {
      both.add(
          ServiceInstance.builder(service)
              .id(id)
              .address("h.example", 1)
              .metadata("Some-Key", "A Value")
              .metadata("some-key", "a value")
              .metadata("SOME_KEY", " spaced ")
              .metadata("empty", "")
              .tags(List.of("z", "A", "a", "M"))
              .zone("Zone-A")
              .address("Wan", "w.example", 2)
              .address("wan", "w.example", 3)
              .build());
    }
    both.forEach(instance -> put(writer, instance));
    RecordingSink sink = record(client());

    assertThat(stored(client())).isEqualTo(both);
    eventually(() -> assertThat(sink.state()).isEqualTo(both));
    assertThat(sink.state().get(0).tags()).containsExactly("z", "A", "a", "M");
    assertThat(sink.violations()).isEmpty();
  }

  @Test
  @DisplayName("Bad input: dots and slashes in the keys of metadata survive")
  @IfItFails("is a key escaped where the store takes none such, so that no two keys meet?")
  void badInput_keysWithDotsAndSlashesSurvive() {
    ServiceInstance labelled =
        ServiceInstance.builder(service)
            .id("labelled")
            .address("h.example", 1)
            .metadata("app.kubernetes.io/name", "orders")
            .metadata("app_2Ekubernetes_2Eio_2Fname", "another")
            .metadata("app-kubernetes-io-name", "and another")
            .metadata("spring.cloud_gateway/path", "/orders/**")
            .metadata("..", "")
            .metadata("/", "ünïcode")
            .metadata("_", "none to be escaped")
            .metadata("k".repeat(127) + ".", "the longest that is mostly plain")
            .metadata("._/".repeat(42) + "._", "the longest that is not")
            .build();
    ServiceInstance.Builder many = ServiceInstance.builder(service).id("many");
    many(64, n -> many.metadata("label.example/" + n, "v" + n));
    List<ServiceInstance> both = List.of(labelled, many.address("h.example", 2).build());
    RecordingSink sink = record(client());
    List<Registration> registrations = new ArrayList<>();
    for (ServiceInstance instance : both) {
      registrations.add(await(process().register(instance, heartbeat())));
    }

    assertThat(stored(client())).isEqualTo(both);
    eventually(() -> assertThat(sink.state()).isEqualTo(both));
    await(
        registrations
            .get(0)
            .update(labelled.toBuilder().metadata("app.kubernetes.io/name", "v2").build()));
    eventually(
        () ->
            assertThat(sink.state().get(0).metadata())
                .containsEntry("app.kubernetes.io/name", "v2")
                .hasSameSizeAs(labelled.metadata()));
    assertThat(sink.violations()).isEmpty();
  }

  @Test
  @DisplayName("R1 each named port of an instance is visible")
  @IfItFails("does the store keep the further addresses, or mix them up with the first?")
  void r1_namedPortsAreVisible() {
    ServiceInstance given =
        ServiceInstance.builder(service)
            .id("ports")
            .address("10.0.0.7", 8080)
            .port("http", 8080)
            .port("admin", 9090)
            .port("grpc", 9091)
            .build();
    ServiceInstance six =
        ServiceInstance.builder(service).id("six").address("fd00::7", 1).port("grpc", 2).build();
    put(client(), given);
    put(client(), six);

    List<ServiceInstance> seen = stored(client());
    assertThat(seen).containsExactly(given, six);
    assertThat(seen.get(0).address("admin")).hasToString("Optional[10.0.0.7:9090]");
    assertThat(seen.get(1).address("grpc")).hasToString("Optional[[fd00::7]:2]");
    assertThat(seen.get(1).uri("/x")).hasToString("http://[fd00::7]:1/x");
  }

  @Test
  @DisplayName("Bad input: names that look alike or contain each other are different names")
  @IfItFails("is a service's prefix ended by a separator, and names kept apart by case and bytes?")
  void badInput_namesDoNotRunTogether() {
    RegistryBackend writer = client();
    String base = service;
    List<String> names =
        List.of(
            base,
            base + "x",
            base.toUpperCase(Locale.ROOT),
            base + ".",
            base + "é",
            base + "%2F",
            base + " ");
    List<RecordingSink> sinks = new ArrayList<>();
    for (String name : names) {
      service = name;
      put(writer, instance("only in " + name));
      sinks.add(record(client()));
    }
    for (int i = 0; i < names.size(); i++) {
      service = names.get(i);
      String only = "only in " + service;
      RecordingSink sink = sinks.get(i);
      assertThat(ids(stored(writer))).containsExactly(only);
      eventually(() -> assertThat(ids(sink.state())).containsExactly(only));
      assertThat(sink.violations()).isEmpty();
    }
  }

  private void names(
      List<DynamicTest> tests, String field, Function<String, ServiceInstance.Builder> builder) {
    for (String bad :
        List.of(
            "",
            "/",
            "a/b",
            ".",
            "..",
            "a\nb",
            "a\u0000",
            "a\u007f",
            "a\u0085b",
            "\ud800",
            "a".repeat(254),
            "é".repeat(127))) {
      tests.add(
          refusal(
              field + " " + shown(bad),
              field,
              registry -> outcome(registry.register(builder.apply(bad).build(), heartbeat()))));
    }
  }

  private static List<String> badTexts() {
    return List.of(
        "a\nb",
        "\u0000",
        "\u001b[31m",
        "\u007f",
        "\ud800a",
        "\udc00",
        "a".repeat(513),
        "é".repeat(257));
  }

  private void field(
      List<DynamicTest> tests,
      String field,
      @Nullable Object value,
      Consumer<ServiceInstance.Builder> set) {
    tests.add(
        refusal(
            field + " " + shown(String.valueOf(value)),
            field,
            registry -> {
              ServiceInstance.Builder builder =
                  ServiceInstance.builder(service).id("a").address("h.example", 1);
              set.accept(builder);
              outcome(registry.register(builder.build(), heartbeat()));
            }));
  }

  private void livenesses(List<DynamicTest> tests) {
    URI uri = URI.create("http://h.example/health");
    Duration ok = Duration.ofSeconds(10);
    for (Duration bad :
        List.of(
            Duration.ZERO,
            Duration.ofMillis(999),
            Duration.ofSeconds(-1),
            Duration.ofDays(1).plusMillis(1),
            Duration.ofSeconds(Long.MAX_VALUE))) {
      liveness(tests, "ttl", bad, () -> Liveness.heartbeat(bad));
      liveness(tests, "interval", bad, () -> Liveness.httpCheck(uri, bad));
      liveness(tests, "interval", bad, () -> Liveness.tcpCheck("h.example", 1, bad));
    }
    for (Duration bad : List.of(Duration.ofNanos(-1), Duration.ofDays(1).plusNanos(1))) {
      liveness(tests, "deregisterAfter", bad, () -> Liveness.heartbeat(ok).deregisterAfter(bad));
    }
    for (Duration bad : List.of(Duration.ZERO, Duration.ofSeconds(11))) {
      liveness(tests, "timeout", bad, () -> Liveness.httpCheck(uri, ok).timeout(bad));
    }
    for (String bad :
        List.of(
            "ftp://h.example/",
            "file:///etc/passwd",
            "http:/x",
            "http://u:p@h.example/",
            "mailto:a@b.example")) {
      liveness(tests, "uri", bad, () -> Liveness.httpCheck(URI.create(bad), ok));
    }
    liveness(tests, "port", 0, () -> Liveness.tcpCheck("h.example", 0, ok));
    liveness(tests, "host", "a b", () -> Liveness.tcpCheck("a b", 1, ok));
    for (String bad : List.of("", "get", "TRACE", "CONNECT", "GET /")) {
      liveness(tests, "method", bad, () -> Liveness.httpCheck(uri, ok).method(bad));
    }
    for (String bad : List.of("", "a b", "a:", "Host", "content-length", "Transfer-Encoding")) {
      liveness(tests, "header", bad, () -> Liveness.httpCheck(uri, ok).header(bad, "x"));
    }
    for (String bad : List.of("a\nb", "\u00e9", "x".repeat(5000))) {
      liveness(tests, "header", shown(bad), () -> Liveness.httpCheck(uri, ok).header("X-A", bad));
    }
    liveness(
        tests,
        "body",
        "of 20,000 bytes",
        () -> Liveness.httpCheck(uri, ok).body("x".repeat(20_000)));
    liveness(tests, "tls", "http", () -> Liveness.httpCheck(uri, ok).tlsSkipVerify());
    HostPort grpc = new HostPort("h.example", 1);
    for (String bad : List.of("a/b", "a b", "a".repeat(254))) {
      liveness(tests, "service", shown(bad), () -> Liveness.grpcCheck(grpc, ok).service(bad));
    }
    for (String bad : List.of("", "a b", "10.0.0.7")) {
      liveness(tests, "tlsServerName", bad, () -> Liveness.grpcCheck(grpc, ok).tlsServerName(bad));
    }
    Liveness.Check one = Liveness.grpcCheck(grpc, ok);
    liveness(tests, "checks", 17, () -> new Liveness.Checks(Collections.nCopies(17, one), ok));
    liveness(tests, "ttl", "null", () -> Liveness.heartbeat(none()));
    liveness(tests, "uri", "null", () -> Liveness.httpCheck(none(), ok));
    liveness(tests, "interval", "null", () -> Liveness.httpCheck(uri, none()));
    liveness(tests, "probe", "null", () -> Liveness.heartbeat(ok).onlyWhile(none()));
    liveness(
        tests,
        "deregisterAfter",
        "null",
        () -> new Liveness.Heartbeat(ok, Optional.empty(), none()));
  }

  private void liveness(
      List<DynamicTest> tests, String field, Object value, Supplier<Liveness> liveness) {
    tests.add(
        refusal(
            "liveness " + field + " " + value,
            field,
            registry -> outcome(registry.register(instance("a"), liveness.get()))));
  }

  private void calls(List<DynamicTest> tests) {
    for (String bad : List.of("", "a/b", "..", "a\nb", "a".repeat(254))) {
      tests.add(refusal("view of " + shown(bad), "service", r -> r.service(bad)));
      tests.add(refusal("snapshot of " + shown(bad), "service", r -> outcome(r.snapshot(bad))));
      tests.add(
          refusal(
              "key " + shown(bad), "id", r -> outcome(r.deregister(new InstanceKey("s", bad)))));
    }
    tests.add(refusal("view of null", "service", r -> r.service(none())));
    tests.add(refusal("snapshot of null", "service", r -> outcome(r.snapshot(none()))));
    tests.add(refusal("deregister null", "key", r -> outcome(r.deregister(none()))));
    tests.add(refusal("register null", "instance", r -> outcome(r.register(none(), heartbeat()))));
    tests.add(
        refusal(
            "register without liveness",
            "liveness",
            r -> outcome(r.register(instance("a"), none()))));
    tests.add(
        refusal(
            "registerExclusive null",
            "instance",
            r -> outcome(r.registerExclusive(none(), heartbeat()))));
    tests.add(refusal("announce null", "instance", r -> r.announce(none(), heartbeat())));
  }

  /** One input that must be refused with the field's name and its rule, before anything is sent. */
  private DynamicTest refusal(String name, String field, Consumer<Registry> call) {
    return refusal(name, field, "expected", call);
  }

  private DynamicTest refusal(String name, String field, String rule, Consumer<Registry> call) {
    return DynamicTest.dynamicTest(
        "Bad input: " + name,
        () -> {
          CountingBackend counted = new CountingBackend(store.open(time.timer()));
          Registry registry = process(counted);
          assertThatThrownBy(() -> call.accept(registry))
              .isInstanceOfSatisfying(
                  RegistryException.class,
                  refusal -> {
                    assertThat(refusal.kind()).isEqualTo(INVALID);
                    assertThat(refusal)
                        .hasMessageContaining(field)
                        .hasMessageContaining("expected")
                        .hasMessageContaining(rule);
                    assertThat(refusal.getMessage()).hasSizeLessThan(1200).doesNotContain("\n");
                  });
          assertThat(counted.calls()).as("calls of the backend").isZero();
        });
  }

  /** Throws what a future failed with; a refusal is there at once. */
  private static void outcome(CompletableFuture<?> future) {
    assertThat(future).as("refused at once").isDone();
    try {
      future.join();
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof RegistryException refusal) {
        throw refusal;
      }
      throw failed;
    }
  }

  /** What only a caller without null checks would pass. */
  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
  private static <T> T none() {
    return null;
  }

  private static void many(int count, Consumer<Integer> add) {
    for (int n = 0; n < count; n++) {
      add.accept(n);
    }
  }

  private static String shown(String value) {
    StringBuilder out = new StringBuilder("\"");
    value
        .chars()
        .limit(20)
        .forEach(c -> out.append(c < 32 || c > 126 ? String.format("\\u%04x", c) : (char) c));
    return out.append(value.length() > 20 ? "…\" (" + value.length() + ")" : "\"").toString();
  }
}
