package dev.rollcall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceInstanceTest {
  private static ServiceInstance.Builder builder() {
    return ServiceInstance.builder("orders").id("o-1").address("10.0.0.7", 8080);
  }

  private static ServiceInstance full() {
    return builder()
        .scheme("https")
        .tag("b")
        .tag("a")
        .metadata("version", "1.2")
        .metadata("git", "übergröße 木 😀")
        .weight(7)
        .zone("eu-1")
        .address("wan", "example.com", 443)
        .address("lan", "::1", 80)
        .health(Health.WARNING)
        .build();
  }

  @Test
  void build_withAddressOnly_hasDefaults() {
    ServiceInstance instance = builder().build();
    assertThat(instance.key()).isEqualTo(new InstanceKey("orders", "o-1"));
    assertThat(instance.service()).isEqualTo("orders");
    assertThat(instance.id()).isEqualTo("o-1");
    assertThat(instance.host()).isEqualTo("10.0.0.7");
    assertThat(instance.port()).isEqualTo(8080);
    assertThat(instance.scheme()).isEqualTo("http");
    assertThat(instance.tags()).isEmpty();
    assertThat(instance.metadata()).isEmpty();
    assertThat(instance.addresses()).isEmpty();
    assertThat(instance.weight()).isEqualTo(1);
    assertThat(instance.zone()).isEmpty();
    assertThat(instance.health()).isEqualTo(Health.PASSING);
    assertThat(instance).hasToString("orders/o-1 http://10.0.0.7:8080 PASSING");
  }

  @Test
  void build_withoutId_makesAnotherIdEachTime() {
    ServiceInstance.Builder builder = ServiceInstance.builder("orders").address("localhost", 1);
    ServiceInstance one = builder.build();
    assertThat(one.id()).startsWith("orders-");
    assertThat(builder.build().id()).isNotEqualTo(one.id());
  }

  @Test
  void collections_keepTheirOrder() {
    ServiceInstance instance = full();
    assertThat(instance.tags()).containsExactly("b", "a");
    assertThat(instance.metadata().keySet()).containsExactly("git", "version");
    assertThat(instance.addresses())
        .containsExactly(
            Map.entry("lan", new HostPort("::1", 80)),
            Map.entry("wan", new HostPort("example.com", 443)));
  }

  @Test
  void collections_areCopiesThatNobodyChanges() {
    Map<String, String> metadata = new LinkedHashMap<>(Map.of("a", "1"));
    ServiceInstance.Builder builder = builder().metadata(metadata).tag("t");
    ServiceInstance instance = builder.build();
    metadata.put("b", "2");
    builder.metadata("c", "3").tag("u").address("lan", "h", 1);
    assertThat(instance.metadata()).containsExactly(Map.entry("a", "1"));
    assertThat(instance.tags()).containsExactly("t");
    assertThat(instance.addresses()).isEmpty();
    assertThatThrownBy(() -> instance.tags().add("x"))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> instance.metadata().put("x", "y"))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> instance.addresses().put("x", new HostPort("h", 1)))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void tags_whenGivenTwice_countOnce() {
    assertThat(builder().tags(List.of("a", "b", "a")).tag("b").build().tags())
        .containsExactly("a", "b");
  }

  @Test
  void tagsAndMetadata_whenReplaced_dropTheOldOnes() {
    ServiceInstance instance =
        full().toBuilder().tags(List.of("x")).metadata(Map.of("k", "v")).build();
    assertThat(instance.tags()).containsExactly("x");
    assertThat(instance.metadata()).containsExactly(Map.entry("k", "v"));
  }

  @Test
  void toBuilder_thenBuild_isEqual() {
    assertThat(full().toBuilder().build())
        .isEqualTo(full())
        .hasSameHashCodeAs(full())
        .isNotSameAs(full());
  }

  static Stream<UnaryOperator<ServiceInstance.Builder>> edits() {
    return Stream.of(
        b -> b.id("o-2"),
        b -> b.address("10.0.0.8", 8080),
        b -> b.address("10.0.0.7", 8081),
        b -> b.scheme("grpc"),
        b -> b.tag("c"),
        b -> b.tags(List.of("a", "b")),
        b -> b.metadata("version", "1.3"),
        b -> b.weight(8),
        b -> b.zone("eu-2"),
        b -> b.address("lan", "::2", 80),
        b -> b.health(Health.CRITICAL));
  }

  @ParameterizedTest
  @MethodSource("edits")
  void equals_whenAnyFieldDiffers_isFalse(UnaryOperator<ServiceInstance.Builder> edit) {
    assertThat(edit.apply(full().toBuilder()).build()).isNotEqualTo(full());
  }

  @Test
  @SuppressWarnings("EqualsIncompatibleType")
  void equals_withSomethingElse_isFalse() {
    assertThat(full().equals("orders")).isFalse();
    assertThat(ServiceInstance.builder("other").id("o-1").address("10.0.0.7", 8080).build())
        .isNotEqualTo(builder().build());
  }

  @Test
  void withHealth_whenItIsTheSame_returnsThis() {
    ServiceInstance instance = builder().build();
    assertThat(instance.withHealth(Health.PASSING)).isSameAs(instance);
    assertThat(instance.withHealth(Health.CRITICAL))
        .isEqualTo(builder().health(Health.CRITICAL).build());
  }

  @Test
  void toString_withTagsAndMetadata_showsNeither() {
    assertThat(builder().tag("canary-1").metadata("k", "canary-2").build().toString())
        .doesNotContain("canary");
  }

  @Test
  void toString_withIpv6_usesBrackets() {
    assertThat(builder().address("fd00::1", 80).build().toString()).contains("//[fd00::1]:80 ");
  }

  @Test
  void uri_isThatOfTheAddress() {
    ServiceInstance four = builder().scheme("https").build();
    assertThat(four.authority()).isEqualTo("10.0.0.7:8080");
    assertThat(four.uri()).isEqualTo(URI.create("https://10.0.0.7:8080"));
    assertThat(four.uri("/charge?id=1")).isEqualTo(URI.create("https://10.0.0.7:8080/charge?id=1"));
    assertThat(four.uri("//x").getHost()).isEqualTo("10.0.0.7");
    ServiceInstance six = builder().address("fd00::7", 81).build();
    assertThat(six.authority()).isEqualTo("[fd00::7]:81");
    assertThat(six.uri("/a")).isEqualTo(URI.create("http://[fd00::7]:81/a"));
    assertThat(six.uri().getHost()).isEqualTo("[fd00::7]");
    assertThat(six.uri().getPort()).isEqualTo(81);
    ServiceInstance underscore = builder().address("a_b", 1).build();
    assertThat(underscore.uri("/x")).hasToString("http://a_b:1/x");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"charge", "@evil.example/", "/a b", "/%", "?a", "/\u0000", ".evil.example"})
  void uri_ofNoPath_isRefused(String path) {
    assertThatThrownBy(() -> builder().build().uri(path))
        .isInstanceOfSatisfying(
            RegistryException.class,
            e -> assertThat(e.kind()).isEqualTo(RegistryException.Kind.INVALID))
        .hasMessageStartingWith("path: ");
  }

  @Test
  void namedPort_isAnAddress_atTheHostThatIsBuilt() {
    ServiceInstance.Builder several =
        builder().port("admin", 9090).port("grpc", 9091).address("wan", "example.com", 443);
    ServiceInstance instance = several.address("fd00::7", 8080).build();
    assertThat(instance.addresses())
        .containsOnly(
            Map.entry("admin", new HostPort("fd00::7", 9090)),
            Map.entry("grpc", new HostPort("fd00::7", 9091)),
            Map.entry("wan", new HostPort("example.com", 443)));
    assertThat(instance.address("admin").orElseThrow().uri("http", "/metrics"))
        .isEqualTo(URI.create("http://[fd00::7]:9090/metrics"));
    assertThat(instance.address("other")).isEmpty();
    assertThat(instance.toBuilder().build()).isEqualTo(instance);
    assertThat(several.port("wan", 1).address("grpc", "h", 2).build().addresses())
        .containsEntry("wan", new HostPort("fd00::7", 1))
        .containsEntry("grpc", new HostPort("h", 2));
  }

  @Test
  void metadataKeys_mayHaveDotsAndSlashes() {
    assertThat(builder().metadata("app.kubernetes.io/name", "x").build().metadata())
        .containsEntry("app.kubernetes.io/name", "x");
  }
}
