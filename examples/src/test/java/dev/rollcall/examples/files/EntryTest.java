package dev.rollcall.examples.files;

import static org.assertj.core.api.Assertions.assertThat;

import dev.rollcall.Health;
import dev.rollcall.InstanceKey;
import dev.rollcall.ServiceInstance;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EntryTest {
  private static final Entry ENTRY =
      new Entry(
          ServiceInstance.builder("a=b c")
              .id("grün ")
              .address("::1", 8080)
              .scheme("grpc")
              .tags(List.of(" x=y", "", "x"))
              .metadata("unit", "a \u2028=b")
              .metadata("empty", "")
              .address("wan", "wan.example", 7)
              .weight(0)
              .zone("eu 1")
              .health(Health.WARNING)
              .build(),
          "owner",
          Duration.ofMillis(1500));

  @Test
  void parse_readsEveryFieldThatTextWrites() {
    assertThat(Entry.parse(ENTRY.text())).contains(ENTRY);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "port=8080",
        "owner=owner",
        "ttl=PT1.5S",
        "service=a=b c",
        "health=WARNING",
        "weight=0"
      })
  void parse_refusesWhatLacksAFieldOrHasItTwice(String line) {
    assertThat(ENTRY.text()).contains(line + "\n");

    assertThat(Entry.parse(ENTRY.text().replace(line + "\n", ""))).isEmpty();
    assertThat(Entry.parse(ENTRY.text() + line)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"port=0", "port=x", "ttl=PT-1S", "ttl=2", "health=WELL", "host=a b", "weight=-1"})
  void parse_refusesAValueOutsideItsRule(String line) {
    String field = line.substring(0, line.indexOf('='));

    assertThat(Entry.parse(ENTRY.text().replaceAll("(?m)^" + field + "=.*", line))).isEmpty();
  }

  @Test
  void name_saysWhoseItIsAndHowOftenItWasRenewed() {
    FileName name = FileName.of(ENTRY.instance().key());

    assertThat(FileName.parse(name.renewed().toString())).contains(name.renewed());
    assertThat(name.renewed().beat()).isEqualTo(1);
    assertThat(name.renewed().version()).isEqualTo(name.version());
    assertThat(name.belongsTo(ENTRY.instance().key())).isTrue();
    assertThat(name.belongsTo(new InstanceKey("a=b c", "grün"))).isFalse();
    assertThat(FileName.parse(".lock")).isEmpty();
    assertThat(FileName.parse(name + "0")).hasValueSatisfying(it -> assertThat(it.beat()).isZero());
    assertThat(FileName.parse(name + ".0")).isEmpty();
  }
}
