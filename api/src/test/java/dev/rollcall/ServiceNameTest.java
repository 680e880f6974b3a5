package dev.rollcall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServiceNameTest {

  @ParameterizedTest
  @ValueSource(
      strings = {"a", "Orders v2", "größe", "注文", "a.b", "...", "a:b@c%d?e#f&g=h\\i", "€½🙂"})
  void name_passesAsItIs(String name) {
    assertThat(ServiceName.check(name)).isSameAs(name);
    assertThat(InstanceId.check(name)).isSameAs(name);
    assertThat(new InstanceKey(name, name).service()).isEqualTo(name);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''     | \"\" (expected: 1-253 bytes of UTF-8)",
        "a/b    | \"a/b\" (expected: no '/', and not '.' or '..')",
        ".      | \".\" (expected: no '/', and not '.' or '..')",
        "..     | \"..\" (expected: no '/', and not '.' or '..')",
      })
  void name_isRefusedWithItsRule(String name, String rest) {
    assertRefused(name, rest.replace("''", "'"));
  }

  /** Control, format, separator, lone surrogate, private, unassigned. */
  @ParameterizedTest
  @ValueSource(ints = {0x00, 0x0a, 0x7f, 0x85, 0xad, 0xa0, 0x200b, 0x2028, 0xd800, 0xe000, 0x0378})
  void character_isRefusedAndShown(int character) {
    String name = "a" + (char) character;
    String shown = String.format("\\u%04x", character);

    assertRefused(
        name,
        "\"a"
            + shown
            + "\" (expected: no control, format, separator, surrogate, private or unassigned"
            + " character; found "
            + shown
            + ")");
  }

  @Test
  void length_isOfBytes() {
    assertThat(ServiceName.check("ä".repeat(126))).hasSize(126);
    assertThat(ServiceName.check("a".repeat(253))).hasSize(253);
    assertRefused(
        "ä".repeat(127), "ä".repeat(60) + "… (127 characters) (expected: 1-253 bytes of UTF-8)");
    assertRefused(
        "a".repeat(254), "a".repeat(60) + "… (254 characters) (expected: 1-253 bytes of UTF-8)");
  }

  @Test
  void null_isRefused() {
    assertRefused(null, "null (expected: a value)");
  }

  private static void assertRefused(String name, String rest) {
    assertThatThrownBy(() -> ServiceName.check(name))
        .isInstanceOfSatisfying(
            RegistryException.class,
            refused -> assertThat(refused.kind()).isEqualTo(RegistryException.Kind.INVALID))
        .hasMessage("service: " + rest);
    assertThatThrownBy(() -> InstanceId.check(name)).hasMessage("id: " + rest);
    assertThatThrownBy(() -> new InstanceKey("orders", name)).hasMessage("id: " + rest);
    if (name != null) {
      assertThatThrownBy(() -> ServiceInstance.builder(name).address("h", 1).build())
          .hasMessage("service: " + rest);
    }
  }
}
