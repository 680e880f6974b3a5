package dev.rollcall.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import dev.rollcall.kv.KeyValueStore;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonValuesTest {
  private final JsonValues json = JsonValues.standard();

  /** What a program configures. */
  record Pool(int least, int most, List<String> hosts) {}

  private static KeyValue entry(String text) {
    return new KeyValue("db/pool", Bytes.ofText(text), 1);
  }

  @Test
  void object_goesThroughAStore() {
    Pool pool = new Pool(5, 20, List.of("größe", "\u0000\"\\"));
    try (KeyValueStore store = KeyValueStore.open("memory:")) {
      store.put("db/pool", json.write(pool)).join();
      KeyValue read = store.get("db/pool").join().orElseThrow();
      assertThat(json.read(read, Pool.class)).isEqualTo(pool);
    }
  }

  @Test
  void typesWithParameters_areRead() {
    assertThat(
            json.read(entry("{\"a\":[1,2]}"), new TypeReference<Map<String, List<Integer>>>() {}))
        .isEqualTo(Map.of("a", List.of(1, 2)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "null",
        "[]",
        "{\"least\":\"secret\"}",
        "{\"least\":1} secret",
        "{\"x\":1}"
      })
  void whatIsNoJsonOfThatType_isRefused_withoutBeingQuoted(String text) {
    assertThatThrownBy(() -> json.read(entry(text), Pool.class))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("value of db/pool: ")
        .hasMessageContaining("expected: JSON of ")
        .hasMessageNotContaining("secret")
        .hasNoCause();
  }

  @Test
  void whatCannotBeWritten_isRefused() {
    assertThatThrownBy(() -> json.write(new Object()))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("java.lang.Object");
  }

  @Test
  void mapperOfTheCallersOwn_decides() {
    JsonValues lenient =
        JsonValues.of(
            JsonMapper.builder()
                .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .build());
    assertThat(lenient.read(entry("{\"least\":1,\"most\":2,\"x\":3}"), Pool.class).most())
        .isEqualTo(2);
  }
}
