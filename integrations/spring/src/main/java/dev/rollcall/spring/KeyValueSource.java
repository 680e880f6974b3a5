package dev.rollcall.spring;

import dev.rollcall.RegistryException;
import dev.rollcall.kv.KeyValue;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.core.env.MapPropertySource;

/**
 * The keys below a prefix as properties: {@code config/orders/db/pool} is {@code db.pool} below
 * {@code config/orders/}. Its name has the prefix and not the store, whose URI may hold a secret.
 */
final class KeyValueSource extends MapPropertySource {
  private final KeyValueResource resource;

  KeyValueSource(KeyValueResource resource, Map<String, Object> values) {
    super(resource.toString(), values);
    this.resource = resource;
  }

  KeyValueResource resource() {
    return resource;
  }

  /** Leaves out folders, as Consul's, and values that are no text. */
  static Map<String, Object> properties(String prefix, Collection<KeyValue> pairs) {
    Map<String, Object> values = new TreeMap<>();
    for (KeyValue pair : pairs) {
      String name = pair.key().substring(prefix.length()).replace('/', '.');
      if (!name.isEmpty() && !name.endsWith(".")) {
        try {
          values.put(name, pair.text());
        } catch (RegistryException e) {
          // Bytes, that is: no property.
        }
      }
    }
    return values;
  }
}
