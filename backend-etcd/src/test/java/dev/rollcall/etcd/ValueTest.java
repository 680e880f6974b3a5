package dev.rollcall.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.ServiceInstance;
import dev.rollcall.etcd.Stored.Format;
import dev.rollcall.spi.Owner;
import io.etcd.jetcd.ByteSequence;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Values: what is written is read back exactly, and what others write is read or skipped. */
@Tag("inside")
final class ValueTest {
  private static final InstanceKey KEY = new InstanceKey("web", "node2");
  private static final Owner OWNER = new Owner("5f0c", 3);

  private static Stored read(String value) throws MalformedException {
    return read(value.getBytes(StandardCharsets.UTF_8));
  }

  private static Stored read(byte[] value) throws MalformedException {
    return new ValueReader(KEY).read(ByteSequence.from(value));
  }

  @ParameterizedTest
  @EnumSource(
      value = Format.class,
      names = {"JSON", "GO"})
  @DisplayName("a thousand random instances come back as they were, owner and epoch included")
  void roundTrip(Format format, TestReporter reporter) throws Exception {
    long seed = new Random().nextLong();
    reporter.publishEntry("seed", Long.toString(seed));
    Random random = new Random(seed);
    for (int i = 0; i < 1000; i++) {
      ServiceInstance instance = instance(random);
      Owner owner = new Owner("o" + i, random.nextLong());
      Stored stored = new ValueReader(KEY).read(new Codec(format).instance(instance, owner));
      assertThat(stored)
          .isEqualTo(
              new Stored(java.util.Optional.of(instance), owner.id(), owner.epoch(), format));
    }
  }

  @Test
  @DisplayName("the plain form holds the address, of either family")
  void plain() throws Exception {
    for (String host : new String[] {"10.0.0.7", "fd00::1", "node-2.example"}) {
      ServiceInstance instance =
          ServiceInstance.builder("web").id("node2").address(host, 8000).tag("lost").build();
      Stored stored = new ValueReader(KEY).read(new Codec(Format.PLAIN).instance(instance, OWNER));
      assertThat(stored.instance())
          .contains(ServiceInstance.builder("web").id("node2").address(host, 8000).build());
      assertThat(stored.ownerId()).isEmpty();
    }
    assertThat(read("localhost:8000\n").format()).isEqualTo(Format.PLAIN);
  }

  @Test
  @DisplayName("metadata with dots and slashes stands apart, where older readers pass over it")
  void labels() throws Exception {
    ServiceInstance.Builder builder =
        ServiceInstance.builder("web").id("node2").address("h", 1).metadata("plain", "1");
    assertThat(text(Format.JSON, builder.build())).doesNotContain("labels");
    ServiceInstance labelled = builder.metadata("app.example/name", "2").build();
    for (Format format : new Format[] {Format.JSON, Format.GO}) {
      String value = text(format, labelled);
      assertThat(value)
          .contains("\"metadata\":{\"plain\":\"1\"},\"labels\":{\"app.example/name\":\"2\"}");
      assertThat(read(value).instance()).contains(labelled);
    }
    assertThat(text(Format.GO, labelled))
        .contains("\"Metadata\":{\"app.example/name\":\"2\",\"plain\":\"1\",");
  }

  private static String text(Format format, ServiceInstance instance) {
    return new Codec(format).instance(instance, OWNER).toString(StandardCharsets.UTF_8);
  }

  @Test
  @DisplayName("a mark of departure names the owner, in both forms that can bear one")
  void leaving() throws Exception {
    ServiceInstance instance = instance(new Random(1));
    for (Format format : new Format[] {Format.JSON, Format.GO}) {
      Stored stored = new ValueReader(KEY).read(Codec.leaving(format, instance, OWNER));
      assertThat(stored.leaving()).isTrue();
      assertThat(stored.ownerId()).isEqualTo("5f0c");
      assertThat(stored.epoch()).isEqualTo(3);
    }
  }

  @Test
  @DisplayName("records of etcd's Go naming package, with whatever metadata")
  void goRecords() throws Exception {
    assertThat(read("{\"Op\":0,\"Addr\":\"10.0.0.1:80\",\"Metadata\":null}").instance())
        .contains(ServiceInstance.builder("web").id("node2").address("10.0.0.1", 80).build());
    assertThat(read("{\"Op\":0,\"Addr\":\"10.0.0.1:80\"}").instance()).isPresent();
    assertThat(read("{\"Addr\":\"10.0.0.1:80\",\"Metadata\":\"text\"}").instance()).isPresent();
    assertThat(
            read("{\"Op\":0,\"Addr\":\"h:80\",\"Metadata\":{\"version\":\"2\",\"n\":7,\"on\":true,"
                    + "\"deep\":{\"a\":[1]},\"bad key\":\"x\",\"none\":null}}")
                .instance()
                .orElseThrow()
                .metadata())
        .containsOnly(
            java.util.Map.entry("version", "2"),
            java.util.Map.entry("n", "7"),
            java.util.Map.entry("on", "true"));
    assertThat(read("{\"Op\":1,\"Addr\":\"h:80\"}").leaving()).isTrue();
  }

