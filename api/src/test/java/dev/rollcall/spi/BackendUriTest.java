package dev.rollcall.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.rollcall.RegistryException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class BackendUriTest {
  private static final String CANARY = "c4n4ry";

  @Test
  void parse_withHostsPathAndOptions_takesThemApart() {
    BackendUri uri = BackendUri.parse("ETCD://a:1, b,[::1]:2/prod/x?token=t%20k&empty=&bare");
    assertThat(uri.scheme()).isEqualTo("etcd");
    assertThat(uri.hosts()).containsExactly("a:1", "b", "[::1]:2");
    assertThat(uri.path()).isEqualTo("/prod/x");
    assertThat(uri.option("token")).contains("t k");
    assertThat(uri.option("empty")).contains("");
    assertThat(uri.option("bare")).contains("");
    assertThat(uri.option("none")).isEmpty();
    assertThat(uri).hasToString("etcd://a:1,b,[::1]:2/prod/x?token=…&empty=…&bare=…");
  }

  @Test
  void parse_withNameOnly_hasNoHosts() {
    BackendUri uri = BackendUri.parse("memory:shared");
    assertThat(uri.hosts()).isEmpty();
    assertThat(uri.path()).isEqualTo("shared");
    assertThat(BackendUri.parse("memory:")).hasToString("memory:");
    assertThat(BackendUri.parse("memory:?ttl=3s").option("ttl")).contains("3s");
  }

  @Test
  void parse_withPlusSign_keepsIt() {
    assertThat(BackendUri.parse("a:?token=x+y%2Bz%3D%26=").option("token")).contains("x+y+z=&=");
  }

  @Test
  void parse_withUnicodeEscapes_decodesThem() {
    assertThat(BackendUri.parse("a://h/%E6%9C%A8").path()).isEqualTo("/木");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        CANARY,
        "://" + CANARY,
        "1a://" + CANARY,
        "a b://" + CANARY,
        "etcd://h/#" + CANARY,
        "etcd://h?token=x#" + CANARY,
        "etcd://user:" + CANARY + "@h",
        "etcd://" + CANARY + "@h,",
        "etcd://h?token=" + CANARY + "&token=x",
        "etcd://h?token=x&token=" + CANARY,
        "etcd://h?token=%" + CANARY + "%zz",
        "etcd://h/%zz" + CANARY,
        "etcd://h?=" + CANARY,
      })
  void parse_withFault_isInvalidAndShowsNoSecret(String uri) {
    assertThatThrownBy(() -> BackendUri.parse(uri))
        .isInstanceOfSatisfying(
            RegistryException.class,
            e -> assertThat(e.kind()).isEqualTo(RegistryException.Kind.INVALID))
        .hasMessageStartingWith("uri: ")
        .hasMessageNotContaining(CANARY)
        .hasNoCause();
  }

  @Test
  void parse_withNullOrEmptyHost_isInvalid() {
    assertThatThrownBy(() -> BackendUri.parse(null)).hasMessageStartingWith("uri: null (expected");
    assertThatThrownBy(() -> BackendUri.parse("")).hasMessageStartingWith("uri: not of the form");
    assertThatThrownBy(() -> BackendUri.parse("etcd://a,,b"))
        .hasMessage("uri: an empty host in etcd://a,,b");
  }

  @Test
  void requireOnly_withUnknownOption_namesItTheNearestAndAll() {
    BackendUri uri = BackendUri.parse("etcd://h?tokn=" + CANARY);
    assertThatThrownBy(() -> uri.requireOnly(Set.of("token", "ca", "timeout")))
        .hasMessage(
            "unknown option \"tokn\" in etcd://…; did you mean \"token\"? options: ca, timeout,"
                + " token");
    assertThatThrownBy(() -> BackendUri.parse("etcd://h?zzzzzz=1").requireOnly(Set.of("token")))
        .hasMessage("unknown option \"zzzzzz\" in etcd://…; options: token");
    assertThatThrownBy(() -> uri.requireOnly(Set.of()))
        .hasMessage("unknown option \"tokn\" in etcd://…; there are none");
  }

  @Test
  void requireOnly_withKnownOptions_returnsThis() {
    BackendUri uri = BackendUri.parse("etcd://h?a=1&b=2");
    assertThat(uri.requireOnly(Set.of("a", "b", "c"))).isSameAs(uri);
  }

  @Test
  void duration_withEachUnit_isRead() {
    BackendUri uri = BackendUri.parse("a:?ms=500ms&s=10s&m=5m&h=1h&big=999999999h&zero=0s");
    Duration other = Duration.ofDays(9);
    assertThat(uri.duration("ms", other)).isEqualTo(Duration.ofMillis(500));
    assertThat(uri.duration("s", other)).isEqualTo(Duration.ofSeconds(10));
    assertThat(uri.duration("m", other)).isEqualTo(Duration.ofMinutes(5));
    assertThat(uri.duration("h", other)).isEqualTo(Duration.ofHours(1));
    assertThat(uri.duration("big", other)).isEqualTo(Duration.ofHours(999_999_999));
    assertThat(uri.duration("zero", other)).isZero();
    assertThat(uri.duration("none", other)).isEqualTo(other);
  }

  @Test
  void oneOf_withAWord_returnsItOrTheFirst() {
    BackendUri uri = BackendUri.parse("a:?mode=stale");
    assertThat(uri.oneOf("mode", List.of("default", "stale"))).isEqualTo("stale");
    assertThat(uri.oneOf("none", List.of("default", "stale"))).isEqualTo("default");
  }

  static Stream<Callable<?>> badValues() {
    BackendUri uri = BackendUri.parse("etcd://h?token=" + CANARY + "&ttl=5" + CANARY + "&n=-1s");
    return Stream.of(
        () -> uri.duration("token", Duration.ZERO),
        () -> uri.duration("ttl", Duration.ZERO),
        () -> uri.duration("n", Duration.ZERO),
        () -> uri.oneOf("token", List.of("a", "b")),
        () -> {
          throw uri.invalid("token", "something else");
        });
  }

  @ParameterizedTest
  @MethodSource("badValues")
  void values_whenTheyBreakARule_areRefusedWithoutBeingShown(Callable<?> read) {
    assertThatThrownBy(read::call)
        .isInstanceOf(RegistryException.class)
        .hasMessageMatching("option \"(token|ttl|n)\" in etcd://… \\(expected: .+\\)")
        .hasMessageNotContaining(CANARY);
  }

  @Test
  void toString_withSecrets_showsNone() {
    assertThat(BackendUri.parse("etcd://h/p?password=" + CANARY + "&" + "b=" + CANARY).toString())
        .doesNotContain(CANARY);
  }

  @Test
  void identity_isTheStores_andNoSecretIsInIt() {
    String options = "?token=secret&timeout=5s&dc=d1";
    String identity = BackendUri.parse("consul://b:1,a:2/x" + options).identity("dc", "ns");
    assertThat(identity)
        .isEqualTo("consul://a:2,b:1/x?dc=d1")
        .isEqualTo(BackendUri.parse("CONSUL://a:2,b:1/x?dc=d1&token=other").identity("dc", "ns"));
    assertThat(BackendUri.parse("consul://b:1,a:2/x" + options).identity())
        .isEqualTo("consul://a:2,b:1/x");
  }
}
