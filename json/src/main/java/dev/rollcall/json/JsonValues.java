package dev.rollcall.json;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.rollcall.RegistryException;
import dev.rollcall.kv.Bytes;
import dev.rollcall.kv.KeyValue;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Turns objects into the values of a {@link dev.rollcall.kv.KeyValueStore} and back, as JSON in
 * UTF-8. Immutable and thread-safe, as the mapper is that it stands on.
 *
 * <pre>{@code
 * JsonValues json = JsonValues.standard();
 * config.put("db/pool", json.write(new Pool(5, 20))).join();
 * config.watch(Keys.key("db/pool"), change ->
 *     change.now("db/pool").ifPresent(entry -> resize(json.read(entry, Pool.class))));
 * }</pre>
 *
 * @since 0.1.0
 */
public final class JsonValues {
  private final ObjectMapper mapper;

  private JsonValues(ObjectMapper mapper) {
    this.mapper = mapper;
  }

  /**
   * Reads and writes as Jackson does by itself, except that what follows the JSON is refused.
   *
   * @return the values
   */
  public static JsonValues standard() {
    return new JsonValues(
        JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build());
  }

  /**
   * Reads and writes by a mapper of the caller's.
   *
   * @param mapper not to be configured any more
   * @return the values
   */
  public static JsonValues of(ObjectMapper mapper) {
    return new JsonValues(requireNonNull(mapper, "mapper"));
  }

  /**
   * Writes an object as JSON.
   *
   * @param value what to write
   * @return its JSON
   * @throws RegistryException of kind {@code INVALID} where Jackson cannot write it
   */
  public Bytes write(Object value) {
    requireNonNull(value, "value");
    try {
      return Bytes.of(mapper.writeValueAsBytes(value));
    } catch (JsonProcessingException impossible) {
      throw new RegistryException(
          RegistryException.Kind.INVALID,
          "value: a " + value.getClass().getName() + " (expected: what Jackson can write)",
          impossible);
    }
  }

  /**
   * Reads an entry.
   *
   * @param entry a key with its value
   * @param type what its value is
   * @param <T> what its value is
   * @return the object
   * @throws RegistryException of kind {@code INVALID}, naming the key and not the value, where it
   *     is no JSON of that type
   */
  public <T> T read(KeyValue entry, Class<T> type) {
    return read(entry, type.getTypeName(), bytes -> mapper.readValue(bytes, type));
  }

  /**
   * Reads an entry whose type has parameters, such as a list of something.
   *
   * @param entry a key with its value
   * @param type what its value is
   * @param <T> what its value is
   * @return the object
   * @throws RegistryException of kind {@code INVALID}, naming the key and not the value, where it
   *     is no JSON of that type
   */
  public <T> T read(KeyValue entry, TypeReference<T> type) {
    return read(entry, type.getType().getTypeName(), bytes -> mapper.readValue(bytes, type));
  }

  private interface Reading<T> {
    @Nullable T read(byte[] json) throws IOException;
  }

  private static <T> T read(KeyValue entry, String what, Reading<T> reading) {
    @Nullable T value;
    try {
      value = reading.read(entry.value().toArray());
    } catch (IOException malformed) {
      value = null; // Jackson's own words quote the value, which may be a secret
    }
    if (value == null) {
      throw RegistryException.invalid(
          "value of " + entry.key() + ": " + entry.value() + " (expected: JSON of " + what + ")");
    }
    return value;
  }
}
