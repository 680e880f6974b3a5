package dev.rollcall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceInstanceRulesTest {
  private static final String CONTEXT = ", service orders, instance o-1";
  private static final String HOST = " (expected: an IP address or a host name)" + CONTEXT;
  private static final String UNICODE = " (expected: well-formed Unicode)" + CONTEXT;
  private static final String CONTROL = " (expected: no control characters)" + CONTEXT;
  private static final String BYTES = " (expected: at most 512 bytes of UTF-8)" + CONTEXT;
  private static final String KEY = " (expected: 1-128 of A-Z a-z 0-9 _ - . /)" + CONTEXT;
  private static final String NAME = " (expected: 1-128 of A-Z a-z 0-9 _ -)" + CONTEXT;
  private static final String ZONE_OF_ONE =
      " (expected: an address without a zone: a zone is the name of an interface of one machine, and"
          + " none to others)"
          + CONTEXT;
  private static final String LINK_LOCAL =
      " (expected: an address that others can reach: a link-local one needs a zone, which is the name"
          + " of an interface of one machine, and none to others)"
          + CONTEXT;
  private static final String WILDCARD =
      " (expected: an address that others can reach: this one stands for all addresses of the machine"
          + " that listens, and leads its readers to themselves)"
          + CONTEXT;
  private static final String SCHEME =
      " (expected: 1-32 of a-z 0-9 + . -, a letter first)" + CONTEXT;

  private static ServiceInstance.Builder builder() {
    return ServiceInstance.builder("orders").id("o-1").address("10.0.0.7", 8080);
  }

  private static Arguments edit(
      String name, UnaryOperator<ServiceInstance.Builder> edit, String message) {
    return arguments(name, edit, message);
  }

  private static String shortened(String value, int length) {
    return value.substring(0, 60) + "… (" + length + " characters)";
  }

  static Stream<Arguments> refused() {
    String value513 = "x".repeat(513);
    return Stream.of(
        edit("port 0", b -> b.address("h", 0), "port: 0 (expected: 1-65535)" + CONTEXT),
        edit("port -1", b -> b.address("h", -1), "port: -1 (expected: 1-65535)" + CONTEXT),
        edit(
            "port 65536", b -> b.address("h", 65_536), "port: 65536 (expected: 1-65535)" + CONTEXT),
        edit("weight", b -> b.weight(-1), "weight: -1 (expected: 0 or more)" + CONTEXT),
        edit("no host", b -> b.address("", 1), "host: \"\"" + HOST),
        edit("two words", b -> b.address("a b", 1), "host: \"a b\"" + HOST),
        edit("brackets", b -> b.address("[::1]", 1), "host: \"[::1]\"" + HOST),
        edit("bad v4", b -> b.address("10.0.0.256", 1), "host: \"10.0.0.256\"" + HOST),
        edit("hex v4", b -> b.address("0x7f.1", 1), "host: \"0x7f.1\"" + HOST),
        edit("decimal v4", b -> b.address("2130706433", 1), "host: \"2130706433\"" + HOST),
        edit("dash first", b -> b.address("-a.b", 1), "host: \"-a.b\"" + HOST),
        edit("empty label", b -> b.address("a..b", 1), "host: \"a..b\"" + HOST),
        edit("url", b -> b.address("http://h", 1), "host: \"http://h\"" + HOST),
        edit("user", b -> b.address("u@h", 1), "host: \"u@h\"" + HOST),
        edit(
            "long label",
            b -> b.address("a".repeat(64), 1),
            "host: " + shortened("a".repeat(64), 64) + HOST),
        edit("scheme case", b -> b.scheme("Http"), "scheme: \"Http\"" + SCHEME),
        edit("scheme digit", b -> b.scheme("1a"), "scheme: \"1a\"" + SCHEME),
        edit("no scheme", b -> b.scheme(""), "scheme: \"\"" + SCHEME),
        edit(
            "long scheme",
            b -> b.scheme("s".repeat(33)),
            "scheme: \"" + "s".repeat(33) + "\"" + SCHEME),
        edit("tag line", b -> b.tag("a\nb"), "tag: \"a\\u000ab\"" + CONTROL),
        edit("tag nul", b -> b.tag("a\0"), "tag: \"a\\u0000\"" + CONTROL),
        edit("tag c1", b -> b.tag("\u0085"), "tag: \"\\u0085\"" + CONTROL),
        edit("tag high", b -> b.tag("a\ud83d"), "tag: \"a\\ud83d\"" + UNICODE),
        edit("tag low", b -> b.tag("\ude00a"), "tag: \"\\ude00a\"" + UNICODE),
        edit("tag long", b -> b.tag(value513), "tag: " + shortened(value513, 513) + BYTES),
        edit(
            "many tags",
            b -> {
              for (int i = 0; i < 65; i++) {
                b.tag("t" + i);
              }
              return b;
            },
            "tags: 65 entries (expected: at most 64)" + CONTEXT),
        edit("no key", b -> b.metadata("", "v"), "metadata key: \"\"" + KEY),
        edit("key blank", b -> b.metadata("a b", "v"), "metadata key: \"a b\"" + KEY),
        edit("key umlaut", b -> b.metadata("ä", "v"), "metadata key: \"ä\"" + KEY),
        edit(
            "key long",
            b -> b.metadata("k".repeat(129), "v"),
            "metadata key: " + shortened("k".repeat(129), 129) + KEY),
        edit(
            "metadata long",
            b -> b.metadata("k", value513),
            "metadata k: " + shortened(value513, 513) + BYTES),
        edit(
            "metadata bytes",
            b -> b.metadata("k", "ä".repeat(257)),
            "metadata k: " + shortened("ä".repeat(257), 257) + BYTES),
        edit("metadata cr", b -> b.metadata("k", "\r"), "metadata k: \"\\u000d\"" + CONTROL),
        edit("metadata high", b -> b.metadata("k", "\ud800"), "metadata k: \"\\ud800\"" + UNICODE),
        edit(
            "much metadata",
            b -> {
              for (int i = 0; i < 65; i++) {
                b.metadata("k" + i, "");
              }
              return b;
            },
            "metadata: 65 entries (expected: at most 64)" + CONTEXT),
        edit("zone del", b -> b.zone("\u007f"), "zone: \"\\u007f\"" + CONTROL),
        edit("zone long", b -> b.zone(value513), "zone: " + shortened(value513, 513) + BYTES),
        edit("zone null", b -> b.zone(null), "zone: null (expected: a value)" + CONTEXT),
        edit("host null", b -> b.address(null, 1), "host: null (expected: a value)" + CONTEXT),
        edit("scheme null", b -> b.scheme(null), "scheme: null (expected: a value)" + CONTEXT),
        edit("health null", b -> b.health(null), "health: null (expected: a value)" + CONTEXT),
        edit("address name", b -> b.address("a/b", "h", 1), "address name: \"a/b\"" + NAME),
        edit("port name", b -> b.port("a.b", 1), "address name: \"a.b\"" + NAME),
        edit("zone id", b -> b.address("fe80::1%eth0", 1), "host: \"fe80::1%eth0\"" + ZONE_OF_ONE),
        edit("zone number", b -> b.address("fe80::1%1", 1), "host: \"fe80::1%1\"" + ZONE_OF_ONE),
        edit("link v6", b -> b.address("fe80::1", 1), "host: \"fe80::1\"" + LINK_LOCAL),
        edit("link last", b -> b.address("FEBF::1", 1), "host: \"FEBF::1\"" + LINK_LOCAL),
        edit(
            "link with v4",
            b -> b.address("fe80::10.0.0.7", 1),
            "host: \"fe80::10.0.0.7\"" + LINK_LOCAL),
        edit("any v4", b -> b.address("0.0.0.0", 1), "host: \"0.0.0.0\"" + WILDCARD),
        edit("any v6", b -> b.address("::", 1), "host: \"::\"" + WILDCARD),
        edit(
            "any long",
            b -> b.address("0:0:0:0:0:0:0:0", 1),
            "host: \"0:0:0:0:0:0:0:0\"" + WILDCARD),
        edit(
            "any mapped",
            b -> b.address("::ffff:0.0.0.0", 1),
            "host: \"::ffff:0.0.0.0\"" + WILDCARD),
        edit(
            "many addresses",
            b -> {
              for (int i = 0; i < 65; i++) {
                b.address("a" + i, "h", 1);
              }
              return b;
            },
            "addresses: 65 entries (expected: at most 64)" + CONTEXT));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refused")
  void build_withBadField_namesFieldValueAndRule(
      String name, UnaryOperator<ServiceInstance.Builder> edit, String message) {
    assertThatThrownBy(() -> edit.apply(builder()).build())
        .isInstanceOfSatisfying(
            RegistryException.class,
            e -> assertThat(e.kind()).isEqualTo(RegistryException.Kind.INVALID))
        .hasMessage(message);
  }

  static Stream<Arguments> refusedAtOnce() {
    return Stream.of(
        edit("tag null", b -> b.tag(null), "tag: null (expected: a value)"),
        edit("tags null", b -> b.tags(null), "tags: null (expected: a value)"),
        edit("key null", b -> b.metadata(null, "v"), "metadata key: null (expected: a value)"),
        edit("value null", b -> b.metadata("k", null), "metadata k: null (expected: a value)"),
        edit("metadata null", b -> b.metadata(null), "metadata: null (expected: a value)"),
        edit("id null", b -> b.id(null), "id: null (expected: a value)"),
        edit("name null", b -> b.address(null, "h", 1), "address name: null (expected: a value)"),
        edit("lan host", b -> b.address("lan", "?", 1), "address lan host: \"?\" (expected: an IP"),
        edit("port null", b -> b.port(null, 1), "address name: null (expected: a value)"),
        edit("named port", b -> b.port("admin", 0), "address admin port: 0 (expected: 1-65535)"),
        edit("lan port", b -> b.address("lan", "h", 0), "address lan port: 0 (expected: 1-65535)"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refusedAtOnce")
  void builder_withBadField_refusesAtOnce(
      String name, UnaryOperator<ServiceInstance.Builder> edit, String message) {
    assertThatThrownBy(() -> edit.apply(builder()))
        .isInstanceOf(RegistryException.class)
        .hasMessageStartingWith(message)
        .hasMessageContaining(", service ")
        .hasMessageContaining("orders")
        .hasMessageContaining("o-1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a/b", "/", ".", "..", "a\nb", "a\0", "\ud800", "\udc00\ud800"})
  void names_whenTheyCannotBeAKeySegment_areRefused(String name) {
    assertThatThrownBy(() -> ServiceInstance.builder(name).address("h", 1).build())
        .isInstanceOf(RegistryException.class)
        .hasMessageStartingWith("service: ");
    assertThatThrownBy(() -> builder().id(name).build())
        .isInstanceOf(RegistryException.class)
        .hasMessageMatching("id: .* \\(expected: .*\\), service orders");
  }

  @Test
  void names_atTheLimitOf253Bytes_areTaken() {
    String longest = "ä".repeat(126) + "x";
    ServiceInstance instance = ServiceInstance.builder(longest).id(longest).address("h", 1).build();
    assertThat(instance.service()).isEqualTo(longest);
    assertThatThrownBy(() -> ServiceInstance.builder(longest + "x").address("h", 1).build())
        .hasMessage("service: " + shortened(longest, 128) + " (expected: 1-253 bytes of UTF-8)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"...", "a..b", "..a", "orders v2", "a\\b", "木", "😀", "a%2Fb", " "})
  void names_thatAreOnlyUnusual_areTaken(String name) {
    assertThat(ServiceInstance.builder(name).id(name).address("h", 1).build().key())
        .isEqualTo(new InstanceKey(name, name));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "a_b.c",
        "xn--bcher-kva.example",
        "::1",
        "::ffff:1.2.3.4",
        "9a",
        "a-b"
      })
  void hosts_thatAreHosts_areTaken(String host) {
    assertThat(builder().address(host, 1).build().host()).isEqualTo(host);
  }

  @Test
  void values_atTheirLimits_areTaken() {
    ServiceInstance.Builder builder =
        builder()
            .address("h", 65_535)
            .weight(0)
            .scheme("s".repeat(32))
            .zone("ä".repeat(256))
            .tag("x".repeat(512));
    for (int i = 0; i < 63; i++) {
      builder.tag("t" + i).metadata("k" + i, "").address("a" + i, "h", 1);
    }
    ServiceInstance instance =
        builder.metadata("k".repeat(128), "😀".repeat(128)).address("last", "h", 1).build();
    assertThat(instance.tags()).hasSize(64);
    assertThat(instance.metadata()).hasSize(64).containsEntry("k".repeat(128), "😀".repeat(128));
    assertThat(instance.addresses()).hasSize(64);
    assertThat(instance.toBuilder().build()).isEqualTo(instance);
  }

  @Test
  void service_whenNull_isRefused() {
    assertThatThrownBy(() -> ServiceInstance.builder(null).address("h", 1).build())
        .hasMessage("service: null (expected: a value)");
  }
}