  @Test
  @DisplayName("JSON that says little or more than is known is read")
  void lenient() throws Exception {
    assertThat(read("{\"host\":\"h\",\"port\":1}").instance())
        .contains(ServiceInstance.builder("web").id("node2").address("h", 1).build());
    assertThat(read("{\"host\":\"h\",\"port\":1,\"later\":{\"x\":[1,{\"y\":null}]}}").instance())
        .isPresent();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "{}",
        "[]",
        "null",
        "true",
        "42",
        "host",
        "host:",
        ":80",
        "host:0",
        "host:65536",
        "host:999999",
        "host:-1",
        "host:8o",
        "a b:80",
        "10.0.0.256:80",
        "::1:80",
        "[::1:80",
        "{\"host\":\"h\"}",
        "{\"port\":80}",
        "{\"host\":\"h\",\"port\":\"80\"}",
        "{\"host\":\"h\",\"port\":80.5}",
        "{\"host\":\"h\",\"port\":1e999999}",
        "{\"host\":\"h\",\"port\":70000}",
        "{\"host\":\"h\",\"port\":99999999999999}",
        "{\"host\":null,\"port\":80}",
        "{\"host\":\"h\",\"host\":\"i\",\"port\":80}",
        "{\"host\":\"h\",\"port\":80} trailing",
        "{\"host\":\"h\",\"port\":80}{}",
        "{\"host\":\"h\",\"port\":80,\"tags\":\"a\"}",
        "{\"host\":\"h\",\"port\":80,\"tags\":[1]}",
        "{\"host\":\"h\",\"port\":80,\"metadata\":{\"a\":1}}",
        "{\"host\":\"h\",\"port\":80,\"metadata\":{\"a b\":\"1\"}}",
        "{\"host\":\"h\",\"port\":80,\"zone\":\"\\ud800\"}",
        "{\"host\":\"h\",\"port\":80,\"zone\":\"a\\u0000b\"}",
        "{\"host\":\"h\",\"port\":80,\"weight\":-1}",
        "{\"host\":\"h\",\"port\":80,\"health\":\"fine\"}",
        "{\"host\":\"h\",\"port\":80,\"scheme\":\"HTTP\"}",
        "{\"host\":\"h\",\"port\":80,\"leaving\":1}",
        "{\"host\":\"h\",\"port\":80,\"epoch\":\"1\"}",
        "{\"host\":\"h\",\"port\":80,\"addresses\":{\"lan\":\"h:1\"}}",
        "{\"host\":\"h\",\"port\":80,\"addresses\":{\"lan\":{\"host\":\"h\"}}}",
        "{\"Op\":0}",
        "{\"Op\":\"0\",\"Addr\":\"h:80\"}",
        "{\"Op\":0,\"Addr\":\"h\"}",
      })
  @DisplayName("what is malformed is refused")
  void malformed(String value) {
    assertThatExceptionOfType(MalformedException.class).isThrownBy(() -> read(value));
  }

  @Test
  @DisplayName("depth, length, and bytes that are no text are refused")
  void malformedAtLength() {
    String deep =
        "{\"host\":\"h\",\"port\":80,\"x\":" + "[".repeat(10_000) + "]".repeat(10_000) + "}";
    String longer = "{\"host\":\"h\",\"port\":80,\"x\":\"" + "y".repeat(300_000) + "\"}";
    String owner = "{\"host\":\"h\",\"port\":80,\"owner\":\"" + "y".repeat(200) + "\"}";
    for (String value : new String[] {deep, longer, owner, "h".repeat(300_000)}) {
      assertThatExceptionOfType(MalformedException.class).isThrownBy(() -> read(value));
    }
    assertThatExceptionOfType(MalformedException.class)
        .isThrownBy(() -> read(new byte[] {(byte) 0xc3, 0x28, ':', '8'}));
  }

  @Test
  @DisplayName("random bytes, and random damage to good values, end in no other exception")
  void fuzz(TestReporter reporter) {
    long seed = new Random().nextLong();
    reporter.publishEntry("seed", Long.toString(seed));
    Random random = new Random(seed);
    int read = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] value =
          new Codec(List.of(Format.JSON, Format.GO, Format.PLAIN).get(i % 3))
              .instance(instance(random), OWNER)
              .getBytes();
      for (int n = random.nextInt(4); n >= 0; n--) {
        value[random.nextInt(value.length)] = (byte) random.nextInt(256);
      }
      try {
        read(value);
        read++;
      } catch (MalformedException expected) {
        assertThat(expected.getMessage()).isNotEmpty();
      }
    }
    assertThat(read).isBetween(1, 20_000);
  }

  private static ServiceInstance instance(Random random) {
    ServiceInstance.Builder to =
        ServiceInstance.builder("web")
            .id("node2")
            .address(random.nextBoolean() ? "10.0.0.1" : "fd00::1", 1 + random.nextInt(65_535))
            .scheme(random.nextBoolean() ? "grpc" : "http")
            .weight(random.nextInt(1000))
            .zone(text(random))
            .health(
                List.of(Health.PASSING, Health.WARNING, Health.CRITICAL).get(random.nextInt(3)));
    for (int i = random.nextInt(5); i > 0; i--) {
      to.tag(text(random)).metadata("k" + random.nextInt(100), text(random));
      to.address("a" + i, "h" + random.nextInt(9), 1 + random.nextInt(65_535));
    }
    return to.build();
  }

  /** Letters of all planes, quotes and backslashes; no control characters, no lone surrogates. */
  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(20); i > 0; i--) {
      int[] pool = {'a', '"', '\\', '/', '<', 'é', '\u2028', '\u05d0', 0x1F600, 0x10FFFF, ' ', '+'};
      text.appendCodePoint(pool[random.nextInt(pool.length)]);
    }
    return text.toString();
  }
}
